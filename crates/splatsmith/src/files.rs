//! Files in and out. Reading is bounded before a byte is allocated; writing never leaves half a
//! file where a whole one stood.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use splat::{Cloud, Container};

/// The largest asset read: twice what the validator accepts as a submission (500 MB,
/// three-gen-subnet `validation/engine/data_structures.py`).
const LARGEST_ASSET: u64 = 1_000_000_000;

/// The largest picture read as a prompt.
const LARGEST_IMAGE: u64 = 64 << 20;

/// The largest list of validators.
pub(crate) const LARGEST_METAGRAPH: u64 = 16 << 20;

/// Reads a file of at most `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown}: cannot be opened"))?;
    let metadata = file
        .metadata()
        .with_context(|| format!("{shown}: cannot be examined"))?;
    if metadata.is_dir() {
        bail!("{shown}: is a folder; name a file");
    }
    let size = metadata.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0));
    // A pipe has no size and a file may grow: the limit holds for what is read, too.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(|| format!("{shown}: cannot be read"))?;
    if bytes.len() as u64 > limit {
        bail!("{shown}: larger than the {limit} bytes that are read");
    }
    Ok(bytes)
}

/// Reads a file that holds an asset.
pub(crate) fn read_asset(path: &Path) -> Result<Vec<u8>> {
    read_bounded(path, LARGEST_ASSET)
}

/// Reads a splat cloud in any container, told apart by their content and, where that says nothing,
/// by the name.
pub(crate) fn read_cloud(path: &Path) -> Result<(Cloud, Container)> {
    splat::read_named(&read_asset(path)?, path).with_context(|| format!("{}", path.display()))
}

/// Writes a cloud in `container`.
pub(crate) fn write_cloud(path: &Path, cloud: &Cloud, container: Container) -> Result<u64> {
    let bytes = container
        .write(cloud)
        .with_context(|| format!("{}", path.display()))?;
    write_atomic(path, &bytes)?;
    Ok(bytes.len() as u64)
}

/// The longest side of a picture read as a prompt, in pixels.
const LONGEST_IMAGE_SIDE: u32 = 8192;

/// Reads a picture as a prompt: the bytes as they are, once it is clear that they are a picture.
pub(crate) fn read_image(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let bytes = read_bounded(path, LARGEST_IMAGE)?;
    let mut reader = image::ImageReader::new(Cursor::new(&bytes))
        .with_guessed_format()
        .with_context(|| format!("{shown}: cannot be read"))?;
    if reader.format().is_none() {
        bail!("{shown}: not a picture; give a PNG, JPEG or WebP file");
    }
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(LONGEST_IMAGE_SIDE);
    limits.max_image_height = Some(LONGEST_IMAGE_SIDE);
    reader.limits(limits);
    reader
        .decode()
        .with_context(|| format!("{shown}: not a usable picture"))?;
    Ok(bytes)
}

/// Writes all of `bytes` to `path`, or leaves what was there untouched.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)
        .with_context(|| format!("{}: cannot be written", path.display()))?;
    file.commit()?;
    Ok(())
}

/// Whether a file can be written there: asked before what takes long to make is made.
///
/// # Errors
/// When it cannot.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    AtomicFile::create(path).map(drop)
}

fn unwritable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let folder = folder_of(path);
    let (path, folder) = (path.display(), folder.display());
    match error.kind() {
        ErrorKind::NotFound => {
            anyhow!("{path}: there is no folder {folder}; make it, or write elsewhere")
        }
        kind => anyhow!("{path}: {folder} cannot be written to ({kind}); write elsewhere"),
    }
}

/// A file that takes its name, and the place of what had it, only when it is complete and on disk:
/// until then it is a temporary one in the same folder, and goes away when dropped.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl AtomicFile {
    /// Begins what will be `path`.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if path.is_dir() {
            bail!("{}: is a folder; name a file", path.display());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".splatsmith-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // tempfile's own 0600 would surprise; the umask still takes away what it must.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder
            .tempfile_in(folder_of(path))
            .map_err(|error| unwritable(path, &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    /// Another handle to it, at its beginning.
    pub(crate) fn reopen(&self) -> Result<File> {
        self.file
            .reopen()
            .with_context(|| format!("{}: cannot be written", self.path.display()))
    }

    /// Where it stands until it is complete, for others to write to.
    pub(crate) fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Gives it its name. Returns how many bytes it has.
    pub(crate) fn commit(self) -> Result<u64> {
        let cannot = || format!("{}: cannot be written", self.path.display());
        self.file.as_file().sync_all().with_context(cannot)?;
        let bytes = self.file.as_file().metadata().with_context(cannot)?.len();
        self.file
            .persist(&self.path)
            .map_err(|error| error.error)
            .with_context(|| format!("{}: cannot be written", self.path.display()))?;
        Ok(bytes)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)
        .with_context(|| format!("{}: cannot be made a folder", path.display()))
}

/// The folder a file is in.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("large");
        write_atomic(&path, &[7; 100]).expect("written");
        assert_eq!(read_bounded(&path, 100).expect("fits").len(), 100);
        assert!(read_bounded(&path, 99).is_err());
        assert!(read_bounded(folder.path(), 99).is_err());
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("asset");
        write_atomic(&path, b"old").expect("written");
        write_atomic(&path, b"new").expect("replaced");
        assert_eq!(std::fs::read(&path).expect("read"), b"new");
        assert!(write_atomic(&path.join("below"), b"x").is_err());
        let left: Vec<_> = std::fs::read_dir(folder.path()).expect("listed").collect();
        assert_eq!(left.len(), 1, "a temporary file was left behind");
    }
}
