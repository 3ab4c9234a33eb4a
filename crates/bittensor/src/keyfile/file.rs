//! Which files are read, and how much of them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyfileError;

/// A keyfile is some 600 bytes; one with a long phrase and padding is far below this.
pub(super) const LARGEST_FILE: u64 = 64 << 10;

/// The names the wallet gives to the owner's key, secret and public part.
const COLDKEY_NAMES: [&str; 2] = ["coldkey", "coldkeypub.txt"];

/// The bytes of a file that may be a hotkey's.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
    refuse_coldkeys(path)?;
    read_bounded(path)
}

/// Refuses coldkeys, also behind a link, and whatever lies outside a folder `hotkeys`. A link's target
/// may lie anywhere, as secrets mounted into a container do.
fn refuse_coldkeys(path: &Path) -> Result<(), KeyfileError> {
    let target = fs::canonicalize(path).unwrap_or_default();
    let is_coldkey = |path: &Path| {
        path.file_name()
            .is_some_and(|name| COLDKEY_NAMES.iter().any(|coldkey| name == *coldkey))
    };
    if is_coldkey(path) || is_coldkey(&target) {
        return Err(KeyfileError::Coldkey(path.into()));
    }
    let folder = path.parent().and_then(Path::file_name);
    if folder.is_none_or(|name| name != "hotkeys") {
        return Err(KeyfileError::OutsideHotkeys(path.into()));
    }
    Ok(())
}

/// The bytes of a plain file no larger than a keyfile can be.
fn read_bounded(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
    let io = |source| KeyfileError::Io {
        path: path.into(),
        source,
    };
    // Asked before opening: to open a pipe would wait for a writer.
    let metadata = fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(KeyfileError::NotAFile(path.into()));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(KeyfileError::TooLarge(path.into()));
    }
    read_at_most(File::open(path).map_err(io)?, LARGEST_FILE)
        .map_err(io)?
        .ok_or_else(|| KeyfileError::TooLarge(path.into()))
}

/// Everything in `source`, or `None` if that is more than `limit` bytes.
pub(super) fn read_at_most(
    source: impl Read,
    limit: u64,
) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Never grown while it fills, which would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit as usize + 1));
    source.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}
