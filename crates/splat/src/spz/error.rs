//! Why an SPZ cannot be read or written.

use std::io;

use thiserror::Error;

use super::MAX_SPLATS;

/// Why bytes are not a readable SPZ, or a cloud not a writable one. Every message is one line.
#[derive(Debug, Error)]
pub enum SpzError {
    /// No zstd frame.
    #[error("not a 404 SPZ: it does not begin with a zstd frame")]
    NotSpz,
    /// No gzip member.
    #[error("not a Niantic SPZ: it does not begin with gzip's magic")]
    NotGzip,
    /// Niantic's container where a 404 SPZ is needed.
    #[error("a gzip SPZ (Niantic's container); a 404 SPZ is the same stream in a zstd frame")]
    Niantic,
    /// A stream that nobody compressed.
    #[error("an SPZ stream without the zstd frame a 404 SPZ has around it")]
    Bare,
    /// Niantic's later layout, which shares nothing with this one but its magic.
    #[error(
        "SPZ version {0}, a layout with one zstd frame per attribute that is not read here: save \
         it as version 3 or 2 (splat-transform: --spz-version 3)"
    )]
    Layered(u32),
    /// The frame is damaged or cut off.
    #[error("damaged SPZ: {0}")]
    Damaged(#[source] io::Error),
    /// Bytes after the frame.
    #[error("damaged SPZ: {0} bytes follow the zstd frame, which must be alone")]
    Trailing(usize),
    /// Inside the frame is something else.
    #[error("the {frame} does not hold an SPZ stream")]
    NotAStream {
        /// What was taken off: a zstd frame or a gzip member.
        frame: &'static str,
    },
    /// A version whose layout is another.
    #[error("SPZ version {found} in a {frame}: 1 to {newest} are read there")]
    Version {
        /// By the stream's header.
        found: u32,
        /// The newest this container holds.
        newest: u32,
        /// What is around the stream.
        frame: &'static str,
    },
    /// Harmonics of a degree that is not read.
    #[error("SPZ of spherical-harmonic degree {0}: 0 to 3 are read")]
    Degree(u8),
    /// A fixed point outside its 24 bits.
    #[error("SPZ positions with {0} fractional bits: at most 24 make sense")]
    FractionalBits(u8),
    /// Nothing in it.
    #[error("SPZ with 0 splats")]
    Empty,
    /// Too many splats.
    #[error("{0} splats; an SPZ holds at most {MAX_SPLATS}")]
    TooMany(usize),
    /// More bytes than a file of this size may come to.
    #[error(
        "SPZ claims {claimed} bytes of splats in {compressed} compressed bytes: refused as a bomb"
    )]
    Expansion {
        /// Bytes of the stream by its own header.
        claimed: usize,
        /// Bytes of the file.
        compressed: usize,
    },
    /// The stream ends before its promise is kept.
    #[error("truncated SPZ: {expected} bytes of splats promised, {found} there")]
    Truncated {
        /// By its own header.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// It would not compress.
    #[error("cannot compress the SPZ stream: {0}")]
    Compress(#[source] io::Error),
}
