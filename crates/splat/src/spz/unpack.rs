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

/// The kinds of columns are filled side by side, each in order and never zeroed first. Room for them
/// is made here: a core's own heap would be given back each time.
fn columns(stream: &Stream) -> Columns {
    let header = stream.header;
    let [positions, opacities, colours, scales, rotations, harmonics] = header.split(stream.body());
    let mut columns = Cloud::with_capacity(header.count).into_columns();
    let mut values = Vec::with_capacity(harmonics.len());
    let fill_positions = || match header.positions {
        Positions::Half => unpack_half_positions(positions, &mut columns.positions),
        Positions::Fixed(bits) => {
            unpack_fixed_positions(positions, bits, &mut columns.positions);
        }
    };
    let fill_rotations = || match header.rotations {
        Rotations::FirstThree => unpack_first_three(rotations, &mut columns.rotations),
        Rotations::SmallestThree => unpack_smallest_three(rotations, &mut columns.rotations),
    };
    let fill_opacities = || look_up(opacities, &table(logit), &mut columns.opacity_logits);
    let fill_colours = || {
        let colour = table(|colour| (colour / 255.0 - 0.5) / 0.15);
        unpack_triples(colours, &colour, &mut columns.colours);
    };
    let fill_scales = || {
        let scale = table(|scale| scale / 16.0 - 10.0);
        unpack_triples(scales, &scale, &mut columns.log_scales);
    };
    let fill_harmonics = || {
        look_up(
            harmonics,
            &table(|value| (value - 128.0) / 128.0),
            &mut values,
        );
    };
    rayon::join(
        || rayon::join(fill_positions, || rayon::join(fill_colours, fill_opacities)),
        || rayon::join(fill_rotations, || rayon::join(fill_scales, fill_harmonics)),
    );
    let degree = header.degree;
    columns.sh = Sh { degree, values };
    columns
}

fn unpack_first_three(bytes: &[u8], [w, x, y, z]: &mut [Vec<f32>; 4]) {
    unpack_triples(bytes, &table(rotation::first_three_part), [&mut *x, y, z]);
    let parts = x.iter().zip(y).zip(z);
    w.extend(parts.map(|((x, y), z)| rotation::first_three_w(*x, *y, *z)));
}

fn unpack_smallest_three(bytes: &[u8], columns: &mut [Vec<f32>; 4]) {
    let (splats, _) = bytes.as_chunks::<4>();
    for splat in splats {
        let parts = rotation::unpack_smallest_three(*splat);
        for (column, part) in columns.iter_mut().zip(parts) {
            column.push(part);
        }
    }
}

fn table(meaning: impl Fn(f32) -> f32) -> Table {
    let mut byte = 0.0;
    [(); 256].map(|()| {
        let value = meaning(byte);
        byte += 1.0;
        value
    })
}

fn look_up(bytes: &[u8], table: &Table, column: &mut Vec<f32>) {
    column.extend(bytes.iter().map(|byte| table[usize::from(*byte)]));
}

fn unpack_triples<'a>(
    bytes: &[u8],
    table: &Table,
    columns: impl IntoIterator<Item = &'a mut Vec<f32>>,
) {
    let (triples, _) = bytes.as_chunks::<3>();
    for (axis, column) in columns.into_iter().enumerate().take(3) {
        column.extend(
            triples
                .iter()
                .map(|triple| table[usize::from(triple[axis])]),
        );
    }
}

fn unpack_fixed_positions(bytes: &[u8], fractional_bits: u8, columns: &mut [Vec<f32>; 3]) {
    let step = (-f32::from(fractional_bits)).exp2();
    let (splats, _) = bytes.as_chunks::<9>();
    for (axis, column) in columns.iter_mut().enumerate() {
        let first = axis * 3;
        column.extend(splats.iter().map(|splat| {
            let raw = [0, splat[first], splat[first + 1], splat[first + 2]];
            // Shifting back down from the top extends the sign.
            (i32::from_le_bytes(raw) >> 8) as f32 * step
        }));
    }
}

fn unpack_half_positions(bytes: &[u8], columns: &mut [Vec<f32>; 3]) {
    let (halves, _) = bytes.as_chunks::<2>();
    for (axis, column) in columns.iter_mut().enumerate() {
        let halves = halves.iter().skip(axis).step_by(3);
        column.extend(halves.map(|half| half::f16::from_le_bytes(*half).to_f32()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_points_extend_their_sign() {
        let mut columns = [const { Vec::new() }; 3];
        unpack_fixed_positions(&[1, 0, 0, 0xFF, 0xFF, 0xFF, 0, 0, 0x80], 12, &mut columns);
        let [x, y, z] = columns;
        assert_eq!((x[0], y[0], z[0]), (1.0 / 4096.0, -1.0 / 4096.0, -2048.0));
    }

    #[test]
    fn version_one_positions_are_halves() {
        let [one, minus_two, tiny] = [0x3C00_u16, 0xC000, 0x0001].map(u16::to_le_bytes);
        let mut columns = [const { Vec::new() }; 3];
        unpack_half_positions(&[one, minus_two, tiny].concat(), &mut columns);
        let [x, y, z] = columns;
        assert_eq!((x[0], y[0], z[0]), (1.0, -2.0, 2.0_f32.powi(-24)));
    }
}
