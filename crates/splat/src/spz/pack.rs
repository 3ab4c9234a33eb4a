//! A cloud into the packed stream, section after section.
//!
//! Plain float32 arithmetic, in the order the reference does it (404-Repo/spz,
//! `src/cc/load-spz.cc`): that is what makes every byte equal. It is done on a block of splats at a
//! time, without branches or calls where that can be, so that it vectorises; only then are the bytes
//! of the splats woven together.

use rayon::prelude::*;

use super::{
    header::{self, Header},
    rotation::{self, Rotations},
};
use crate::{Cloud, Sh, opacity::sigmoid};

/// Splats whose numbers are worked on together.
const LANES: usize = 32;

/// Splats a thread takes at a time.
const PIECE: usize = 256 * LANES;

/// One number of every splat of a block.
type Block<T> = [T; LANES];

/// Steps of a packed position per unit.
const POSITION_STEPS: f32 = 4096.0;

/// Width of the range of colours that is kept: `f_dc` of ±1/2/0.15 is where it saturates.
const COLOUR_SCALE: f32 = 0.15;

/// Harmonics of degree 1 are kept to 5 bits, those above to 4.
const FIRST_DEGREE_BUCKET: i32 = 1 << (8 - 5);
const HIGHER_DEGREE_BUCKET: i32 = 1 << (8 - 4);

/// Values of degree 1 per splat, which come first.
const FIRST_DEGREE_VALUES: usize = 9;

/// The stream of a cloud, header included.
pub(super) fn pack(cloud: &Cloud, kind: Rotations) -> Vec<u8> {
    let columns = cloud.columns();
    let header = Header::new(cloud.len(), columns.sh.degree, kind);
    let mut stream = vec![0; header::SIZE + header.body_size()];
    let (head, body) = stream.split_at_mut(header::SIZE);
    head.copy_from_slice(&header.write());
    let [positions, opacities, colours, scales, rotations, harmonics] =
        sections_mut(body, header.sections());

    weave(&columns.positions, positions, pack_positions);
    let opacity = std::array::from_ref(&columns.opacity_logits);
    weave(opacity, opacities, |[logits]| {
        logits.map(|logit| [quantise(sigmoid(logit) * 255.0)])
    });
    weave(&columns.colours, colours, |colours| {
        woven(colours.map(|channel| {
            each(&channel, |colour| {
                quantise(colour * (COLOUR_SCALE * 255.0) + 0.5 * 255.0)
            })
        }))
    });
    weave(&columns.log_scales, scales, |scales| {
        woven(scales.map(|axis| each(&axis, |log_scale| quantise((log_scale + 10.0) * 16.0))))
    });
    match kind {
        Rotations::FirstThree => weave(&columns.rotations, rotations, pack_first_three),
        Rotations::SmallestThree => weave(&columns.rotations, rotations, pack_smallest_three),
    }
    pack_harmonics(&columns.sh, harmonics);
    stream
}

fn sections_mut(mut body: &mut [u8], sizes: [usize; 6]) -> [&mut [u8]; 6] {
    sizes.map(|size| {
        let (section, rest) = std::mem::take(&mut body).split_at_mut(size);
        body = rest;
        section
    })
}

/// Fills a section: each block of the columns becomes its splats' bytes. On all cores.
fn weave<const COLUMNS: usize, const BYTES: usize>(
    columns: &[Vec<f32>; COLUMNS],
    section: &mut [u8],
    pack: impl Fn([Block<f32>; COLUMNS]) -> Block<[u8; BYTES]> + Sync,
) {
    let (rows, _) = section.as_chunks_mut::<BYTES>();
    let pieces = rows.par_chunks_mut(PIECE).enumerate();
    pieces.for_each(|(piece, rows)| {
        for (block, rows) in rows.chunks_mut(LANES).enumerate() {
            let first = piece * PIECE + block * LANES;
            let packed = pack(columns.each_ref().map(|column| block_at(column, first)));
            rows.copy_from_slice(&packed[..rows.len()]);
        }
    });
}

