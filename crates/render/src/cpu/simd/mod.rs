//! Vector instructions behind one small trait, so that each kernel is written once: AVX-512, AVX2 with
//! FMA, and a portable form that the compiler vectorises for whatever it builds for (NEON among them).
//!
//! Which is used is decided while the program runs. A value of a [`Lanes`] type is the proof that the
//! processor has its instructions: it is made by detection alone.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use std::fmt;

/// Vectors of single-precision numbers and what the kernels do with them, lane by lane.
///
/// Where an operand is not a number, `min`, `max` and the comparisons may give either answer that
/// hardware gives; kernels do not depend on it.
pub(crate) trait Lanes: Copy + Send + Sync {
    /// Numbers in a vector.
    const COUNT: usize;
    /// A vector in memory.
    type Array: Copy + Send + Sync + AsRef<[f32]> + AsMut<[f32]>;
    /// A vector in a register.
    type Float: Copy;
    /// One truth value per lane.
    type Mask: Copy;

    fn splat(self, value: f32) -> Self::Float;
    /// An array of `value`s.
    fn array(self, value: f32) -> Self::Array;
    fn load(self, from: &Self::Array) -> Self::Float;
    fn store(self, value: Self::Float, to: &mut Self::Array);

    fn add(self, left: Self::Float, right: Self::Float) -> Self::Float;
    fn subtract(self, left: Self::Float, right: Self::Float) -> Self::Float;
    fn multiply(self, left: Self::Float, right: Self::Float) -> Self::Float;
    fn divide(self, left: Self::Float, right: Self::Float) -> Self::Float;
    /// `left · right + addend`, rounded once where there is an instruction for it.
    fn multiply_add(
        self,
        left: Self::Float,
        right: Self::Float,
        addend: Self::Float,
    ) -> Self::Float;
    fn min(self, left: Self::Float, right: Self::Float) -> Self::Float;
    fn max(self, left: Self::Float, right: Self::Float) -> Self::Float;
    fn square_root(self, value: Self::Float) -> Self::Float;
    fn floor(self, value: Self::Float) -> Self::Float;
    fn ceil(self, value: Self::Float) -> Self::Float;
    /// 2 to the power of `exponent`, which must be at most 120: within 2.2e-7 of it for results that
    /// are normal numbers, and next to nothing below.
    fn exp2(self, exponent: Self::Float) -> Self::Float;

    /// Where `left ≤ right`.
    fn at_most(self, left: Self::Float, right: Self::Float) -> Self::Mask;
    /// Where `left > right`.
    fn above(self, left: Self::Float, right: Self::Float) -> Self::Mask;
    fn both(self, left: Self::Mask, right: Self::Mask) -> Self::Mask;
    /// Where `left` holds and `right` does not.
    fn but_not(self, left: Self::Mask, right: Self::Mask) -> Self::Mask;
    /// One bit per lane, the first lane's lowest.
    fn bits(self, mask: Self::Mask) -> u32;
    /// `yes` where the mask holds, else `no`.
    fn select(self, mask: Self::Mask, yes: Self::Float, no: Self::Float) -> Self::Float;
    /// `value` where the mask holds, else 0.
    fn keep(self, mask: Self::Mask, value: Self::Float) -> Self::Float;
    /// `value`, its sign made negative where the mask holds.
    fn negative_where(self, mask: Self::Mask, value: Self::Float) -> Self::Float;

    /// Asks for the cache line at `place`, which will be read soon.
    fn prefetch<T>(self, place: &T);
}

/// Coefficients of the polynomial for `2^x`, |x| ≤ ½, lowest power first: the minimax fit of degree 5,
/// whose relative error is 7.5e-8 before rounding.
pub(crate) const EXP2: [f32; 6] = [
    1.000_000_1,
    0.693_146_94,
    0.240_221_2,
    0.055_507_135,
    0.009_675_541,
    0.001_327_646_1,
];

/// Below this, [`Lanes::exp2`] may give any number next to nothing.
const EXP2_LOWEST: f32 = -126.0;

/// Work written once for every kind of vector.
pub(crate) trait Kernel {
    /// What the work results in.
    type Output;

    /// Implementations, and what they call with `lanes`, must be `#[inline(always)]`: only code that
    /// ends up inside the dispatching function is compiled for its instructions.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// A family of vector instructions that the rasteriser is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// Sixteen lanes: AVX-512 F, BW, DQ and VL.
    Avx512,
    /// Eight lanes: AVX2 and FMA.
    Avx2,
    /// Whatever the program was compiled for.
    Portable,
}

impl InstructionSet {
    /// Every set, widest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// The widest set this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL
            .into_iter()
            .find(|set| set.is_available())
            .unwrap_or(Self::Portable)
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::Avx512::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
            Self::Portable => true,
        }
    }

    /// Runs the kernel with these instructions, or the portable ones where there are none such.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => {
                if let Some(lanes) = avx512::Avx512::detect() {
                    return lanes.run(kernel);
                }
            }
            Self::Avx2 => {
                if let Some(lanes) = avx2::Avx2::detect() {
                    return lanes.run(kernel);
                }
            }
            Self::Portable => {}
        }
        kernel.run(portable::Portable)
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Portable => "portable",
        })
    }
}

#[cfg(test)]
mod tests;
