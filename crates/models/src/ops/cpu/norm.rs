//! Layer normalisation, a row at a time.

use super::pack::Rows;
use super::processor::Processor;
use super::tile::vector;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// `(x − mean) / √(variance + eps) · weight + bias`, with the biased variance.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Norm<'a> {
    /// One factor for each column; none: 1.
    pub(in crate::ops) weight: Option<&'a [f32]>,
    /// One addend for each column; none: 0.
    pub(in crate::ops) bias: Option<&'a [f32]>,
    /// Keeps the divisor from zero.
    pub(in crate::ops) eps: f32,
}

/// Some rows, normalised one behind the other into `out`.
pub(super) struct Share<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) norm: Norm<'a>,
    pub(super) out: &'a mut [f32],
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let length = self.rows.length();
        for (index, out) in self.out.chunks_exact_mut(length.max(1)).enumerate() {
            row(simd, self.rows.row(index), &self.norm, out);
        }
    }
}

/// One row.
#[inline(always)]
fn row<S: Simd>(simd: S, x: &[f32], norm: &Norm<'_>, out: &mut [f32]) {
    let count = x.len() as f32;
    let (whole, rest) = S::as_simd_f32s(x);
    let mut sum = simd.splat_f32s(0.0);
    for &x in whole {
        sum = simd.add_f32s(sum, x);
    }
    let mean = (simd.reduce_sum_f32s(sum) + rest.iter().sum::<f32>()) / count;
    let centre = simd.splat_f32s(mean);
    let mut sum = simd.splat_f32s(0.0);
    for &x in whole {
        let x = simd.sub_f32s(x, centre);
        sum = simd.mul_add_e_f32s(x, x, sum);
    }
    let rest = rest.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>();
    let variance = (simd.reduce_sum_f32s(sum) + rest) / count;
    let divisor = simd.splat_f32s((variance + norm.eps).sqrt().recip());
    for (index, out) in out.chunks_mut(S::F32_LANES).enumerate() {
        let column = index * S::F32_LANES;
        let mut y = simd.mul_f32s(simd.sub_f32s(vector(simd, &x[column..]), centre), divisor);
        if let Some(weight) = norm.weight {
            y = simd.mul_f32s(y, vector(simd, &weight[column..]));
        }
        if let Some(bias) = norm.bias {
            y = simd.add_f32s(y, vector(simd, &bias[column..]));
        }
        simd.partial_store_f32s(out, y);
    }
}

/// All rows, normalised, one behind the other.
pub(in crate::ops) fn normalise(processor: Processor, rows: &Rows<'_>, norm: Norm<'_>) -> Vec<f32> {
    /// Rows a thread takes at a time.
    const SHARE: usize = 64;
    let mut out = vec![0.0; rows.count() * rows.length()];
    out.par_chunks_mut((SHARE * rows.length()).max(1))
        .enumerate()
        .for_each(|(index, out)| {
            let rows = rows.part(index * SHARE, SHARE);
            processor.run(Share { rows, norm, out });
        });
    out
}
