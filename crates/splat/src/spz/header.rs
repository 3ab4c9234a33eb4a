//! The sixteen bytes a packed stream begins with.

use super::{MAX_SPLATS, SpzError, rotation::Rotations};
use crate::Sh;

/// `NGSP`, little endian.
pub(super) const MAGIC: [u8; 4] = *b"NGSP";

/// Bytes of the header.
pub(super) const SIZE: usize = 16;

/// The fixed point written.
const FRACTIONAL_BITS: u8 = 12;

/// The flag that says records follow the sections; they are not carried over.
const HAS_EXTENSIONS: u8 = 0x2;

/// How a position is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Positions {
    /// Version 1: half-precision floats.
    Half,
    /// From version 2 on: 24-bit fixed point with this many fractional bits.
    Fixed(u8),
}

impl Positions {
    /// Bytes of one splat's position.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::Half => 6,
            Self::Fixed(_) => 9,
        }
    }
}

/// A header that has been found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// 1 to [`MAX_SPLATS`].
    pub(super) count: usize,
    /// 0 to 3.
    pub(super) degree: u8,
    pub(super) positions: Positions,
    pub(super) rotations: Rotations,
    /// As read; bit 0 says "antialiased", which no column of a cloud holds.
    pub(super) flags: u8,
}

/// What a stream was taken out of: how its errors call it, and the newest version it may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) frame: &'static str,
    pub(super) newest: u32,
}

impl Header {
    /// The header of a stream to be written.
    pub(super) const fn new(count: usize, degree: u8, rotations: Rotations) -> Self {
        Self {
            count,
            degree,
            positions: Positions::Fixed(FRACTIONAL_BITS),
            rotations,
            flags: 0,
        }
    }

    pub(super) fn parse(raw: &[u8], around: Around) -> Result<Self, SpzError> {
        let Around { frame, newest } = around;
        let Ok(raw) = <[u8; SIZE]>::try_from(raw) else {
            return Err(SpzError::Truncated {
                expected: SIZE,
                found: raw.len(),
            });
        };
        let ([magic, version, count, rest], _) = raw.as_chunks::<4>() else {
            return Err(SpzError::NotAStream { frame });
        };
        let [degree, bits, flags, _reserved] = *rest;
        if *magic != MAGIC {
            return Err(SpzError::NotAStream { frame });
        }
        let (positions, rotations) = match u32::from_le_bytes(*version) {
            1 => (Positions::Half, Rotations::FirstThree),
            2.. if bits > 24 => return Err(SpzError::FractionalBits(bits)),
            2 => (Positions::Fixed(bits), Rotations::FirstThree),
            3 if newest >= 3 => (Positions::Fixed(bits), Rotations::SmallestThree),
            found => {
                return Err(SpzError::Version {
                    found,
                    newest,
                    frame,
                });
            }
        };
        if degree > 3 {
            return Err(SpzError::Degree(degree));
        }
        let declared = u32::from_le_bytes(*count);
        match usize::try_from(declared).unwrap_or(usize::MAX) {
            0 => Err(SpzError::Empty),
            count if count > MAX_SPLATS => Err(SpzError::TooMany(count)),
            count => Ok(Self {
                count,
                degree,
                positions,
                rotations,
                flags,
            }),
        }
    }

    /// The header's bytes. Its version follows from how positions and rotations are stored.
    pub(super) fn write(self) -> [u8; SIZE] {
        let (version, bits) = match (self.positions, self.rotations) {
            (Positions::Half, _) => (1_u32, FRACTIONAL_BITS),
            (Positions::Fixed(bits), Rotations::FirstThree) => (2, bits),
            (Positions::Fixed(bits), Rotations::SmallestThree) => (3, bits),
        };
        let mut raw = [0; SIZE];
        let (fields, _) = raw.as_chunks_mut::<4>();
        // `check_count` and `parse` have refused counts that do not fit.
        let written = [
            MAGIC,
            version.to_le_bytes(),
            (self.count as u32).to_le_bytes(),
            [self.degree, bits, self.flags & !HAS_EXTENSIONS, 0],
        ];
        fields.copy_from_slice(&written);
        raw
    }

    /// Bytes of each section after the header, in their order: position, opacity, colour, scale,
    /// rotation, harmonics.
    pub(super) fn sections(self) -> [usize; 6] {
        let per_splat = [
            self.positions.size(),
            1,
            3,
            3,
            self.rotations.size(),
            Sh::values_per_splat(self.degree),
        ];
        per_splat.map(|size| size * self.count)
    }

    /// Bytes of the stream after the header. At most 650 MB, so it fits any `usize`.
    pub(super) fn body_size(self) -> usize {
        self.sections().iter().sum()
    }

    /// A body's sections; short ones where it is short, which the readers have ruled out.
    pub(super) fn split(self, mut body: &[u8]) -> [&[u8]; 6] {
        self.sections().map(|size| {
            let (section, rest) = body.split_at(size.min(body.len()));
            body = rest;
            section
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZSTD: Around = Around {
        frame: "zstd frame",
        newest: 2,
    };
    const GZIP: Around = Around {
        frame: "gzip member",
        newest: 3,
    };

    #[test]
    fn what_is_written_is_read() {
        let header = Header::new(52_709, 3, Rotations::FirstThree);
        assert_eq!(Header::parse(&header.write(), ZSTD).unwrap(), header);
        assert_eq!(header.body_size(), 52_709 * (19 + 45));
        let header = Header::new(7, 0, Rotations::SmallestThree);
        assert_eq!(Header::parse(&header.write(), GZIP).unwrap(), header);
        assert_eq!(header.body_size(), 7 * 20);
    }

    #[test]
    fn other_streams_are_refused_by_name() {
        let with = |index: usize, byte: u8, around: Around| {
            let mut raw = Header::new(1, 0, Rotations::FirstThree).write();
            raw[index] = byte;
            Header::parse(&raw, around).unwrap_err().to_string()
        };
        assert!(with(0, b'X', ZSTD).contains("zstd frame does not hold an SPZ stream"));
        assert!(with(4, 3, ZSTD).contains("version 3"));
        assert!(with(4, 0, ZSTD).contains("version 0"));
        assert!(with(4, 4, GZIP).contains("version 4 in a gzip member: 1 to 3"));
        assert!(with(8, 0, ZSTD).contains("0 splats"));
        assert!(with(11, 0xFF, GZIP).contains("at most 10000000"));
        assert!(with(12, 4, GZIP).contains("degree 4"));
        assert!(with(13, 25, ZSTD).contains("25 fractional bits"));
    }
}
