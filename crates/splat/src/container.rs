//! Which container a file is in, and reading whichever it is.

use std::fmt;
use std::path::Path;

use thiserror::Error;

use crate::{
    Cloud, dotsplat, ply,
    spz::{self, Compression, Flavour, niantic},
};

/// What a cloud may be stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// The 3DGS PLY: 56 bytes a splat.
    Ply,
    /// The 404 SPZ, which validators take: about 19 bytes a splat before zstd, 13 after.
    Spz,
    /// Niantic's SPZ, in gzip.
    NianticSpz(niantic::Version),
    /// The 32-byte rows of web viewers.
    Splat,
}

impl Container {
    /// Every container there is.
    pub const ALL: [Self; 5] = [
        Self::Ply,
        Self::Spz,
        Self::NianticSpz(niantic::Version::V2),
        Self::NianticSpz(niantic::Version::V3),
        Self::Splat,
    ];

    /// What it is called on the command line. Two SPZ share an extension, so a file's name is not
    /// enough to ask for one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ply => "ply",
            Self::Spz => "spz",
            Self::NianticSpz(niantic::Version::V2) => "spz-niantic",
            Self::NianticSpz(niantic::Version::V3) => "spz-niantic-v3",
            Self::Splat => "splat",
        }
    }

    /// One line about what it is for.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Ply => "3DGS PLY, lossless: 56 bytes a splat",
            Self::Spz => "the subnet's SPZ, in zstd: what validators take",
            Self::NianticSpz(niantic::Version::V2) => "Niantic's SPZ, in gzip: what viewers take",
            Self::NianticSpz(niantic::Version::V3) => "Niantic's SPZ with finer rotations",
            Self::Splat => "antimatter15's .splat, 32-byte rows, without harmonics",
        }
    }

    /// The container of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|container| container.name() == name)
    }

    /// The container a file name asks for by its extension, whatever its case: of the SPZ, the
    /// subnet's.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        Self::ALL
            .into_iter()
            .find(|container| extension.eq_ignore_ascii_case(container.extension()))
    }

    /// The extension of its files, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ply => "ply",
            Self::Spz | Self::NianticSpz(_) => "spz",
            Self::Splat => "splat",
        }
    }

    /// Whether it keeps spherical harmonics above degree 0.
    #[must_use]
    pub const fn keeps_harmonics(self) -> bool {
        !matches!(self, Self::Splat)
    }

    /// The flavour of SPZ it is, if it is one.
    #[must_use]
    pub const fn flavour(self) -> Option<Flavour> {
        match self {
            Self::Spz => Some(Flavour::Subnet),
            Self::NianticSpz(version) => Some(Flavour::Niantic(version)),
            Self::Ply | Self::Splat => None,
        }
    }

    /// Writes a cloud in this container; SPZ at the level its own library uses.
    ///
    /// # Errors
    /// When the cloud does not fit an SPZ; the others can always be written.
    pub fn write(self, cloud: &Cloud) -> Result<Vec<u8>, spz::SpzError> {
        self.write_with(cloud, Compression::default())
    }

    /// Writes a cloud in this container, compressed so if it is an SPZ.
    ///
    /// # Errors
    /// As [`Container::write`].
    pub fn write_with(
        self,
        cloud: &Cloud,
        compression: Compression,
    ) -> Result<Vec<u8>, spz::SpzError> {
        match self {
            Self::Ply => Ok(ply::write(cloud)),
            Self::Spz => spz::encode_with(cloud, compression),
            Self::NianticSpz(version) => niantic::encode(cloud, version, compression),
            Self::Splat => Ok(dotsplat::write(cloud)),
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why bytes are not a readable cloud.
#[derive(Debug, Error)]
pub enum ReadError {
    /// No container's magic.
    #[error("neither a PLY nor an SPZ file: it begins with {}", .first.escape_ascii())]
    Unknown {
        /// Up to eight bytes it begins with.
        first: Vec<u8>,
    },
    /// A zip archive, which a bundled SOG is.
    #[error(
        "a zip archive, such as a bundled SOG: save it as PLY or SPZ first, for instance with \
         splat-transform"
    )]
    Zip,
    /// Nothing at all.
    #[error("the file is empty: neither a PLY nor an SPZ file")]
    Empty,
    /// A PLY that cannot be read.
    #[error(transparent)]
    Ply(#[from] ply::PlyError),
    /// An SPZ that cannot be read.
    #[error(transparent)]
    Spz(#[from] spz::SpzError),
    /// A `.splat` that cannot be read.
    #[error(transparent)]
    DotSplat(#[from] dotsplat::DotSplatError),
}

/// Reads a cloud from any container that its first bytes announce: all but `.splat`.
///
/// # Errors
/// When the bytes announce no container, or the container's own reader refuses them.
pub fn read(bytes: &[u8]) -> Result<(Cloud, Container), ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if bytes.starts_with(b"ply\n") || bytes.starts_with(b"ply\r") {
        return Ok((ply::read(bytes)?, Container::Ply));
    }
    match Flavour::from_magic(bytes) {
        Ok(Flavour::Subnet) => Ok((spz::decode(bytes)?, Container::Spz)),
        Ok(Flavour::Niantic(_)) => {
            let (cloud, version) = niantic::decode(bytes)?;
            Ok((cloud, Container::NianticSpz(version)))
        }
        Err(spz::SpzError::NotSpz) if bytes.starts_with(b"PK\x03\x04") => Err(ReadError::Zip),
        Err(spz::SpzError::NotSpz) => Err(ReadError::Unknown {
            first: bytes.iter().take(8).copied().collect(),
        }),
        Err(known) => Err(known.into()),
    }
}

/// Reads a cloud from a file of this name. What the first bytes announce is what it is, whatever it
/// is called; a `.splat` announces nothing, so there its name decides.
///
/// # Errors
/// As [`read`], and when the rows of a `.splat` cannot be ones.
pub fn read_named(bytes: &[u8], path: &Path) -> Result<(Cloud, Container), ReadError> {
    match read(bytes) {
        Err(ReadError::Unknown { .. }) if Container::from_path(path) == Some(Container::Splat) => {
            Ok((dotsplat::read(bytes)?, Container::Splat))
        }
        read => read,
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
        assert_eq!(of("b.splat"), Some(Container::Splat));
        assert_eq!(of("b.png"), None);
        assert_eq!(of("spz"), None);
    }

    #[test]
    fn names_choose_among_all_containers() {
        for container in Container::ALL {
            assert_eq!(Container::by_name(container.name()), Some(container));
            assert_eq!(container.to_string(), container.name());
        }
        assert_eq!(Container::by_name("ksplat"), None);
    }

    #[test]
    fn what_is_neither_says_so_in_one_line() {
        let message = read(b"\x89PNG\r\n\x1a\nrest").unwrap_err().to_string();
        assert!(message.contains("neither a PLY nor an SPZ"), "{message}");
        assert!(!message.contains('\n'), "{message}");
        assert!(read(b"").unwrap_err().to_string().contains("empty"));
        assert!(read(b"PK\x03\x04").unwrap_err().to_string().contains("SOG"));
    }
}
