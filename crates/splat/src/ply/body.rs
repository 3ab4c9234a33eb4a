//! The PLY body: vertex rows into columns, everything else stepped over.
//!
//! Rows of one size are gathered column by column, a block of rows at a time so that the block
//! stays in cache while every column takes its share. Rows with lists, and ascii, go one by one.

use super::{
    PlyError, fields,
    header::{Element, Format, Header, Kind, Scalar},
    layout::{Layout, Slot},
    shown,
};
use crate::{Cloud, Columns, Sh};

/// Rows gathered at a time: 57 KB of a plain splat file.
const BLOCK_ROWS: usize = 1024;

/// Reads the splats out of a body.
pub(super) fn read(header: &Header, layout: &Layout, body: &[u8]) -> Result<Cloud, PlyError> {
    let mut source: Box<dyn Numbers + '_> = match header.format {
        Format::Ascii => Box::new(Words { rest: body }),
        Format::LittleEndian => Box::new(Binary {
            rest: body,
            order: Order::Little,
        }),
        Format::BigEndian => Box::new(Binary {
            rest: body,
            order: Order::Big,
        }),
    };
    for element in header.elements.iter().take(layout.vertex) {
        skip(source.as_mut(), element)?;
    }
    let vertex = &header.elements[layout.vertex];
    let columns = match (header.format, vertex.row_size()) {
        (Format::Ascii, _) | (_, None) => row_by_row(source.as_mut(), vertex, layout)?,
        (format, Some(size)) => {
            let order = Order::of(format);
            column_by_column(source.rest(), size, order, vertex, layout)?
        }
    };
    // Columns of unequal length cannot come out of whole rows; were they to, it is a short body.
    Cloud::from_columns(columns).map_err(|_| truncated(vertex, 0))
}

fn truncated(element: &Element, found: u64) -> PlyError {
    let element_name = String::from_utf8_lossy(
        element
            .name
            .as_bytes()
            .get(..40)
            .unwrap_or(element.name.as_bytes()),
    );
    PlyError::Truncated {
        element: element_name.escape_default().to_string(),
        expected: element.rows,
        found,
    }
}

/// Byte order of a binary body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn of(format: Format) -> Self {
        if format == Format::BigEndian {
            Self::Big
        } else {
            Self::Little
        }
    }
}

/// A body as a run of numbers.
trait Numbers {
    /// The next number; `Ok(None)` at the end of the body, a sentence if it is not a number.
    fn next(&mut self, scalar: Scalar) -> Result<Option<f64>, String>;
    /// Steps over `rows` rows of `row_size` bytes, if the body has that many; `None` if it cannot
    /// tell without reading them.
    fn skip_rows(&mut self, rows: u64, row_size: Option<usize>) -> Option<Result<(), u64>>;
    /// The fewest bytes a number of this type takes, its separator included.
    fn least_size(&self, scalar: Scalar) -> usize;
    /// What has not been read yet.
    fn rest(&self) -> &[u8];
}

struct Binary<'a> {
    rest: &'a [u8],
    order: Order,
}

impl Numbers for Binary<'_> {
    fn next(&mut self, scalar: Scalar) -> Result<Option<f64>, String> {
        let Some((raw, rest)) = self.rest.split_at_checked(scalar.size()) else {
            return Ok(None);
        };
        self.rest = rest;
        Ok(one_number(scalar, self.order, raw))
    }

    fn skip_rows(&mut self, rows: u64, row_size: Option<usize>) -> Option<Result<(), u64>> {
        let size = row_size?;
        let bytes = usize::try_from(rows)
            .ok()
            .and_then(|rows| rows.checked_mul(size));
        Some(match bytes.and_then(|bytes| self.rest.get(bytes..)) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err((self.rest.len() / size.max(1)) as u64),
        })
    }

    fn least_size(&self, scalar: Scalar) -> usize {
        scalar.size()
    }

    fn rest(&self) -> &[u8] {
        self.rest
    }
}

struct Words<'a> {
    rest: &'a [u8],
}

impl Numbers for Words<'_> {
    fn next(&mut self, scalar: Scalar) -> Result<Option<f64>, String> {
        let text = self.rest.trim_ascii_start();
        let end = text
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        if word.is_empty() {
            return Ok(None);
        }
        // A float is rounded once, from its decimals: by way of a double it could be rounded twice.
        let number = std::str::from_utf8(word)
            .ok()
            .and_then(|word| match scalar {
                Scalar::F32 => word.parse::<f32>().ok().map(f64::from),
                _ => word.parse().ok(),
            });
        number
            .map(Some)
            .ok_or_else(|| format!("{} is not a number", shown(word)))
    }

    fn skip_rows(&mut self, _: u64, _: Option<usize>) -> Option<Result<(), u64>> {
        None
    }

    fn least_size(&self, _: Scalar) -> usize {
        2
    }

    fn rest(&self) -> &[u8] {
        self.rest
    }
}

/// Steps over an element that stands before the vertices.
fn skip(source: &mut dyn Numbers, element: &Element) -> Result<(), PlyError> {
    // Rows without properties take no bytes: any number of them is nothing.
    if element.properties.is_empty() {
        return Ok(());
    }
    match source.skip_rows(element.rows, element.row_size()) {
        Some(skipped) => skipped.map_err(|found| truncated(element, found)),
        // Every row takes at least a byte, so the body's end bounds this loop.
        None => (0..element.rows).try_for_each(|row| each_number(source, element, row, |_, _| {})),
    }
}

