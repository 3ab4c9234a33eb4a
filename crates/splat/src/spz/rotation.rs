//! Rotations in three or four bytes.
//!
//! *First three* (up to version 2): x, y, z of the quaternion with w ≥ 0, a byte each.
//! *Smallest three* (version 3): 32 bits, little endian; the top two say which of x, y, z, w is
//! largest and left out, and below them the other three in order, each a sign over nine bits of
//! magnitude in steps of √½/511 (nianticlabs/spz, `src/cc/load-spz.cc`).

use super::pack::quantise;

/// How a rotation is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rotations {
    /// Three bytes.
    FirstThree,
    /// Four bytes, and about ten times as fine.
    SmallestThree,
}

impl Rotations {
    /// Bytes of one rotation.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::FirstThree => 3,
            Self::SmallestThree => 4,
        }
    }
}

/// What a stored byte means, in the fused form the reference's compiler makes of its source.
pub(super) fn first_three_part(byte: f32) -> f32 {
    byte.mul_add(1.0 / 127.5, -1.0)
}

/// The rotation `w, x, y, z` of three bytes.
pub(super) fn unpack_first_three(bytes: [u8; 3]) -> [f32; 4] {
    let [x, y, z] = bytes.map(|byte| first_three_part(f32::from(byte)));
    [first_three_w(x, y, z), x, y, z]
}

/// The w that makes a unit quaternion, or 0 where the stored parts are too long for one.
pub(super) fn first_three_w(x: f32, y: f32, z: f32) -> f32 {
    let squared = z.mul_add(z, x.mul_add(x, y * y));
    (1.0 - squared).max(0.0).sqrt()
}

/// Length of a quaternion, in the order the reference adds it up.
pub(super) fn norm([w, x, y, z]: [f32; 4]) -> f32 {
    (x * x + y * y + z * z + w * w).sqrt()
}

/// Half the steps of a byte, with the sign that makes w positive: q and −q are one rotation.
pub(super) fn half_turn(unit_w: f32) -> f32 {
    if unit_w < 0.0 { -127.5 } else { 127.5 }
}

/// The byte of a part of a unit quaternion, before it is rounded.
pub(super) fn first_three_byte(part: f32, half_turn: f32) -> f32 {
    part * half_turn + 127.5
}

/// The three bytes of a rotation `w, x, y, z`.
pub(super) fn pack_first_three(rotation: [f32; 4]) -> [u8; 3] {
    let norm = norm(rotation);
    let [w, x, y, z] = rotation.map(|part| part / norm);
    [x, y, z].map(|part| quantise(first_three_byte(part, half_turn(w))))
}

/// Bits of a magnitude, the largest there is, and the sign above it.
const MAGNITUDE_BITS: u32 = 9;
const LARGEST_MAGNITUDE: u32 = (1 << MAGNITUDE_BITS) - 1;
const PART_BITS: u32 = MAGNITUDE_BITS + 1;

/// The part a magnitude of [`LARGEST_MAGNITUDE`] stands for: what is not the largest of four is at
/// most √½.
const LARGEST_PART: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The four bytes of a rotation `w, x, y, z`. What is no rotation, all zero or of no finite length,
/// becomes the identity.
///
/// The part left out is the largest, the first of equal ones. Only a rotation that comes from four
/// such bytes gets bytes that mean exactly itself, though the part that was left out may have come
/// back a little smaller than another: packing again never rounds again.
pub(super) fn pack_smallest_three(rotation: [f32; 4]) -> [u8; 4] {
    const IDENTITY: u32 = 3 << (3 * PART_BITS);
    let norm = norm(rotation);
    if norm == 0.0 || !norm.is_finite() {
        return IDENTITY.to_le_bytes();
    }
    let [w, x, y, z] = rotation.map(|part| part / norm);
    let parts = [x, y, z, w];
    let magnitudes = parts.map(f32::abs);
    let mut largest = 0;
    for index in 1..4 {
        if magnitudes[index] > magnitudes[largest] {
            largest = index;
        }
    }
    let floor = magnitudes[largest] - FALL;
    (0..4)
        .filter(|index| *index != largest && magnitudes[*index] >= floor)
        .map(|index| pack_without(parts, index))
        .find(|packed| unpack_smallest_three(*packed) == rotation)
        .unwrap_or_else(|| pack_without(parts, largest))
}

/// By how much the part left out may come back smaller than another: two steps, for it takes one and
/// a half from the rounding of the three, and half a one may have been added to the other.
const FALL: f32 = 2.01 * LARGEST_PART / LARGEST_MAGNITUDE as f32;

/// The bytes of a unit quaternion `x, y, z, w` without one of its parts.
fn pack_without(parts: [f32; 4], left_out: usize) -> [u8; 4] {
    // q and −q are one rotation: the part that is left out is taken for positive.
    let negated = parts[left_out] < 0.0;
    let mut packed = left_out as u32;
    for (index, part) in parts.into_iter().enumerate() {
        if index != left_out {
            let magnitude = LARGEST_MAGNITUDE as f32 * (part.abs() / LARGEST_PART) + 0.5;
            let magnitude = (magnitude as u32).min(LARGEST_MAGNITUDE);
            let sign = u32::from((part < 0.0) != negated);
            packed = packed << PART_BITS | sign << MAGNITUDE_BITS | magnitude;
        }
    }
    packed.to_le_bytes()
}

