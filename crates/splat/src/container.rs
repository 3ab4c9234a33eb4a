//! Which container a file is in, and reading whichever it is.

use std::path::Path;

use thiserror::Error;

use crate::{Cloud, ply, spz};

/// The two containers the subnet speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// The 3DGS PLY: 56 bytes a splat.
    Ply,
    /// The 404 SPZ: about 19 bytes a splat before zstd, 13 after.
    Spz,
}

impl Container {
    /// The container a file name asks for by its extension, whatever its case.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        [Self::Ply, Self::Spz]
            .into_iter()
            .find(|container| extension.eq_ignore_ascii_case(container.extension()))
    }

    /// The container the first bytes of a file announce. Niantic's SPZ (gzip) counts as SPZ, so
    /// that its reader can say what it is.
    #[must_use]
    pub fn from_magic(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"ply\n") || bytes.starts_with(b"ply\r") {
            Some(Self::Ply)
        } else if spz::ANNOUNCEMENTS
            .iter()
            .any(|magic| bytes.starts_with(magic))
        {
            Some(Self::Spz)
        } else {
            None
        }
    }

    /// The extension of its files, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ply => "ply",
            Self::Spz => "spz",
        }
    }

    /// Writes a cloud in this container; SPZ at its default level.
    ///
    /// # Errors
    /// When the cloud does not fit an SPZ; a PLY can always be written.
    pub fn write(self, cloud: &Cloud) -> Result<Vec<u8>, spz::SpzError> {
        match self {
            Self::Ply => Ok(ply::write(cloud)),
            Self::Spz => spz::encode(cloud, spz::Level::DEFAULT),
        }
    }
}

/// Why bytes are not a readable cloud.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Neither container's magic.
    #[error("neither a PLY nor an SPZ file: it begins with {}", .first.escape_ascii())]
    Unknown {
        /// Up to eight bytes it begins with.
        first: Vec<u8>,
    },
    /// Nothing at all.
    #[error("the file is empty: neither a PLY nor an SPZ file")]
    Empty,
    /// A PLY that cannot be read.
    #[error(transparent)]
    Ply(#[from] ply::PlyError),
    /// An SPZ that cannot be read.
    #[error(transparent)]
    Spz(#[from] spz::SpzError),
}

/// Reads a cloud from either container, told apart by the first bytes.
///
/// # Errors
/// When the bytes are neither container, or the container's own reader refuses them.
pub fn read(bytes: &[u8]) -> Result<(Cloud, Container), ReadError> {
    match Container::from_magic(bytes) {
        Some(Container::Ply) => Ok((ply::read(bytes)?, Container::Ply)),
        Some(Container::Spz) => Ok((spz::decode(bytes)?, Container::Spz)),
        None if bytes.is_empty() => Err(ReadError::Empty),
        None => Err(ReadError::Unknown {
            first: bytes.iter().take(8).copied().collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_choose_the_container() {
        let of = |name: &str| Container::from_path(Path::new(name));
        assert_eq!(of("a/b.ply"), Some(Container::Ply));
        assert_eq!(of("b.SPZ"), Some(Container::Spz));
        assert_eq!(of("b.png"), None);
        assert_eq!(of("spz"), None);
    }

    #[test]
    fn what_is_neither_says_so_in_one_line() {
        let message = read(b"\x89PNG\r\n\x1a\nrest").unwrap_err().to_string();
        assert!(message.contains("neither a PLY nor an SPZ"), "{message}");
        assert!(!message.contains('\n'), "{message}");
        assert!(read(b"").unwrap_err().to_string().contains("empty"));
    }
}
