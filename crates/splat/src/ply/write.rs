//! The PLY as the subnet's codec emits it.

use std::fmt::Write as _;

use super::fields;
use crate::{Cloud, Sh};

/// Rows written at a time, so that a block stays in cache while every column adds its share.
const BLOCK_ROWS: usize = 1024;

/// Writes a cloud: binary little endian, all `float`, in the order `x y z f_dc f_rest opacity scale
/// rot` (404-Repo/spz, without normals). The same cloud is always the same bytes, and reading them
/// gives the same cloud back, bit for bit.
#[must_use]
pub fn write(cloud: &Cloud) -> Vec<u8> {
    let columns = cloud.columns();
    let harmonics = Sh::values_per_splat(columns.sh.degree);
    let size = 4 * (fields::COUNT + harmonics);
    let header = header(cloud.len(), harmonics);
    let mut bytes = vec![0; header.len() + cloud.len() * size];
    let (head, body) = bytes.split_at_mut(header.len());
    head.copy_from_slice(header.as_bytes());
    for (block, rows) in body.chunks_mut(BLOCK_ROWS * size).enumerate() {
        let first = block * BLOCK_ROWS;
        for (field, column) in fields::columns(columns).into_iter().enumerate() {
            let place = if field < fields::BEFORE_REST {
                field
            } else {
                field + harmonics
            };
            scatter(rows, size, place, column.iter().skip(first));
        }
        for index in 0..harmonics {
            let slot = fields::rest_slot(index, harmonics);
            let values = columns.sh.values.iter().skip(first * harmonics + slot);
            scatter(
                rows,
                size,
                fields::BEFORE_REST + index,
                values.step_by(harmonics),
            );
        }
    }
    bytes
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

/// Puts values into the `place`-th float of successive rows.
fn scatter<'a>(rows: &mut [u8], size: usize, place: usize, values: impl Iterator<Item = &'a f32>) {
    for (row, value) in rows.chunks_exact_mut(size).zip(values) {
        if let Some(out) = row
            .get_mut(place * 4..)
            .and_then(<[u8]>::first_chunk_mut::<4>)
        {
            *out = value.to_le_bytes();
        }
    }
}
