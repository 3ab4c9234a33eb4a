//! Files that others can read.

use std::path::{Path, PathBuf};

/// A file with a secret in it that others on this machine can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
}

impl std::fmt::Display for Exposure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        write!(
            f,
            "{path} is open to others (mode {:04o}): chmod 600 {path}",
            self.mode
        )
    }
}

/// Says so if anyone but the owner may do anything with the file. Always `None` where files have no
/// modes.
pub fn exposure(path: &Path) -> Option<Exposure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o7777;
        (mode & 0o077 != 0).then(|| Exposure {
            path: path.into(),
            mode,
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