/// The block of a column that begins at splat `first`, filled up with zeros at the column's end.
fn block_at(column: &[f32], first: usize) -> Block<f32> {
    let rest = column.get(first..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut block = [0.0; LANES];
        for (lane, value) in block.iter_mut().zip(rest) {
            *lane = *value;
        }
        block
    })
}

/// Rounds half away from zero and clamps to a byte; not-a-number is 0.
///
/// Spelt out, because `f32::round` is a call on plain x86-64 and a saturating cast takes several
/// instructions: added to 2²³, a number this small is rounded to a whole one, half to even, that
/// stands in the lowest bits. The fraction of a float is exact, so this is the equal of its
/// definition on every input (the tests go through them).
pub(super) fn quantise(value: f32) -> u8 {
    const WHOLE: f32 = 8_388_608.0;
    // Not `clamp`: the first comparison sends not-a-number to 0.
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < 255.0 { value } else { 255.0 };
    let rounded = value + WHOLE;
    let halved_down = value - (rounded - WHOLE) == 0.5;
    (rounded.to_bits() + u32::from(halved_down)) as u8
}

/// Does the same to every number of a block. (`map` on an array this long does not vectorise.)
fn each<T: Copy + Default>(block: &Block<f32>, work: impl Fn(f32) -> T) -> Block<T> {
    let mut out = [T::default(); LANES];
    for (out, value) in out.iter_mut().zip(block) {
        *out = work(*value);
    }
    out
}

/// Three bytes of every splat, splat after splat.
fn woven([first, second, third]: [Block<u8>; 3]) -> Block<[u8; 3]> {
    let mut out = [[0; 3]; LANES];
    for (lane, out) in out.iter_mut().enumerate() {
        *out = [first[lane], second[lane], third[lane]];
    }
    out
}

fn pack_positions(axes: [Block<f32>; 3]) -> Block<[u8; 9]> {
    const LOW_BITS: u64 = (1 << 24) - 1;
    let [x, y, z] = axes.map(|axis| each(&axis, fixed_point));
    let mut out = [[0; 9]; LANES];
    for (lane, out) in out.iter_mut().enumerate() {
        // Sign extension, cut off at once.
        let [x, y, z] = [x, y, z].map(|axis| axis[lane] as u64 & LOW_BITS);
        let [b0, b1, b2, b3, b4, b5, b6, b7] = (x | y << 24 | z << 48).to_le_bytes();
        *out = [b0, b1, b2, b3, b4, b5, b6, b7, (z >> 16) as u8];
    }
    out
}

/// A position in steps, rounded half away from zero. The low 24 bits are kept, so it wraps at
/// ±2048; what does not fit 32 bits is 0 there, as the reference's x86 conversion has it.
fn fixed_point(position: f32) -> i32 {
    let steps = position * POSITION_STEPS;
    let whole = steps as i32;
    let fraction = steps - whole as f32;
    let rounded = whole
        .wrapping_add(i32::from(fraction >= 0.5))
        .wrapping_sub(i32::from(fraction <= -0.5));
    // 2^31: from here on the conversion above saturates.
    if steps.abs() < 2_147_483_648.0 {
        rounded
    } else {
        0
    }
}

/// x, y, z of the unit quaternions that have w ≥ 0. Step by step, so that each step vectorises.
fn pack_first_three([w, x, y, z]: [Block<f32>; 4]) -> Block<[u8; 3]> {
    let mut norm = [0.0; LANES];
    for (lane, norm) in norm.iter_mut().enumerate() {
        *norm = rotation::norm([w[lane], x[lane], y[lane], z[lane]]);
    }
    let mut half_turn = [0.0; LANES];
    for (lane, half_turn) in half_turn.iter_mut().enumerate() {
        *half_turn = rotation::half_turn(w[lane] / norm[lane]);
    }
    woven([x, y, z].map(|part| {
        let mut out = [0; LANES];
        for (lane, out) in out.iter_mut().enumerate() {
            *out = quantise(rotation::first_three_byte(
                part[lane] / norm[lane],
                half_turn[lane],
            ));
        }
        out
    }))
}

