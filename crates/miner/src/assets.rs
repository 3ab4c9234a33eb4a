//! Finished assets as files: whole or not there.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// The folder of one hotkey's assets. All calls block: they belong on blocking threads.
#[derive(Debug, Clone)]
pub(crate) struct AssetStore {
    directory: PathBuf,
}

impl AssetStore {
    pub(crate) fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }

    /// Where the asset called `name` is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes an asset whole or not at all: never a part under its name, power cut or not. The folder
    /// is not synced: should a power cut take the name itself back, the asset is made again.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(name);
        let unfinished = path.with_extension("unfinished");
        let written = File::create(&unfinished)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            // Makes room again on a full disk; what matters is the first error.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        Ok(path)
    }

    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
    }

    /// Removes an asset; one that is gone already is as good.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes every file but those in `wanted`, such as the half-written ones of a crash.
    pub(crate) fn keep_only(&self, wanted: &HashSet<String>) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if !name.to_str().is_some_and(|name| wanted.contains(name)) {
                fs::remove_file(self.directory.join(name))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wanted_is_swept_and_the_rest_kept() {
        let directory = tempfile::tempdir().unwrap();
        let assets = AssetStore::open(directory.path().join("assets")).unwrap();
        assets.write("a.spz", b"whole").unwrap();
        assets.write("b.spz", b"unwanted").unwrap();
        fs::write(assets.path("c.unfinished"), b"ha").unwrap();
        assets
            .keep_only(&HashSet::from(["a.spz".to_owned()]))
            .unwrap();
        assert_eq!(assets.read("a.spz").unwrap(), b"whole");
        assert_eq!(fs::read_dir(&assets.directory).unwrap().count(), 1);
        assets.remove("a.spz").unwrap();
        assets.remove("a.spz").unwrap();
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let assets = AssetStore::open(directory.path().join("assets")).unwrap();
        // A folder of that name: the rename must fail.
        fs::create_dir_all(assets.path("a.spz").join("occupied")).unwrap();
        assets.write("a.spz", b"bytes").unwrap_err();
        assert_eq!(fs::read_dir(&assets.directory).unwrap().count(), 1);
    }
}
