//! The PLY as the subnet's codec emits it.

use std::fmt::Write as _;

use rayon::prelude::*;

use super::fields;
use crate::{Cloud, Columns, Sh};

/// Rows written at a time: they stay in the innermost cache while every column adds its share.
const BLOCK_ROWS: usize = 32;

/// Rows a core takes at a time.
const PIECE_ROWS: usize = 256 * BLOCK_ROWS;

/// Bytes of a number.
const WORD: usize = size_of::<f32>();

/// Writes a cloud: binary little endian, all `float`, in the order `x y z f_dc f_rest opacity scale
/// rot` (404-Repo/spz, without normals). The same cloud is always the same bytes, and reading them
/// gives the same cloud back, bit for bit.
#[must_use]
pub fn write(cloud: &Cloud) -> Vec<u8> {
    let columns = cloud.columns();
    let harmonics = Sh::values_per_splat(columns.sh.degree);
    let width = fields::COUNT + harmonics;
    let header = header(cloud.len(), harmonics);
    let mut bytes = vec![0; header.len() + cloud.len() * width * WORD];
    let (head, body) = bytes.split_at_mut(header.len());
    head.copy_from_slice(header.as_bytes());
    let (words, _) = body.as_chunks_mut::<WORD>();
    let pieces = words.par_chunks_mut(PIECE_ROWS * width).enumerate();
    pieces.for_each(|(piece, rows)| {
        for (block, rows) in rows.chunks_mut(BLOCK_ROWS * width).enumerate() {
            fill(
                rows,
                width,
                columns,
                piece * PIECE_ROWS + block * BLOCK_ROWS,
            );
        }
    });
    bytes
}

/// Writes a block of rows, the first of which is splat `first`.
fn fill(rows: &mut [[u8; WORD]], width: usize, columns: &Columns, first: usize) {
    let harmonics = width - fields::COUNT;
    for (field, column) in fields::columns(columns).into_iter().enumerate() {
        let place = if field < fields::BEFORE_REST {
            field
        } else {
            field + harmonics
        };
        let places = rows.iter_mut().skip(place).step_by(width);
        for (word, value) in places.zip(column.iter().skip(first)) {
            *word = value.to_le_bytes();
        }
    }
    if harmonics > 0 {
        let values = columns.sh.values.chunks_exact(harmonics).skip(first);
        for (row, values) in rows.chunks_exact_mut(width).zip(values) {
            scatter_harmonics(row, values);
        }
    }
}

/// Puts the harmonics of a splat into its row.
fn scatter_harmonics(row: &mut [[u8; WORD]], values: &[f32]) {
    let words = row.iter_mut().skip(fields::BEFORE_REST);
    for (index, word) in words.take(values.len()).enumerate() {
        *word = values[fields::rest_slot(index, values.len())].to_le_bytes();
    }
}

fn header(count: usize, harmonics: usize) -> String {
    let mut header = format!("ply\nformat binary_little_endian 1.0\nelement vertex {count}\n");
    let (before, after) = fields::NAMES.split_at(fields::BEFORE_REST);
    let rest = (0..harmonics).map(|index| format!("f_rest_{index}"));
    let names = before.iter().map(|name| (*name).to_owned()).chain(rest);
    for name in names.chain(after.iter().map(|name| (*name).to_owned())) {
        // Writing to a string cannot fail.
        let _ = writeln!(header, "property float {name}");
    }
    header.push_str("end_header\n");
    header
}
