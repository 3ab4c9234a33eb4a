//! The sixteen bytes a packed stream begins with.

use super::{MAX_SPLATS, SpzError};
use crate::Sh;

/// `NGSP`, little endian.
pub(super) const MAGIC: [u8; 4] = *b"NGSP";

/// Bytes of the header.
pub(super) const SIZE: usize = 16;

/// The version written.
const VERSION: u32 = 2;

/// The fixed point written.
const FRACTIONAL_BITS: u8 = 12;

/// How a position is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Positions {
    /// Version 1: half-precision floats.
    Half,
    /// Version 2: 24-bit fixed point with this many fractional bits.
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
}

impl Header {
    /// The header of a stream to be written.
    pub(super) const fn new(count: usize, degree: u8) -> Self {
        Self {
            count,
            degree,
            positions: Positions::Fixed(FRACTIONAL_BITS),
        }
    }

    pub(super) fn parse(raw: &[u8]) -> Result<Self, SpzError> {
        let Ok(raw) = <[u8; SIZE]>::try_from(raw) else {
            return Err(SpzError::Truncated {
                expected: SIZE,
                found: raw.len(),
            });
        };
        let [
            m0,
            m1,
            m2,
            m3,
            v0,
            v1,
            v2,
            v3,
            n0,
            n1,
            n2,
            n3,
            degree,
            bits,
            _flags,
            _reserved,
        ] = raw;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(SpzError::NotAStream);
        }
        let positions = match u32::from_le_bytes([v0, v1, v2, v3]) {
            1 => Positions::Half,
            2 if bits > 24 => return Err(SpzError::FractionalBits(bits)),
            2 => Positions::Fixed(bits),
            version => return Err(SpzError::Version(version)),
        };
        if degree > 3 {
            return Err(SpzError::Degree(degree));
        }
        let declared = u32::from_le_bytes([n0, n1, n2, n3]);
        match usize::try_from(declared).unwrap_or(usize::MAX) {
            0 => Err(SpzError::Empty),
            count if count > MAX_SPLATS => Err(SpzError::TooMany(count)),
            count => Ok(Self {
                count,
                degree,
                positions,
            }),
        }
    }

    /// The header's bytes; flags say "not antialiased".
    pub(super) fn write(self) -> [u8; SIZE] {
        let [m0, m1, m2, m3] = MAGIC;
        let [v0, v1, v2, v3] = VERSION.to_le_bytes();
        // `encode` has refused counts that do not fit.
        let [n0, n1, n2, n3] = (self.count as u32).to_le_bytes();
        [
            m0,
            m1,
            m2,
            m3,
            v0,
            v1,
            v2,
            v3,
            n0,
            n1,
            n2,
            n3,
            self.degree,
            FRACTIONAL_BITS,
            0,
            0,
        ]
    }

    /// Bytes of each section after the header, in their order: position, opacity, colour, scale,
    /// rotation, harmonics.
    pub(super) fn sections(self) -> [usize; 6] {
        let per_splat = [
            self.positions.size(),
            1,
            3,
            3,
            3,
            Sh::values_per_splat(self.degree),
        ];
        per_splat.map(|size| size * self.count)
    }

    /// Bytes of the stream after the header. At most 640 MB, so it fits any `usize`.
    pub(super) fn body_size(self) -> usize {
        self.sections().iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let header = Header::new(52_709, 3);
        assert_eq!(Header::parse(&header.write()).unwrap(), header);
        assert_eq!(header.body_size(), 52_709 * (19 + 45));
    }

    #[test]
    fn other_streams_are_refused_by_name() {
        let with = |index: usize, byte: u8| {
            let mut raw = Header::new(1, 0).write();
            raw[index] = byte;
            Header::parse(&raw).unwrap_err().to_string()
        };
        assert!(with(0, b'X').contains("does not hold an SPZ stream"));
        assert!(with(4, 3).contains("version 3"));
        assert!(with(4, 0).contains("version 0"));
        assert!(with(8, 0).contains("0 splats"));
        assert!(with(11, 0xFF).contains("at most 10000000"));
        assert!(with(12, 4).contains("degree 4"));
        assert!(with(13, 25).contains("25 fractional bits"));
    }
}
