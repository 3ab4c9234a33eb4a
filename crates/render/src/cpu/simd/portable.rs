//! Eight lanes as plain arrays: short loops without branches, which the compiler turns into vector
//! code for the processor it builds for.

use super::{EXP2, EXP2_LOWEST, Lanes};

const COUNT: usize = 8;

/// Always there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

/// Aligned, so that a vector never straddles cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Array([f32; COUNT]);

impl AsRef<[f32]> for Array {
    fn as_ref(&self) -> &[f32] {
        &self.0
    }
}

impl AsMut<[f32]> for Array {
    fn as_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

type Float = [f32; COUNT];
/// All bits of a lane are set where it holds.
type Mask = [u32; COUNT];

#[inline(always)]
fn each(value: impl Fn(usize) -> f32) -> Float {
    std::array::from_fn(value)
}

#[inline(always)]
fn test(holds: impl Fn(usize) -> bool) -> Mask {
    std::array::from_fn(|lane| if holds(lane) { u32::MAX } else { 0 })
}

#[inline(always)]
fn fused(left: f32, right: f32, addend: f32) -> f32 {
    // Without the instruction, a fused operation is a slow call.
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        left.mul_add(right, addend)
    } else {
        left * right + addend
    }
}

/// The exponent is split into a whole number, put straight into the float's exponent bits, and a rest
/// of at most ½ for the polynomial.
#[inline(always)]
fn exp2(exponent: f32) -> f32 {
    /// 1.5 · 2²³: adding and taking it off rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let exponent = if exponent > EXP2_LOWEST {
        exponent
    } else {
        EXP2_LOWEST
    };
    let shifted = exponent + ROUND;
    let rest = exponent - (shifted - ROUND);
    let [constant, c1, c2, c3, c4, c5] = EXP2;
    let polynomial = fused(
        fused(
            fused(fused(fused(c5, rest, c4), rest, c3), rest, c2),
            rest,
            c1,
        ),
        rest,
        constant,
    );
    let power = shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127)
        << 23;
    polynomial * f32::from_bits(power)
}

impl Lanes for Portable {
    const COUNT: usize = COUNT;
    type Array = Array;
    type Float = Float;
    type Mask = Mask;

    #[inline(always)]
    fn splat(self, value: f32) -> Float {
        [value; COUNT]
    }

    #[inline(always)]
    fn array(self, value: f32) -> Array {
        Array([value; COUNT])
    }

    #[inline(always)]
    fn load(self, from: &Array) -> Float {
        from.0
    }

    #[inline(always)]
    fn store(self, value: Float, to: &mut Array) {
        to.0 = value;
    }

    #[inline(always)]
    fn add(self, left: Float, right: Float) -> Float {
        each(|lane| left[lane] + right[lane])
    }

    #[inline(always)]
    fn subtract(self, left: Float, right: Float) -> Float {
        each(|lane| left[lane] - right[lane])
    }

    #[inline(always)]
    fn multiply(self, left: Float, right: Float) -> Float {
        each(|lane| left[lane] * right[lane])
    }

    #[inline(always)]
    fn divide(self, left: Float, right: Float) -> Float {
        each(|lane| left[lane] / right[lane])
    }

    #[inline(always)]
    fn multiply_add(self, left: Float, right: Float, addend: Float) -> Float {
        each(|lane| fused(left[lane], right[lane], addend[lane]))
    }

    #[inline(always)]
    fn min(self, left: Float, right: Float) -> Float {
        each(|lane| {
            if left[lane] < right[lane] {
                left[lane]
            } else {
                right[lane]
            }
        })
    }

    #[inline(always)]
    fn max(self, left: Float, right: Float) -> Float {
        each(|lane| {
            if left[lane] > right[lane] {
                left[lane]
            } else {
                right[lane]
            }
        })
    }

    #[inline(always)]
    fn square_root(self, value: Float) -> Float {
        each(|lane| value[lane].sqrt())
    }

    #[inline(always)]
    fn floor(self, value: Float) -> Float {
        each(|lane| value[lane].floor())
    }

    #[inline(always)]
    fn ceil(self, value: Float) -> Float {
        each(|lane| value[lane].ceil())
    }

    #[inline(always)]
    fn exp2(self, exponent: Float) -> Float {
        each(|lane| exp2(exponent[lane]))
    }

    #[inline(always)]
    fn at_most(self, left: Float, right: Float) -> Mask {
        test(|lane| left[lane] <= right[lane])
    }

    #[inline(always)]
    fn above(self, left: Float, right: Float) -> Mask {
        test(|lane| left[lane] > right[lane])
    }

    #[inline(always)]
    fn both(self, left: Mask, right: Mask) -> Mask {
        std::array::from_fn(|lane| left[lane] & right[lane])
    }

    #[inline(always)]
    fn but_not(self, left: Mask, right: Mask) -> Mask {
        std::array::from_fn(|lane| left[lane] & !right[lane])
    }

    #[inline(always)]
    fn bits(self, mask: Mask) -> u32 {
        const BIT: [u32; COUNT] = [1, 2, 4, 8, 16, 32, 64, 128];
        let mut bits = 0;
        for lane in 0..COUNT {
            bits |= mask[lane] & BIT[lane];
        }
        bits
    }

    #[inline(always)]
    fn select(self, mask: Mask, yes: Float, no: Float) -> Float {
        each(|lane| {
            f32::from_bits(yes[lane].to_bits() & mask[lane] | no[lane].to_bits() & !mask[lane])
        })
    }

    #[inline(always)]
    fn keep(self, mask: Mask, value: Float) -> Float {
        each(|lane| f32::from_bits(value[lane].to_bits() & mask[lane]))
    }

    #[inline(always)]
    fn negative_where(self, mask: Mask, value: Float) -> Float {
        each(|lane| f32::from_bits(value[lane].to_bits() | mask[lane] & 0x8000_0000))
    }

    #[inline(always)]
    fn prefetch<T>(self, _place: &T) {}
}
