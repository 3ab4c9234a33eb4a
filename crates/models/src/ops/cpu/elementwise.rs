//! Activations by themselves.

use super::curves::{self, Activation};
use super::processor::Processor;
use super::tile::vector;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Some values and where their activations go.
struct Share<'a> {
    values: &'a [f32],
    activation: Activation,
    out: &'a mut [f32],
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.activation {
            Activation::Gelu => self.each(simd, |x| curves::gelu_erf(simd, x)),
            Activation::GeluTanh => self.each(simd, |x| curves::gelu_tanh(simd, x)),
            Activation::QuickGelu => self.each(simd, |x| curves::quick_gelu(simd, x)),
            Activation::Silu => self.each(simd, |x| curves::silu(simd, x)),
        }
    }
}

impl Share<'_> {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, change: impl Fn(S::f32s) -> S::f32s) {
        let places = self.out.chunks_mut(S::F32_LANES);
        for (out, values) in places.zip(self.values.chunks(S::F32_LANES)) {
            simd.partial_store_f32s(out, change(vector(simd, values)));
        }
    }
}

/// The activation of every value.
pub(in crate::ops) fn activate(
    processor: Processor,
    values: &[f32],
    activation: Activation,
) -> Vec<f32> {
    /// Values a thread takes at a time.
    const SHARE: usize = 1 << 14;
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(SHARE)
        .zip(values.par_chunks(SHARE))
        .for_each(|(out, values)| {
            processor.run(Share {
                values,
                activation,
                out,
            });
        });
    out
}
