//! The exponential and what is made of it, a vector at a time.

use pulp::Simd;
use serde::Deserialize;

/// What stands between the two linear layers of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The exact GELU; torch's default.
    Gelu,
    /// Its approximation by tanh.
    GeluTanh,
    /// `x · σ(1.702 · x)`, of OpenAI's CLIP.
    QuickGelu,
    /// `x · σ(x)`; torch's `silu`.
    Silu,
}

/// eˣ, within 2 ulp from −87 to 88; below it is that of −87.3, above that of 88.3. NaN stays NaN.
///
/// 2ⁿ·eʳ with |r| ≤ ln 2 / 2 and the polynomial of Cephes' `expf` for eʳ.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    /// 1.5·2²³: adding it rounds to the nearest integer, left in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let constant = |value: f32| simd.splat_f32s(value);
    let given = x;
    let x = simd.min_f32s(simd.max_f32s(x, constant(-87.3)), constant(88.3));
    let shifted = simd.mul_add_e_f32s(x, constant(core::f32::consts::LOG2_E), constant(ROUND));
    let whole = simd.sub_f32s(shifted, constant(ROUND));
    // ln 2 in two parts: the first has few enough bits to be exact times `whole`.
    let rest = simd.mul_add_e_f32s(whole, constant(-0.693_359_4), x);
    let rest = simd.mul_add_e_f32s(whole, constant(2.121_944_4e-4), rest);
    let mut curve = constant(1.987_569_1e-4);
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_6e-1,
        0.5,
    ] {
        curve = simd.mul_add_e_f32s(curve, rest, constant(coefficient));
    }
    let square = simd.mul_f32s(rest, rest);
    let curve = simd.mul_add_e_f32s(curve, square, rest);
    let curve = simd.add_f32s(curve, constant(1.0));
    let exponent =
        simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    // Integer addition to the exponent bits multiplies by 2ⁿ.
    let scaled = simd.add_u32s(simd.transmute_u32s_f32s(curve), exponent);
    let is_number = simd.equal_f32s(given, given);
    simd.select_f32s(is_number, simd.transmute_f32s_u32s(scaled), given)
}

/// x·Φ(x): erf by formula 7.1.26 of Abramowitz and Stegun (error at most 1.5e-7).
#[inline(always)]
pub(super) fn gelu_erf<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let constant = |value: f32| simd.splat_f32s(value);
    let argument = simd.mul_f32s(
        absolute(simd, x),
        constant(core::f32::consts::FRAC_1_SQRT_2),
    );
    let t = simd.div_f32s(
        constant(1.0),
        simd.mul_add_e_f32s(argument, constant(0.327_591_1), constant(1.0)),
    );
    let mut curve = constant(1.061_405_4);
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        curve = simd.mul_add_e_f32s(curve, t, constant(coefficient));
    }
    let falling = exp(simd, simd.neg_f32s(simd.mul_f32s(argument, argument)));
    // erfc(|x|/√2)/2, which is Φ(−|x|).
    let tail = simd.mul_f32s(
        simd.mul_f32s(simd.mul_f32s(curve, t), falling),
        constant(0.5),
    );
    // x·Φ(x) = max(x, 0) − |x|·Φ(−|x|).
    let above = simd.max_f32s(constant(0.0), x);
    simd.sub_f32s(above, simd.mul_f32s(absolute(simd, x), tail))
}

/// x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, which is x·σ of twice the tanh's argument.
#[inline(always)]
pub(super) fn gelu_tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const FACTOR: f32 = core::f32::consts::FRAC_2_SQRT_PI * core::f32::consts::SQRT_2;
    let square = simd.mul_f32s(x, x);
    let inner = simd.mul_add_e_f32s(square, simd.splat_f32s(0.044_715), simd.splat_f32s(1.0));
    sigmoid_times(
        simd,
        x,
        simd.mul_f32s(simd.mul_f32s(x, simd.splat_f32s(FACTOR)), inner),
    )
}

/// x·σ(1.702·x).
#[inline(always)]
pub(super) fn quick_gelu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    sigmoid_times(simd, x, simd.mul_f32s(x, simd.splat_f32s(1.702)))
}

/// x·σ(x).
#[inline(always)]
pub(super) fn silu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    sigmoid_times(simd, x, x)
}

/// x·σ(y) = x / (1 + e^(−y)).
#[inline(always)]
fn sigmoid_times<S: Simd>(simd: S, x: S::f32s, y: S::f32s) -> S::f32s {
    let falling = exp(simd, simd.neg_f32s(y));
    simd.div_f32s(x, simd.add_f32s(falling, simd.splat_f32s(1.0)))
}

/// |x|; NaN stays NaN.
#[inline(always)]
fn absolute<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    simd.max_f32s(simd.neg_f32s(x), x)
}
