//! Vertices whose rows are all of one size: gathered column by column, a block of rows at a time so
//! that the block stays in cache while every column takes its share.

use super::{
    PlyError,
    body::truncated,
    fields,
    header::{Element, Kind, Scalar},
    layout::{Layout, Slot},
    numbers::Order,
};
use crate::{Columns, Sh};

/// Rows gathered at a time: 57 KB of a plain splat file.
const BLOCK_ROWS: usize = 1024;

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
        let mut columns = Columns::default();
        for column in fields::columns_mut(&mut columns) {
            *column = vec![0.0; count];
        }
        let degree = self.layout.degree;
        let values = vec![0.0; count * Sh::values_per_splat(degree)];
        columns.sh = Sh { degree, values };
        for (block, rows) in rows.chunks(BLOCK_ROWS * self.size).enumerate() {
            self.spread(rows, block * BLOCK_ROWS, &mut columns);
        }
        Ok(columns)
    }

    /// Spreads a block of rows, the first of which is splat `first`, over the columns.
    fn spread(&self, rows: &[u8], first: usize, columns: &mut Columns) {
        let per_splat = Sh::values_per_splat(self.layout.degree);
        let (size, order) = (self.size, self.order);
        let mut offset = 0;
        for (property, slot) in self.vertex.properties.iter().zip(&self.layout.slots) {
            let Kind::Scalar(scalar) = property.kind else {
                continue;
            };
            let field = Field {
                rows,
                size,
                offset,
                scalar,
                order,
            };
            match *slot {
                Some(Slot::Column(column)) => {
                    if let Some(column) = fields::columns_mut(columns).into_iter().nth(column) {
                        field.gather(column.get_mut(first..).unwrap_or_default().iter_mut());
                    }
                }
                Some(Slot::Rest(place)) => {
                    let values = columns.sh.values.iter_mut().skip(first * per_splat + place);
                    field.gather(values.step_by(per_splat));
                }
                None => {}
            }
            offset += scalar.size();
        }
    }
}

/// One property of a block of rows.
struct Field<'a> {
    rows: &'a [u8],
    size: usize,
    offset: usize,
    scalar: Scalar,
    order: Order,
}

impl Field<'_> {
    fn gather<'out>(&self, out: impl Iterator<Item = &'out mut f32>) {
        match (self.scalar, self.order) {
            (Scalar::F32, Order::Little) => self.each(out, f32::from_le_bytes),
            (Scalar::F32, Order::Big) => self.each(out, f32::from_be_bytes),
            (Scalar::F64, Order::Little) => self.each(out, |raw| f64::from_le_bytes(raw) as f32),
            (Scalar::F64, Order::Big) => self.each(out, |raw| f64::from_be_bytes(raw) as f32),
            (Scalar::I8, _) => self.each(out, |raw| f32::from(i8::from_le_bytes(raw))),
            (Scalar::U8, _) => self.each(out, |[byte]| f32::from(byte)),
            (Scalar::I16, Order::Little) => {
                self.each(out, |raw| f32::from(i16::from_le_bytes(raw)));
            }
            (Scalar::I16, Order::Big) => self.each(out, |raw| f32::from(i16::from_be_bytes(raw))),
            (Scalar::U16, Order::Little) => {
                self.each(out, |raw| f32::from(u16::from_le_bytes(raw)));
            }
            (Scalar::U16, Order::Big) => self.each(out, |raw| f32::from(u16::from_be_bytes(raw))),
            (Scalar::I32, Order::Little) => self.each(out, |raw| i32::from_le_bytes(raw) as f32),
            (Scalar::I32, Order::Big) => self.each(out, |raw| i32::from_be_bytes(raw) as f32),
            (Scalar::U32, Order::Little) => self.each(out, |raw| u32::from_le_bytes(raw) as f32),
            (Scalar::U32, Order::Big) => self.each(out, |raw| u32::from_be_bytes(raw) as f32),
        }
    }

    fn each<'out, const SIZE: usize>(
        &self,
        out: impl Iterator<Item = &'out mut f32>,
        decode: impl Fn([u8; SIZE]) -> f32,
    ) {
        let rows = self.rows.chunks_exact(self.size);
        for (out, row) in out.zip(rows) {
            if let Some(raw) = row.get(self.offset..).and_then(<[u8]>::first_chunk::<SIZE>) {
                *out = decode(*raw);
            }
        }
    }
}
