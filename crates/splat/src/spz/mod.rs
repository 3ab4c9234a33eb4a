//! SPZ: the packed stream of splats, in a zstd frame as the 404 subnet has it ([`encode`],
//! [`decode`]) or in gzip as Niantic has it ([`niantic`]), and from one to the other
//! ([`transcode`]).
//!
//! The packed bytes are those of the subnet's codec (404-Repo/spz), which everything that reads
//! them depends on; the compressed bytes around them are not a contract. No axis is flipped in
//! either direction: the bytes mean whatever the cloud meant.
//!
//! Packing is lossy: positions in steps of 1/4096 within [−2048, 2048), beyond which they wrap as
//! the reference does; log-scales in 1/16 within [−10, 5.9375]; everything else a byte.

mod error;
mod frame;
mod header;
pub mod niantic;
mod pack;
mod rotation;
mod stream;
mod transcode;
mod unpack;

use crate::Cloud;
use niantic::Version;
use rotation::Rotations;

pub use error::SpzError;
pub use transcode::transcode;

/// The most splats a stream may hold, as the reference has it.
pub const MAX_SPLATS: usize = 10_000_000;

/// First bytes of a stream without any compression around it; from version 4 on, of the file.
const BARE: [u8; 4] = header::MAGIC;

/// How hard to compress, 1 to 22. It changes the size of a file, never what it decodes to.
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

/// How a stream is compressed: what it costs, never what it decodes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compression {
    /// `None` for what the flavour's own library uses: 1 in a 404 SPZ, 6 in Niantic's.
    pub level: Option<Level>,
    /// zstd's worker threads; `None` for as many as rayon has. The bytes do not depend on it.
    pub workers: Option<u32>,
}

impl Compression {
    /// The fewest bytes zstd gives a worker.
    const SMALLEST_JOB: usize = 1024 * 1024;

    /// How many workers a stream of so many bytes keeps busy, of those that are asked for.
    fn workers(self, stream: usize) -> u32 {
        let as_u32 = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let asked = self.workers;
        let asked = asked.unwrap_or_else(|| as_u32(rayon::current_num_threads()));
        asked.clamp(
            1,
            as_u32(1 + stream / Self::SMALLEST_JOB).min(Self::MOST_WORKERS),
        )
    }

    /// zstd's own limit.
    const MOST_WORKERS: u32 = 64;
}

/// The two things called SPZ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// The 404 subnet's: version 2 in a zstd frame.
    Subnet,
    /// Niantic's, in gzip.
    Niantic(Version),
}

impl Flavour {
    /// The flavour a file's first bytes announce. Which version is in gzip they do not say: it is
    /// taken for 2 here, and known when it is read.
    ///
    /// # Errors
    /// When they announce neither: a line that says what they are, where that is known.
    pub fn from_magic(bytes: &[u8]) -> Result<Self, SpzError> {
        if bytes.starts_with(&frame::MAGIC) {
            Ok(Self::Subnet)
        } else if bytes.starts_with(&niantic::MAGIC) {
            Ok(Self::Niantic(Version::V2))
        } else {
            Err(unframed(bytes).unwrap_or(SpzError::NotSpz))
        }
    }

    const fn rotations(self) -> Rotations {
        match self {
            Self::Subnet => Rotations::FirstThree,
            Self::Niantic(version) => version.rotations(),
        }
    }
}

/// What is wrong with bytes that begin with a stream's own magic.
pub(crate) fn unframed(bytes: &[u8]) -> Option<SpzError> {
    let version = bytes.strip_prefix(&BARE)?.first_chunk::<4>();
    Some(match version.map(|raw| u32::from_le_bytes(*raw)) {
        Some(version @ 4..) => SpzError::Layered(version),
        _ => SpzError::Bare,
    })
}

/// Packs a cloud into a 404 SPZ, on all cores.
///
/// What has no packed form becomes what the reference's x86 build makes of it: not-a-number is the
/// byte 0, and so is a position that is not finite or does not fit 32 bits at 1/4096. Infinite
/// colours, scales and harmonics become the end of their range. `inspect` names such splats.
///
/// # Errors
/// When the cloud is empty or has more than [`MAX_SPLATS`] splats.
pub fn encode(cloud: &Cloud, level: Level) -> Result<Vec<u8>, SpzError> {
    let level = Some(level);
    let compression = Compression {
        level,
        ..Compression::default()
    };
    encode_with(cloud, compression)
}

/// [`encode`] with all there is to choose.
///
/// # Errors
/// As [`encode`].
pub fn encode_with(cloud: &Cloud, compression: Compression) -> Result<Vec<u8>, SpzError> {
    check_count(cloud)?;
    frame::compress(&pack::pack(cloud, Rotations::FirstThree), compression)
}

fn check_count(cloud: &Cloud) -> Result<(), SpzError> {
    match cloud.len() {
        0 => Err(SpzError::Empty),
        count if count > MAX_SPLATS => Err(SpzError::TooMany(count)),
        _ => Ok(()),
    }
}

/// Unpacks a 404 SPZ, and no other: what this reads, the subnet reads.
///
/// Memory is bounded by the file: neither the frame's nor the stream's claimed size is believed.
///
/// # Errors
/// When the bytes are not one whole zstd frame around a stream of version 1 or 2; see [`SpzError`].
pub fn decode(bytes: &[u8]) -> Result<Cloud, SpzError> {
    match Flavour::from_magic(bytes)? {
        Flavour::Subnet => unpack::cloud(&frame::decompress(bytes)?),
        Flavour::Niantic(_) => Err(SpzError::Niantic),
    }
}
