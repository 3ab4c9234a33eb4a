//! The PLY body: vertex rows into columns, everything else stepped over.
//!
//! Rows of one size are gathered by column; rows with lists, and ascii, go one by one.

use super::{
    PlyError, fields,
    gather::Rows,
    header::{Element, Format, Header, Kind},
    layout::{Layout, Slot},
    numbers::{Binary, Numbers, Order, Words},
};
use crate::{Cloud, Columns, Sh};

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
            Rows {
                vertex,
                layout,
                size,
                order,
            }
            .gather(source.rest())?
        }
    };
    // Columns of unequal length cannot come out of whole rows; were they to, it is a short body.
    Cloud::from_columns(columns).map_err(|_| truncated(vertex, 0))
}

/// The body ends after `found` whole rows of `element`.
pub(super) fn truncated(element: &Element, found: u64) -> PlyError {
    PlyError::Truncated {
        element: shown_name(element),
        expected: element.rows,
        found,
    }
}

fn shown_name(element: &Element) -> String {
    element
        .name
        .chars()
        .take(40)
        .flat_map(char::escape_default)
        .collect()
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
        element: shown_name(element),
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
