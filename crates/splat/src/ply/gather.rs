//! Vertices whose rows are all of one size: gathered a few rows at a time, column by column.
//!
//! The rows of a block stay in the innermost cache while every column takes its share, and a column
//! is written only once, at its end: it is never zeroed first. That runs at the speed of memory on
//! one core; what takes longer is the system's handing out fresh pages, so cores share the columns.

use rayon::prelude::*;

use super::{
    PlyError,
    body::truncated,
    fields,
    header::{Element, Kind, Scalar},
    layout::{Layout, Slot},
    numbers::Order,
};
use crate::{Cloud, Columns, Sh};

/// Rows gathered at a time: 1.8 KB of a plain splat file. Many more make every column's write a
/// stream of its own, and those fall on the same few lines of the cache.
const BLOCK_ROWS: usize = 32;

/// The most groups of columns that are filled side by side. Each reads all rows, so more of them
/// would wait for memory.
const MOST_GROUPS: usize = 4;

/// Bytes of rows that are worth a second core.
const WORTH_SHARING: usize = 1024 * 1024;

/// Vertices whose rows are all of one size, as their header declares them.
pub(super) struct Rows<'a> {
    pub(super) vertex: &'a Element,
    pub(super) layout: &'a Layout,
    /// Bytes of a row.
    pub(super) size: usize,
    pub(super) order: Order,
}

impl Rows<'_> {
    /// Gathers the rows at the start of `body`.
    pub(super) fn gather(&self, body: &[u8]) -> Result<Columns, PlyError> {
        let rows = usize::try_from(self.vertex.rows)
            .ok()
            .and_then(|rows| rows.checked_mul(self.size))
            .and_then(|bytes| body.get(..bytes))
            .ok_or_else(|| truncated(self.vertex, (body.len() / self.size.max(1)) as u64))?;
        // From here on the count is not a promise any more: its rows are there.
        let count = rows.len() / self.size;
        let fields = Fields::of(self);
        let degree = self.layout.degree;
        let mut columns = Cloud::with_capacity(count).into_columns();
        let mut values = Vec::with_capacity(count * Sh::values_per_splat(degree));
        let mut targets = fields::columns_mut(&mut columns);
        if rows.len() < WORTH_SHARING {
            self.fill_columns(rows, &fields.columns, &mut targets);
            self.fill_harmonics(rows, &fields.harmonics, &mut values);
        } else {
            // Made room for here, filled elsewhere: a core's own heap would be given back each time.
            let groups = rayon::current_num_threads().clamp(1, MOST_GROUPS);
            let size = targets.len().div_ceil(groups);
            let groups = targets
                .par_chunks_mut(size)
                .zip(fields.columns.par_chunks(size));
            rayon::join(
                || groups.for_each(|(targets, fields)| self.fill_columns(rows, fields, targets)),
                || self.fill_harmonics(rows, &fields.harmonics, &mut values),
            );
        }
        columns.sh = Sh { degree, values };
        Ok(columns)
    }

    /// Fills columns, which have room, each with one number of every row.
    fn fill_columns(&self, rows: &[u8], fields: &[Field], columns: &mut [&mut Vec<f32>]) {
        for block in rows.chunks(BLOCK_ROWS * self.size) {
            for (column, field) in columns.iter_mut().zip(fields) {
                field.append(block, self.size, column);
            }
        }
    }

    /// Fills the harmonics, splat after splat.
    fn fill_harmonics(&self, rows: &[u8], fields: &[Field], values: &mut Vec<f32>) {
        if !fields.is_empty() {
            for row in rows.chunks_exact(self.size) {
                values.extend(fields.iter().map(|field| field.one(row)));
            }
        }
    }
}

/// Where the numbers of a row are.
struct Fields {
    /// Those that fill the columns, in the order of [`fields::NAMES`].
    columns: [Field; fields::COUNT],
    /// The harmonics, in the order a cloud has them.
    harmonics: Vec<Field>,
}