/// Reads one row and hands out its scalars by property; lists are stepped over.
fn each_number(
    source: &mut dyn Numbers,
    element: &Element,
    row: u64,
    mut take: impl FnMut(usize, f64),
) -> Result<(), PlyError> {
    let mut number = |scalar| match source.next(scalar) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(truncated(element, row)),
        Err(reason) => Err(value_error(element, row, reason)),
    };
    for (index, property) in element.properties.iter().enumerate() {
        match property.kind {
            Kind::Scalar(scalar) => take(index, number(scalar)?),
            Kind::List { length, item } => {
                let length = number(length)?;
                if !(0.0..=f64::from(u32::MAX)).contains(&length) {
                    return Err(value_error(
                        element,
                        row,
                        format!("a list of {length} items"),
                    ));
                }
                for _ in 0..length as u64 {
                    number(item)?;
                }
            }
        }
    }
    Ok(())
}

fn value_error(element: &Element, row: u64, reason: String) -> PlyError {
    PlyError::Value {
        element: element.name.escape_default().take(40).collect(),
        row,
        reason,
    }
}

/// Vertices whose rows differ in size.
fn row_by_row(
    source: &mut dyn Numbers,
    vertex: &Element,
    layout: &Layout,
) -> Result<Columns, PlyError> {
    let least: usize = vertex
        .properties
        .iter()
        .map(|property| match property.kind {
            Kind::Scalar(scalar) | Kind::List { length: scalar, .. } => source.least_size(scalar),
        })
        .sum();
    let present = source.rest().len() / least.max(1) + 1;
    let capacity = usize::try_from(vertex.rows).unwrap_or(present).min(present);
    let per_splat = Sh::values_per_splat(layout.degree);
    let mut columns = Cloud::with_capacity(capacity).into_columns();
    columns.sh = Sh {
        degree: layout.degree,
        values: Vec::with_capacity(capacity * per_splat),
    };
    let mut splat = [0.0; fields::COUNT];
    let mut harmonics = vec![0.0; per_splat];
    for row in 0..vertex.rows {
        each_number(source, vertex, row, |index, number| {
            match layout.slots[index] {
                Some(Slot::Column(column)) => splat[column] = number as f32,
                Some(Slot::Rest(place)) => harmonics[place] = number as f32,
                None => {}
            }
        })?;
        for (column, value) in fields::columns_mut(&mut columns).into_iter().zip(splat) {
            column.push(value);
        }
        columns.sh.values.extend_from_slice(&harmonics);
    }
    Ok(columns)
}

/// Vertices whose rows are all of `size` bytes.
fn column_by_column(
    body: &[u8],
    size: usize,
    order: Order,
    vertex: &Element,
    layout: &Layout,
) -> Result<Columns, PlyError> {
    let rows = usize::try_from(vertex.rows)
        .ok()
        .and_then(|rows| rows.checked_mul(size))
        .and_then(|bytes| body.get(..bytes))
        .ok_or_else(|| truncated(vertex, (body.len() / size.max(1)) as u64))?;
    let count = rows.len() / size;
    let per_splat = Sh::values_per_splat(layout.degree);
    let mut columns = Columns::default();
    for column in fields::columns_mut(&mut columns) {
        *column = vec![0.0; count];
    }
    columns.sh = Sh {
        degree: layout.degree,
        values: vec![0.0; count * per_splat],
    };
    for (block, rows) in rows.chunks(BLOCK_ROWS * size).enumerate() {
        gather_block(
            &mut columns,
            block * BLOCK_ROWS,
            rows,
            size,
            order,
            vertex,
            layout,
        );
    }
    Ok(columns)
}

/// Spreads a block of rows, the first of which is splat `first`, over the columns.
fn gather_block(
    columns: &mut Columns,
    first: usize,
    rows: &[u8],
    size: usize,
    order: Order,
    vertex: &Element,
    layout: &Layout,
) {
    let per_splat = Sh::values_per_splat(layout.degree);
    let mut offset = 0;
    for (property, slot) in vertex.properties.iter().zip(&layout.slots) {
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
                    field.gather(column.iter_mut().skip(first));
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

/// One number of a binary body on its own; `None` if `raw` is not of its size.
fn one_number(scalar: Scalar, order: Order, raw: &[u8]) -> Option<f64> {
    fn of<const SIZE: usize>(
        raw: &[u8],
        order: Order,
        decode: impl Fn([u8; SIZE]) -> f64,
    ) -> Option<f64> {
        let mut bytes: [u8; SIZE] = raw.try_into().ok()?;
        if order == Order::Big {
            bytes.reverse();
        }
        Some(decode(bytes))
    }
    match scalar {
        Scalar::I8 => of(raw, order, |raw| f64::from(i8::from_le_bytes(raw))),
        Scalar::U8 => of(raw, order, |[byte]| f64::from(byte)),
        Scalar::I16 => of(raw, order, |raw| f64::from(i16::from_le_bytes(raw))),
        Scalar::U16 => of(raw, order, |raw| f64::from(u16::from_le_bytes(raw))),
        Scalar::I32 => of(raw, order, |raw| f64::from(i32::from_le_bytes(raw))),
        Scalar::U32 => of(raw, order, |raw| f64::from(u32::from_le_bytes(raw))),
        Scalar::F32 => of(raw, order, |raw| f64::from(f32::from_le_bytes(raw))),
        Scalar::F64 => of(raw, order, f64::from_le_bytes),
    }
}
