//! The packed stream into columns.
//!
//! A byte has 256 meanings, so each kind of byte is looked up in a table that is worked out once
//! per stream. The two fused forms are those the reference's compiler makes of its source
//! (404-Repo/spz, built for x86-64-v3), so that rotations come out bit for bit as it has them.

use super::{
    SpzError,
    header::Positions,
    rotation::{self, Rotations},
    stream::Stream,
};
use crate::{Cloud, Columns, Sh, opacity::logit};

/// What each byte means.
type Table = [f32; 256];

/// The cloud of a stream.
pub(super) fn cloud(stream: &Stream) -> Result<Cloud, SpzError> {
    let header = stream.header;
    // A stream's body is as long as its header says, so its columns are of one length.
    Cloud::from_columns(columns(stream)).map_err(|_| SpzError::Truncated {
        expected: header.body_size(),
        found: stream.body().len(),
    })
}

/// Every kind of column on a core of its own: each is made once, in order, and never zeroed first.
fn columns(stream: &Stream) -> Columns {
    let header = stream.header;
    let [positions, opacities, colours, scales, rotations, harmonics] = header.split(stream.body());
    let positions = || match header.positions {
        Positions::Half => unpack_half_positions(positions),
        Positions::Fixed(bits) => unpack_fixed_positions(positions, bits),
    };
    let rotations = || match header.rotations {
        Rotations::FirstThree => unpack_first_three(rotations),
        Rotations::SmallestThree => unpack_smallest_three(rotations),
    };
    let opacities = || look_up(opacities, &table(logit));
    let colours = || unpack_triples(colours, &table(|colour| (colour / 255.0 - 0.5) / 0.15));
    let log_scales = || unpack_triples(scales, &table(|scale| scale / 16.0 - 10.0));
    let harmonics = || look_up(harmonics, &table(|value| (value - 128.0) / 128.0));
    let (((positions, opacity_logits), colours), ((rotations, log_scales), values)) = rayon::join(
        || rayon::join(|| rayon::join(positions, opacities), colours),
        || rayon::join(|| rayon::join(rotations, log_scales), harmonics),
    );
    Columns {
        positions,
        log_scales,
        rotations,
        opacity_logits,
        colours,
        sh: Sh {
            degree: header.degree,
            values,
        },
    }
}

fn unpack_first_three(bytes: &[u8]) -> [Vec<f32>; 4] {
    let [x, y, z] = unpack_triples(bytes, &table(rotation::first_three_part));
    let parts = x.iter().zip(&y).zip(&z);
    let w = parts.map(|((x, y), z)| rotation::first_three_w(*x, *y, *z));
    [w.collect(), x, y, z]
}

fn unpack_smallest_three(bytes: &[u8]) -> [Vec<f32>; 4] {
    let (splats, _) = bytes.as_chunks::<4>();
    let mut columns: [Vec<f32>; 4] = std::array::from_fn(|_| Vec::with_capacity(splats.len()));
    for splat in splats {
        let parts = rotation::unpack_smallest_three(*splat);
        for (column, part) in columns.iter_mut().zip(parts) {
            column.push(part);
        }
    }
    columns
}

fn table(meaning: impl Fn(f32) -> f32) -> Table {
    let mut byte = 0.0;
    [(); 256].map(|()| {
        let value = meaning(byte);
        byte += 1.0;
        value
    })
}

fn look_up(bytes: &[u8], table: &Table) -> Vec<f32> {
    bytes.iter().map(|byte| table[usize::from(*byte)]).collect()
}

fn unpack_triples(bytes: &[u8], table: &Table) -> [Vec<f32>; 3] {
    let (triples, _) = bytes.as_chunks::<3>();
    std::array::from_fn(|axis| {
        triples
            .iter()
            .map(|triple| table[usize::from(triple[axis])])
            .collect()
    })
}

fn unpack_fixed_positions(bytes: &[u8], fractional_bits: u8) -> [Vec<f32>; 3] {
    let step = (-f32::from(fractional_bits)).exp2();
    let (splats, _) = bytes.as_chunks::<9>();
    std::array::from_fn(|axis| {
        let first = axis * 3;
        splats
            .iter()
            .map(|splat| {
                let raw = [0, splat[first], splat[first + 1], splat[first + 2]];
                // Shifting back down from the top extends the sign.
                (i32::from_le_bytes(raw) >> 8) as f32 * step
            })
            .collect()
    })
}

fn unpack_half_positions(bytes: &[u8]) -> [Vec<f32>; 3] {
    let (splats, _) = bytes.as_chunks::<6>();
    std::array::from_fn(|axis| {
        splats
            .iter()
            .map(|splat| half::f16::from_le_bytes([splat[axis * 2], splat[axis * 2 + 1]]).to_f32())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_points_extend_their_sign() {
        let [x, y, z] = unpack_fixed_positions(&[1, 0, 0, 0xFF, 0xFF, 0xFF, 0, 0, 0x80], 12);
        assert_eq!((x[0], y[0], z[0]), (1.0 / 4096.0, -1.0 / 4096.0, -2048.0));
    }

    #[test]
    fn version_one_positions_are_halves() {
        let [one, minus_two, tiny] = [0x3C00_u16, 0xC000, 0x0001].map(u16::to_le_bytes);
        let [x, y, z] = unpack_half_positions(&[one, minus_two, tiny].concat());
        assert_eq!((x[0], y[0], z[0]), (1.0, -2.0, 2.0_f32.powi(-24)));
    }
}