impl Fields {
    fn of(rows: &Rows<'_>) -> Self {
        let mut field = Field {
            offset: 0,
            scalar: Scalar::F32,
            order: rows.order,
        };
        // The layout has seen to it that each of them is declared.
        let mut columns = [field; fields::COUNT];
        let mut harmonics = Vec::new();
        for (property, slot) in rows.vertex.properties.iter().zip(&rows.layout.slots) {
            let Kind::Scalar(scalar) = property.kind else {
                continue;
            };
            field.scalar = scalar;
            match *slot {
                Some(Slot::Column(column)) => columns[column] = field,
                Some(Slot::Rest(place)) => harmonics.push((place, field)),
                None => {}
            }
            field.offset += scalar.size();
        }
        harmonics.sort_by_key(|(place, _)| *place);
        Self {
            columns,
            harmonics: harmonics.into_iter().map(|(_, field)| field).collect(),
        }
    }
}

/// Bytes of a float.
const WORD: usize = size_of::<f32>();

fn extend<'a>(column: &mut Vec<f32>, words: impl Iterator<Item = &'a [u8; WORD]>) {
    column.extend(words.map(|raw| f32::from_le_bytes(*raw)));
}

/// One number of every row.
#[derive(Clone, Copy)]
struct Field {
    /// Bytes of the row before it.
    offset: usize,
    scalar: Scalar,
    order: Order,
}

impl Field {
    /// Adds this number of every row of a block to a column.
    fn append(self, block: &[u8], size: usize, column: &mut Vec<f32>) {
        let aligned = self.offset.is_multiple_of(WORD) && size.is_multiple_of(WORD);
        if aligned && self.scalar == Scalar::F32 && self.order == Order::Little {
            let (words, _) = block.as_chunks::<WORD>();
            let words = words.get(self.offset / WORD..).unwrap_or_default();
            // The usual widths as constants: bare, with normals, and both with degree 3.
            match size / WORD {
                14 => extend(column, words.iter().step_by(14)),
                17 => extend(column, words.iter().step_by(17)),
                59 => extend(column, words.iter().step_by(59)),
                62 => extend(column, words.iter().step_by(62)),
                width => extend(column, words.iter().step_by(width)),
            }
        } else {
            column.extend(block.chunks_exact(size).map(|row| self.one(row)));
        }
    }

    /// This number of one row.
    fn one(self, row: &[u8]) -> f32 {
        let little = self.order == Order::Little;
        match self.scalar {
            Scalar::F32 if little => self.decode(row, f32::from_le_bytes),
            Scalar::F32 => self.decode(row, f32::from_be_bytes),
            Scalar::F64 if little => self.decode(row, |raw| f64::from_le_bytes(raw) as f32),
            Scalar::F64 => self.decode(row, |raw| f64::from_be_bytes(raw) as f32),
            Scalar::I8 => self.decode(row, |raw| f32::from(i8::from_le_bytes(raw))),
            Scalar::U8 => self.decode(row, |[byte]| f32::from(byte)),
            Scalar::I16 if little => self.decode(row, |raw| f32::from(i16::from_le_bytes(raw))),
            Scalar::I16 => self.decode(row, |raw| f32::from(i16::from_be_bytes(raw))),
            Scalar::U16 if little => self.decode(row, |raw| f32::from(u16::from_le_bytes(raw))),
            Scalar::U16 => self.decode(row, |raw| f32::from(u16::from_be_bytes(raw))),
            Scalar::I32 if little => self.decode(row, |raw| i32::from_le_bytes(raw) as f32),
            Scalar::I32 => self.decode(row, |raw| i32::from_be_bytes(raw) as f32),
            Scalar::U32 if little => self.decode(row, |raw| u32::from_le_bytes(raw) as f32),
            Scalar::U32 => self.decode(row, |raw| u32::from_be_bytes(raw) as f32),
        }
    }

    /// The bytes of this number as what they mean; a row is as long as its fields, so they are there.
    fn decode<const SIZE: usize>(self, row: &[u8], number: impl Fn([u8; SIZE]) -> f32) -> f32 {
        row.get(self.offset..)
            .and_then(<[u8]>::first_chunk::<SIZE>)
            .map_or(0.0, |raw| number(*raw))
    }
}
