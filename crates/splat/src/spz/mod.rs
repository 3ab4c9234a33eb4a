//! The 404 SPZ: one zstd frame around Niantic's version-2 byte stream.
//!
//! The packed bytes are those of the subnet's codec (404-Repo/spz), which everything that reads
//! them depends on; the zstd bytes around them are not a contract. No axis is flipped in either
//! direction: the bytes mean whatever the cloud meant.
//!
//! Packing is lossy: positions in steps of 1/4096 within [−2048, 2048), beyond which they wrap as
//! the reference does; log-scales in 1/16 within [−10, 5.9375]; everything else a byte.

mod header;
mod pack;
mod unpack;

use std::io::{self, Read};

use thiserror::Error;

use crate::{Cloud, Columns};
use header::Header;

/// The most splats a stream may hold, as the reference has it.
pub const MAX_SPLATS: usize = 10_000_000;

/// Decompressed bytes any file may come to, however small it is: 3.5 million splats.
const FREE_BYTES: usize = 64 * 1024 * 1024;

/// Beyond [`FREE_BYTES`], how many decompressed bytes a compressed byte may come to. Real clouds
/// stay below 2: this only keeps a bomb from being one.
const MAX_EXPANSION: usize = 64;

/// First bytes of a zstd frame, which is what a 404 SPZ is.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// First bytes of gzip, which is what Niantic's SPZ is up to version 3.
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// First bytes of a stream without any compression around it.
const BARE: [u8; 4] = header::MAGIC;

/// Every beginning [`decode`] has something to say about.
pub(crate) const ANNOUNCEMENTS: [&[u8]; 3] = [&ZSTD, &GZIP, &BARE];

/// How hard zstd works, 1 to 22. It changes the size of a file, never what it decodes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(i32);

impl Level {
    /// What the reference uses: the fastest, at about 8 % more bytes than level 3.
    pub const DEFAULT: Self = Self(1);

    /// The level nearest to `level` that there is.
    #[must_use]
    pub fn new(level: i32) -> Self {
        Self(level.clamp(1, 22))
    }

    /// The number zstd knows it by.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why bytes are not a readable SPZ, or a cloud not a writable one. Every message is one line.
#[derive(Debug, Error)]
pub enum SpzError {
    /// No zstd frame.
    #[error("not a 404 SPZ: it does not begin with a zstd frame")]
    NotSpz,
    /// Niantic's container.
    #[error("a gzip SPZ (Niantic's container); a 404 SPZ is the same stream in a zstd frame")]
    Niantic,
    /// A stream that nobody compressed.
    #[error("an SPZ stream without the zstd frame a 404 SPZ has around it")]
    Bare,
    /// The frame is damaged or cut off.
    #[error("damaged SPZ: {0}")]
    Damaged(#[source] io::Error),
    /// Bytes after the frame.
    #[error("damaged SPZ: {0} bytes follow the zstd frame, which must be alone")]
    Trailing(usize),
    /// Inside the frame is something else.
    #[error("the zstd frame does not hold an SPZ stream")]
    NotAStream,
    /// A version whose layout is another.
    #[error("SPZ version {0}: a 404 SPZ is version 2 (1 is read as well)")]
    Version(u32),
    /// Harmonics of a degree there is not.
    #[error("SPZ of spherical-harmonic degree {0}: 0 to 3 exist")]
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
    /// zstd would not compress.
    #[error("cannot compress the SPZ stream: {0}")]
    Compress(#[source] io::Error),
}

/// Packs a cloud into a 404 SPZ.
///
/// What has no packed form becomes what the reference's x86 build makes of it: not-a-number is the
/// byte 0, and so is a position that is not finite or does not fit 32 bits at 1/4096. Infinite
/// colours, scales and harmonics become the end of their range. `inspect` names such splats.
///
/// # Errors
/// When the cloud is empty or has more than [`MAX_SPLATS`] splats.
pub fn encode(cloud: &Cloud, level: Level) -> Result<Vec<u8>, SpzError> {
    match cloud.len() {
        0 => return Err(SpzError::Empty),
        count if count > MAX_SPLATS => return Err(SpzError::TooMany(count)),
        _ => {}
    }
    // One shot: zstd then writes the content size into the frame, which the reference relies on.
    zstd::bulk::compress(&pack::pack(cloud), level.get()).map_err(SpzError::Compress)
}

/// Unpacks a 404 SPZ.
///
/// Memory is bounded by the file: neither the frame's nor the stream's claimed size is believed.
///
/// # Errors
/// When the bytes are not one whole zstd frame around a stream of version 1 or 2; see [`SpzError`].
pub fn decode(bytes: &[u8]) -> Result<Cloud, SpzError> {
    if !bytes.starts_with(&ZSTD) {
        return Err(match bytes {
            _ if bytes.starts_with(&GZIP) => SpzError::Niantic,
            _ if bytes.starts_with(&BARE) => SpzError::Bare,
            _ => SpzError::NotSpz,
        });
    }
    let (header, body) = decompress(bytes)?;
    let columns: Columns = unpack::unpack(&header, &body);
    Cloud::from_columns(columns).map_err(|_| SpzError::Truncated {
        expected: header.body_size(),
        found: body.len(),
    })
}

/// Takes the stream out of its frame: the header, and exactly as many bytes as it asks for.
fn decompress(bytes: &[u8]) -> Result<(Header, Vec<u8>), SpzError> {
    let allowed = bytes.len().saturating_mul(MAX_EXPANSION).max(FREE_BYTES);
    let mut frame = zstd::stream::read::Decoder::with_buffer(bytes)
        .map_err(SpzError::Damaged)?
        .single_frame();
    // A window wider than what may come out serves nobody but somebody who wants us to allocate it.
    let window = allowed.next_power_of_two().ilog2().clamp(20, 27);
    frame.window_log_max(window).map_err(SpzError::Damaged)?;

    let mut raw = Vec::with_capacity(header::SIZE);
    frame
        .by_ref()
        .take(header::SIZE as u64)
        .read_to_end(&mut raw)
        .map_err(SpzError::Damaged)?;
    let header = Header::parse(&raw)?;
    let claimed = header.body_size();
    if claimed > allowed {
        return Err(SpzError::Expansion {
            claimed,
            compressed: bytes.len(),
        });
    }
    // Real clouds expand less than fourfold, so this is one allocation for them.
    let mut body = Vec::with_capacity(claimed.min(bytes.len().saturating_mul(4)));
    frame
        .by_ref()
        .take(claimed as u64)
        .read_to_end(&mut body)
        .map_err(SpzError::Damaged)?;
    if body.len() < claimed {
        return Err(SpzError::Truncated {
            expected: claimed,
            found: body.len(),
        });
    }
    // The reference ignores further bytes within the frame, but not a frame that does not end.
    io::copy(&mut frame.by_ref().take(allowed as u64), &mut io::sink())
        .map_err(SpzError::Damaged)?;
    match frame.finish() {
        [] => Ok((header, body)),
        trailing => Err(SpzError::Trailing(trailing.len())),
    }
}