/// The rotation `w, x, y, z` of four bytes. Parts too long for a unit quaternion, which only a
/// forged file has, leave 0 for the fourth.
pub(super) fn unpack_smallest_three(bytes: [u8; 4]) -> [f32; 4] {
    let mut packed = u32::from_le_bytes(bytes);
    let largest = (packed >> (3 * PART_BITS)) as usize;
    let mut parts = [0.0_f32; 4];
    let mut squared = 0.0;
    for (index, part) in parts.iter_mut().enumerate().rev() {
        if index != largest {
            let magnitude = (packed & LARGEST_MAGNITUDE) as f32;
            *part = LARGEST_PART * magnitude / LARGEST_MAGNITUDE as f32;
            if packed >> MAGNITUDE_BITS & 1 == 1 {
                *part = -*part;
            }
            squared += *part * *part;
            packed >>= PART_BITS;
        }
    }
    if let Some(part) = parts.get_mut(largest) {
        *part = (1.0 - squared).max(0.0).sqrt();
    }
    let [x, y, z, w] = parts;
    [w, x, y, z]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_lie_where_the_reference_has_them() {
        // w is the largest: index 3, then x, y, z from the top down.
        assert_eq!(
            pack_smallest_three([1.0, 0.0, 0.0, 0.0]),
            (3_u32 << 30).to_le_bytes()
        );
        let half = pack_smallest_three([1.0, 1.0, 0.0, -1.0]);
        let step = (511.0_f32 * ((1.0_f32 / 3.0_f32.sqrt()) / 0.5_f32.sqrt()) + 0.5) as u32;
        // A tie goes to the first: x is left out, then y, z (negative) and w.
        assert_eq!(u32::from_le_bytes(half), (512 | step) << 10 | step);
        // The largest is negative: every sign is turned.
        let turned = pack_smallest_three([-2.0, 1.0, -1.0, 0.0]);
        let step = (511.0_f32 * ((1.0_f32 / 6.0_f32.sqrt()) / 0.5_f32.sqrt()) + 0.5) as u32;
        let expected = 3 << 30 | (512 | step) << 20 | step << 10 | 512;
        assert_eq!(u32::from_le_bytes(turned), expected);
    }

    #[test]
    fn rotations_come_back_within_half_a_step() {
        let half_step = 0.5_f32.sqrt() / 511.0 / 2.0;
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        };
        for _ in 0..20_000 {
            let rotation: [f32; 4] = std::array::from_fn(|_| random());
            let norm = rotation.iter().map(|part| part * part).sum::<f32>().sqrt();
            let unpacked = unpack_smallest_three(pack_smallest_three(rotation));
            let dot: f32 = rotation.iter().zip(unpacked).map(|(a, b)| a * b).sum();
            let sign = if dot < 0.0 { -1.0 } else { 1.0 };
            // The part left out takes the errors of the three others upon it.
            for (before, after) in rotation.iter().zip(unpacked) {
                let error = (sign * before / norm - after).abs();
                assert!(error <= 3.0 * half_step + 1e-6, "{rotation:?} {unpacked:?}");
            }
        }
    }

    #[test]
    fn packing_what_was_unpacked_changes_nothing() {
        let mut seed = 9_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        };
        for _ in 0..200_000 {
            // Two, three or four parts nearly equal as well: there the largest is in doubt.
            let spread = [1.0, 0.1, 0.01, 0.001][(random() * 2.0 + 2.0) as usize];
            let level = [0.0, 0.5, 0.577, 0.707][(random() * 2.0 + 2.0) as usize];
            let near = |value: f32| value.signum() * level + value * spread;
            let rotation = [random(), random(), random(), random()].map(near);
            let once = unpack_smallest_three(pack_smallest_three(rotation));
            let again = unpack_smallest_three(pack_smallest_three(once));
            // Nothing but the sign of a zero, that is.
            assert_eq!(again, once, "{rotation:?}");
        }
    }

    #[test]
    fn what_is_no_rotation_becomes_the_identity() {
        for rotation in [
            [0.0; 4],
            [f32::NAN, 0.0, 0.0, 1.0],
            [f32::INFINITY, 1.0, 0.0, 0.0],
            [f32::MAX; 4],
        ] {
            let unpacked = unpack_smallest_three(pack_smallest_three(rotation));
            assert!(unpacked.iter().all(|part| part.is_finite()));
            assert_eq!(unpacked[0], 1.0, "{rotation:?}");
        }
    }

    #[test]
    fn any_four_bytes_are_finite() {
        for packed in (0..=u32::MAX).step_by(65_537) {
            let parts = unpack_smallest_three(packed.to_le_bytes());
            assert!(parts.iter().all(|part| part.is_finite()), "{packed:#x}");
        }
    }
}
