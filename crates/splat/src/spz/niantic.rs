//! Niantic's SPZ: the packed stream in gzip (nianticlabs/spz).
//!
//! Version 2 holds, byte for byte, what a 404 SPZ holds; version 3 has finer rotations. Versions 1
//! to 3 are read, 2 and 3 written. Extension records, which follow the sections, are passed over.
//!
//! No axis is flipped here either. Niantic's library asks its callers for the frame their numbers
//! are in and stores right-up-back unless they do not say, as most writers do not; a stream does not
//! tell which it is. So the bytes mean what the cloud meant, and turning it is an output profile's
//! matter.

use std::io::Write;

use flate2::{Compression as Deflate, bufread::GzDecoder, write::GzEncoder};

use super::{
    Compression, Level, SpzError, check_count,
    header::{Around, Header},
    pack,
    rotation::Rotations,
    stream::Stream,
    unpack,
};
use crate::Cloud;

/// First bytes of gzip: its magic, and the one method there is.
pub(super) const MAGIC: [u8; 2] = [0x1F, 0x8B];

const AROUND: Around = Around {
    frame: "gzip member",
    newest: 3,
};

/// The level Niantic's library compresses at: zlib's default.
const USUAL_LEVEL: Level = Level(6);

/// The versions that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// Rotations in three bytes, as in a 404 SPZ. Every reader knows it.
    V2,
    /// Rotations in four bytes, about ten times as fine.
    V3,
}

impl Version {
    pub(super) const fn rotations(self) -> Rotations {
        match self {
            Self::V2 => Rotations::FirstThree,
            Self::V3 => Rotations::SmallestThree,
        }
    }

    /// The version that stores rotations so; 2 for version 1, which is not written.
    pub(super) const fn of(header: &Header) -> Self {
        match header.rotations {
            Rotations::FirstThree => Self::V2,
            Rotations::SmallestThree => Self::V3,
        }
    }
}

/// Packs a cloud into Niantic's SPZ. gzip has levels up to 9; higher ones count as that.
///
/// # Errors
/// When the cloud is empty or has more than [`MAX_SPLATS`](super::MAX_SPLATS) splats.
pub fn encode(
    cloud: &Cloud,
    version: Version,
    compression: Compression,
) -> Result<Vec<u8>, SpzError> {
    check_count(cloud)?;
    compress(&pack::pack(cloud, version.rotations()), compression)
}

/// Unpacks Niantic's SPZ of version 1, 2 or 3, and says which it is; version 1 counts as 2.
///
/// Memory is bounded by the file, whatever it claims.
///
/// # Errors
/// When the bytes do not begin with one whole gzip member around a stream of these versions.
pub fn decode(bytes: &[u8]) -> Result<(Cloud, Version), SpzError> {
    let stream = decompress(bytes)?;
    Ok((unpack::cloud(&stream)?, Version::of(&stream.header)))
}

pub(super) fn compress(stream: &[u8], compression: Compression) -> Result<Vec<u8>, SpzError> {
    let level = compression.level.unwrap_or(USUAL_LEVEL).get().min(9);
    let room = Vec::with_capacity(stream.len() / 4 * 3);
    let mut member = GzEncoder::new(room, Deflate::new(level.unsigned_abs()));
    member
        .write_all(stream)
        .and_then(|()| member.finish())
        .map_err(SpzError::Compress)
}

pub(super) fn decompress(bytes: &[u8]) -> Result<Stream, SpzError> {
    if !bytes.starts_with(&MAGIC) {
        return Err(SpzError::NotGzip);
    }
    Stream::read(&mut GzDecoder::new(bytes), bytes.len(), AROUND)
}
