//! Links from a snapshot to its blobs.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Makes `pointer` show the file at `blob`: a relative link as `huggingface_hub` makes it, or, where
/// links are not allowed, the file itself. What stood there gives way.
pub(super) fn link(blob: &Path, pointer: &Path) -> io::Result<()> {
    let folder = pointer.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    match fs::remove_file(pointer) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match symbolic(&between(folder, blob), pointer) {
        Err(_) => fs::hard_link(blob, pointer).or_else(|_| fs::copy(blob, pointer).map(|_| ())),
        done => done,
    }
}

#[cfg(unix)]
fn symbolic(to: &Path, pointer: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, pointer)
}

#[cfg(windows)]
fn symbolic(to: &Path, pointer: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(to, pointer)
}

#[cfg(not(any(unix, windows)))]
fn symbolic(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The way from the folder `from` to the file `to`, up and down.
fn between(from: &Path, to: &Path) -> PathBuf {
    let common = from
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_and_replace_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let blob = folder.path().join("blobs").join("0f");
        let pointer = folder
            .path()
            .join("snapshots")
            .join("c")
            .join("ckpts")
            .join("w.bin");
        fs::create_dir_all(blob.parent().expect("a parent")).expect("made");
        fs::write(&blob, "weights").expect("written");
        for _ in 0..2 {
            link(&blob, &pointer).expect("linked");
            assert_eq!(fs::read(&pointer).expect("read"), b"weights");
        }
        if cfg!(unix) {
            assert_eq!(
                fs::read_link(&pointer).expect("a link"),
                Path::new("../../../blobs/0f")
            );
        }
    }
}
