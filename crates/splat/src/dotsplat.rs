//! The `.splat` rows of antimatter15's viewer, which many web viewers take: 32 bytes a splat, no
//! header (antimatter15/splat, `main.js`).
//!
//! A row is x, y, z and the three standard deviations as floats, then red, green, blue and opacity
//! as bytes, then the quaternion w, x, y, z, each part in steps of 1/128 around 128. Colours are kept
//! to what a screen shows and harmonics not at all. The viewer's own converter sorts rows by how much
//! of the picture they make up, so that a slow download looks well early; here they keep their
//! order.

use thiserror::Error;

use crate::{
    Cloud, Columns, Sh,
    opacity::{logit, sigmoid},
};

/// Bytes of a row.
const ROW: usize = 32;

/// The most splats that are read, as in a PLY.
const MAX_SPLATS: usize = crate::ply::MAX_SPLATS as usize;

/// The constant harmonic, 1/(2√π): `rgb = 0.5 + SH_C0 · f_dc`.
const SH_C0: f32 = 0.282_094_8;

/// Why bytes are not a `.splat` file. Every message is one line.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DotSplatError {
    /// Nothing in it.
    #[error(".splat file with 0 splats")]
    Empty,
    /// Rows do not come out whole.
    #[error(".splat file of {0} bytes: not a whole number of {ROW}-byte rows")]
    Length(usize),
    /// Too many splats.
    #[error("{0} splats; at most {MAX_SPLATS} are read from a .splat file")]
    TooMany(usize),
    /// A standard deviation that cannot be one: the file is something else.
    #[error("not a .splat file: splat {0} has a negative size, or one that is not a number")]
    Size(usize),
}

/// Reads a `.splat` file.
///
/// # Errors
/// When the bytes are not whole rows, or a size in them is negative or not a number: with no magic
/// to go by, that is what tells rows from other bytes.
pub fn read(bytes: &[u8]) -> Result<Cloud, DotSplatError> {
    let (rows, rest) = bytes.as_chunks::<ROW>();
    match rows.len() {
        _ if !rest.is_empty() => return Err(DotSplatError::Length(bytes.len())),
        0 => return Err(DotSplatError::Empty),
        count if count > MAX_SPLATS => return Err(DotSplatError::TooMany(count)),
        _ => {}
    }
    let size = |row: &[u8; ROW]| (3..6).all(|place| float(row, place) >= 0.0);
    if let Some(bad) = rows.iter().position(|row| !size(row)) {
        return Err(DotSplatError::Size(bad));
    }
    let rotation: Vec<[f32; 4]> = rows.iter().map(unpack_rotation).collect();
    let columns = Columns {
        positions: std::array::from_fn(|axis| rows.iter().map(|row| float(row, axis)).collect()),
        log_scales: std::array::from_fn(|axis| {
            rows.iter().map(|row| float(row, 3 + axis).ln()).collect()
        }),
        rotations: std::array::from_fn(|part| rotation.iter().map(|parts| parts[part]).collect()),
        opacity_logits: rows.iter().map(|row| logit(f32::from(row[27]))).collect(),
        colours: std::array::from_fn(|channel| {
            let colour = |row: &[u8; ROW]| (f32::from(row[24 + channel]) / 255.0 - 0.5) / SH_C0;
            rows.iter().map(colour).collect()
        }),
        sh: Sh::default(),
    };
    // All columns are made of the same rows.
    Cloud::from_columns(columns).map_err(|_| DotSplatError::Length(bytes.len()))
}

/// Writes a `.splat` file. What a byte cannot hold ends at the end of its range; not-a-number is 0.
#[must_use]
pub fn write(cloud: &Cloud) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(cloud.len() * ROW);
    for splat in cloud.iter() {
        for value in splat.position {
            bytes.extend(value.to_le_bytes());
        }
        for value in splat.log_scale {
            bytes.extend(value.exp().to_le_bytes());
        }
        let colour = splat
            .colour
            .map(|value| byte((0.5 + SH_C0 * value) * 255.0));
        bytes.extend(colour);
        bytes.push(byte(sigmoid(splat.opacity_logit) * 255.0));
        bytes.extend(pack_rotation(splat.rotation));
    }
    bytes
}

fn float(row: &[u8; ROW], place: usize) -> f32 {
    let (words, _) = row.as_chunks::<4>();
    f32::from_le_bytes(words[place])
}

/// The nearest byte, as the clamped arrays of JavaScript have it.
fn byte(value: f32) -> u8 {
    value.round_ties_even() as u8
}

fn pack_rotation(rotation: [f32; 4]) -> [u8; 4] {
    let norm = rotation.iter().map(|part| part * part).sum::<f32>().sqrt();
    rotation.map(|part| byte(part / norm * 128.0 + 128.0))
}

/// Normalised, because the steps are coarse; four times 128, which is no rotation, is left zero.
fn unpack_rotation(row: &[u8; ROW]) -> [f32; 4] {
    let parts: [f32; 4] = std::array::from_fn(|part| (f32::from(row[28 + part]) - 128.0) / 128.0);
    let norm = parts.iter().map(|part| part * part).sum::<f32>().sqrt();
    parts.map(|part| part / norm.max(f32::MIN_POSITIVE))
}
