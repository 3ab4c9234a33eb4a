//! The packed stream out of whatever is around it, with memory bounded by the file.

use std::io::{self, Read};

use super::{
    SpzError,
    header::{self, Around, Header},
};

/// Decompressed bytes any file may come to, however small it is: 3.5 million splats.
const FREE_BYTES: usize = 64 * 1024 * 1024;

/// Beyond [`FREE_BYTES`], how many decompressed bytes a compressed byte may come to. Real clouds
/// stay below 2: this only keeps a bomb from being one.
const MAX_EXPANSION: usize = 64;

/// Decompressed bytes per compressed one that are made room for at once. Real clouds expand less.
const USUAL_EXPANSION: usize = 4;

/// Decompressed bytes a file of `compressed` bytes may come to.
pub(super) fn allowed(compressed: usize) -> usize {
    compressed.saturating_mul(MAX_EXPANSION).max(FREE_BYTES)
}

/// Decompressed bytes that a file of `compressed` bytes gets room for before they are there.
pub(super) fn usual(compressed: usize) -> usize {
    compressed.saturating_mul(USUAL_EXPANSION)
}

/// A header, and exactly as many bytes as it asks for.
pub(super) struct Stream {
    pub(super) header: Header,
    bytes: Vec<u8>,
    start: usize,
}

impl Stream {
    /// The header's sections.
    pub(super) fn body(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// A stream that is there as a whole; what follows the body is cut off, as the reference
    /// ignores it.
    pub(super) fn of_whole(mut bytes: Vec<u8>, around: Around) -> Result<Self, SpzError> {
        let start = header::SIZE.min(bytes.len());
        let header = Header::parse(&bytes[..start], around)?;
        let (expected, found) = (header.body_size(), bytes.len() - start);
        if found < expected {
            return Err(SpzError::Truncated { expected, found });
        }
        bytes.truncate(start + expected);
        Ok(Self {
            header,
            bytes,
            start,
        })
    }

    /// Reads a stream out of a decompressor: neither its own size nor its header's is believed.
    /// What follows it is read to its end, for that shows damage, but not held.
    pub(super) fn read(
        source: &mut impl Read,
        compressed: usize,
        around: Around,
    ) -> Result<Self, SpzError> {
        let mut raw = Vec::with_capacity(header::SIZE);
        source
            .by_ref()
            .take(header::SIZE as u64)
            .read_to_end(&mut raw)
            .map_err(SpzError::Damaged)?;
        let header = Header::parse(&raw, around)?;
        let (claimed, allowed) = (header.body_size(), allowed(compressed));
        if claimed > allowed {
            return Err(SpzError::Expansion {
                claimed,
                compressed,
            });
        }
        // This is one allocation for a real cloud.
        let mut bytes = Vec::with_capacity(claimed.min(usual(compressed)));
        source
            .by_ref()
            .take(claimed as u64)
            .read_to_end(&mut bytes)
            .map_err(SpzError::Damaged)?;
        if bytes.len() < claimed {
            return Err(SpzError::Truncated {
                expected: claimed,
                found: bytes.len(),
            });
        }
        io::copy(&mut source.take(allowed as u64), &mut io::sink()).map_err(SpzError::Damaged)?;
        Ok(Self {
            header,
            bytes,
            start: 0,
        })
    }
}