fn pack_smallest_three([w, x, y, z]: [Block<f32>; 4]) -> Block<[u8; 4]> {
    let mut out = [[0; 4]; LANES];
    for (lane, out) in out.iter_mut().enumerate() {
        *out = rotation::pack_smallest_three([w[lane], x[lane], y[lane], z[lane]]);
    }
    out
}

fn pack_harmonics(sh: &Sh, out: &mut [u8]) {
    let per_splat = Sh::values_per_splat(sh.degree);
    if per_splat == 0 {
        return;
    }
    let pieces = out.par_chunks_mut(PIECE * per_splat);
    let values = sh.values.par_chunks(PIECE * per_splat);
    pieces.zip(values).for_each(|(bytes, values)| {
        let splats = bytes.chunks_exact_mut(per_splat);
        for (bytes, values) in splats.zip(values.chunks_exact(per_splat)) {
            let (first, higher) = bytes.split_at_mut(FIRST_DEGREE_VALUES);
            let (first_values, higher_values) = values.split_at(FIRST_DEGREE_VALUES);
            for (byte, value) in first.iter_mut().zip(first_values) {
                *byte = quantise_harmonic(*value, FIRST_DEGREE_BUCKET);
            }
            for (byte, value) in higher.iter_mut().zip(higher_values) {
                *byte = quantise_harmonic(*value, HIGHER_DEGREE_BUCKET);
            }
        }
    });
}

/// The middle of the bucket a value falls into, of −1 to 1 in 256 steps.
fn quantise_harmonic(value: f32, bucket: i32) -> u8 {
    // Clamped far outside a byte, so that no sum below overflows; not-a-number is 0.
    let step = ((value * 128.0).round() + 128.0).clamp(-1024.0, 1024.0) as i32;
    ((step + bucket / 2) / bucket * bucket).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition [`quantise`] is a faster spelling of.
    fn plain_quantise(value: f32) -> u8 {
        value.round().clamp(0.0, 255.0) as u8
    }

    #[test]
    fn quantising_equals_its_definition() {
        let awkward = [
            0.0,
            -0.0,
            0.499_999_97,
            0.5,
            254.5,
            254.499_98,
            255.0,
            255.5,
            1e30,
        ];
        let infinite = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MIN_POSITIVE,
        ];
        // Every 251st float there is, both signs.
        let all = (0..=u32::MAX).step_by(251).map(f32::from_bits);
        for value in awkward.into_iter().chain(infinite).chain(all) {
            assert_eq!(quantise(value), plain_quantise(value), "{value:e}");
        }
    }

    #[test]
    fn positions_round_half_away_and_wrap() {
        let low = |position: f32| fixed_point(position) & 0xFF_FFFF;
        assert_eq!(low(0.5 / 4096.0), 1);
        assert_eq!(low(-0.5 / 4096.0), 0xFF_FFFF);
        assert_eq!(low(2048.0), 0x80_0000);
        assert_eq!(low(4096.0), 0);
        for unpackable in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30] {
            assert_eq!(low(unpackable), 0);
        }
        for bits in (0..=u32::MAX).step_by(251) {
            let position = f32::from_bits(bits);
            let steps = (position * 4096.0).round();
            if steps.abs() < 2_147_483_648.0 {
                assert_eq!(fixed_point(position), steps as i32, "{position:e}");
            }
        }
    }

    #[test]
    fn not_a_number_packs_to_zero() {
        assert_eq!(quantise(f32::NAN), 0);
        assert_eq!(quantise_harmonic(f32::NAN, FIRST_DEGREE_BUCKET), 0);
        assert_eq!(quantise_harmonic(f32::INFINITY, FIRST_DEGREE_BUCKET), 255);
        assert_eq!(
            quantise_harmonic(f32::NEG_INFINITY, HIGHER_DEGREE_BUCKET),
            0
        );
    }
}
