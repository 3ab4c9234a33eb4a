//! A cloud into the packed stream, section after section.
//!
//! Plain float32 arithmetic, in the order the reference does it (404-Repo/spz,
//! `src/cc/load-spz.cc`): that is what makes every byte equal. The loops are free of branches and
//! calls where they can be, so that they vectorise.

use super::{
    header::{self, Header},
    rotation::{self, Rotations},
};
use crate::{Cloud, Sh};

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

    pack_positions(&columns.positions, positions);
    for (byte, logit) in opacities.iter_mut().zip(&columns.opacity_logits) {
        *byte = quantise(sigmoid(*logit) * 255.0);
    }
    for channel in 0..3 {
        pack_column(
            &columns.colours[channel],
            &mut colours[channel..],
            |colour| colour * (COLOUR_SCALE * 255.0) + 0.5 * 255.0,
        );
        pack_column(
            &columns.log_scales[channel],
            &mut scales[channel..],
            |log_scale| (log_scale + 10.0) * 16.0,
        );
    }
    match kind {
        Rotations::FirstThree => {
            pack_rotations(&columns.rotations, rotations, rotation::pack_first_three);
        }
        Rotations::SmallestThree => {
            pack_rotations(&columns.rotations, rotations, rotation::pack_smallest_three);
        }
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

/// `1 / (1 + e^−v)`: exactly 0 and 1 at the infinities.
fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Rounds half away from zero and clamps to a byte; not-a-number is 0.
///
/// Spelt out, because `f32::round` is a call on plain x86-64. The fraction of a float is exact, so
/// this is its equal on every input (the tests go through them).
pub(super) fn quantise(value: f32) -> u8 {
    let value = value.clamp(0.0, 255.0);
    let whole = value as i32;
    (whole + i32::from(value - whole as f32 >= 0.5)) as u8
}

fn pack_column(column: &[f32], out: &mut [u8], scaled: impl Fn(f32) -> f32) {
    for (triple, value) in out.chunks_mut(3).zip(column) {
        triple[0] = quantise(scaled(*value));
    }
}

fn pack_positions(positions: &[Vec<f32>; 3], out: &mut [u8]) {
    let [xs, ys, zs] = positions;
    for (((bytes, x), y), z) in out.chunks_exact_mut(9).zip(xs).zip(ys).zip(zs) {
        let [x0, x1, x2, _] = fixed_point(*x).to_le_bytes();
        let [y0, y1, y2, _] = fixed_point(*y).to_le_bytes();
        let [z0, z1, z2, _] = fixed_point(*z).to_le_bytes();
        bytes.copy_from_slice(&[x0, x1, x2, y0, y1, y2, z0, z1, z2]);
    }
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

fn pack_rotations<const SIZE: usize>(
    rotations: &[Vec<f32>; 4],
    out: &mut [u8],
    pack: impl Fn([f32; 4]) -> [u8; SIZE],
) {
    let [ws, xs, ys, zs] = rotations;
    let (out, _) = out.as_chunks_mut::<SIZE>();
    for ((((bytes, w), x), y), z) in out.iter_mut().zip(ws).zip(xs).zip(ys).zip(zs) {
        *bytes = pack([*w, *x, *y, *z]);
    }
}

fn pack_harmonics(sh: &Sh, out: &mut [u8]) {
    let per_splat = Sh::values_per_splat(sh.degree);
    if per_splat == 0 {
        return;
    }
    for (bytes, values) in out
        .chunks_exact_mut(per_splat)
        .zip(sh.values.chunks_exact(per_splat))
    {
        for (index, (byte, value)) in bytes.iter_mut().zip(values).enumerate() {
            let bucket = if index < FIRST_DEGREE_VALUES {
                FIRST_DEGREE_BUCKET
            } else {
                HIGHER_DEGREE_BUCKET
            };
            *byte = quantise_harmonic(*value, bucket);
        }
    }
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
