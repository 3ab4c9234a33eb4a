//! The 3DGS PLY, liberal in what is read and byte-stable in what is written.
//!
//! Read: binary of either byte order and ascii, LF and CRLF line ends, properties in any order and
//! of any scalar type, comments, further properties (normals, lists) and further elements, which
//! are skipped. Values are taken as they are, not-a-number included: `inspect` reports those.
//!
//! Written: the layout the subnet's codec emits (binary little endian, one element, all `float`,
//! no comment), so that equal clouds are equal files.

mod body;
mod fields;
mod gather;
mod header;
mod layout;
mod numbers;
mod write;

use thiserror::Error;

use crate::Cloud;

pub use write::write;

/// The most splats a PLY may declare, as the subnet's codec has it (404-Repo/spz).
pub const MAX_SPLATS: u64 = 10_485_760;

/// The longest header that is read. A header with degree-3 harmonics takes 1.5 KiB.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Why bytes are not a readable splat PLY. Every message is one line.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlyError {
    /// The magic line is missing.
    #[error("not a PLY file: its first line is not `ply`")]
    NotPly,
    /// The header does not end.
    #[error("PLY header without an `end_header` line in the first {searched} bytes")]
    HeaderUnfinished {
        /// How many bytes were looked through.
        searched: usize,
    },
    /// A header line that makes no sense.
    #[error("PLY header, line {line}: {reason}")]
    Header {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// No vertices are declared.
    #[error("PLY without a `vertex` element: there are no splats in it")]
    NoVertexElement,
    /// A chunk-compressed PLY, which is another format in the same clothes.
    #[error(
        "a compressed PLY (`packed_position`): decompress it first, for instance in SuperSplat"
    )]
    Compressed,
    /// A property every splat needs is not declared.
    #[error("PLY vertices lack the property `{name}`: not a Gaussian splat file")]
    MissingProperty {
        /// The first one that is missing.
        name: &'static str,
    },
    /// A property every splat needs is a list.
    #[error("PLY vertex property `{name}` is a list where one number is needed")]
    ListProperty {
        /// Its name.
        name: &'static str,
    },
    /// The harmonics do not make up a whole degree.
    #[error(
        "PLY with {found} `f_rest` properties: a splat file has 0, 9, 24 or 45, numbered from 0"
    )]
    RestCount {
        /// How many are declared.
        found: usize,
    },
    /// No splat.
    #[error("PLY with 0 vertices: there are no splats in it")]
    Empty,
    /// Too many splats.
    #[error("PLY declares {declared} splats; at most {MAX_SPLATS} are read")]
    TooMany {
        /// What the header says.
        declared: u64,
    },
    /// The body ends before the header's promise is kept.
    #[error(
        "truncated PLY: the header promises {expected} rows of element `{element}`, \
         the body holds {found}"
    )]
    Truncated {
        /// The element that is cut short.
        element: String,
        /// Rows declared.
        expected: u64,
        /// Whole rows present.
        found: u64,
    },
    /// A value in an ascii body, or a list length, that is not one.
    #[error("PLY element `{element}`, row {row}: {reason}")]
    Value {
        /// The element it stands in.
        element: String,
        /// Counted from 0.
        row: u64,
        /// What stands there.
        reason: String,
    },
}

/// Reads a splat PLY.
///
/// # Errors
/// When the bytes are not a PLY, or not one that holds splats; see [`PlyError`].
pub fn read(bytes: &[u8]) -> Result<Cloud, PlyError> {
    let header = header::parse(bytes)?;
    let layout = layout::Layout::of(&header)?;
    body::read(
        &header,
        &layout,
        bytes.get(header.body..).unwrap_or_default(),
    )
}

/// Foreign text as it may be shown on one line: short, and with nothing a terminal would obey.
fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 40;
    let dots = if text.len() > LONGEST { "…" } else { "" };
    let start = text.get(..LONGEST).unwrap_or(text);
    format!("`{}{dots}`", start.escape_ascii())
}
