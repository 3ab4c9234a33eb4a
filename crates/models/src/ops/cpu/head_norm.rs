//! The norm of queries and keys, a token of a head at a time.

use super::attention::Heads;
use super::processor::Processor;
use super::tile::vector;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// What shorter tokens are divided by.
const SHORTEST: f32 = 1e-12;

/// Some neighbouring tokens of an item, all heads of each, one behind the other into `out`.
struct Share<'a> {
    x: Heads<'a>,
    item: usize,
    /// The first token.
    first: usize,
    /// One factor for each column of each head.
    gamma: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.x.width;
        let token = self.gamma.len();
        for (head, gamma) in self.gamma.chunks_exact(width).enumerate() {
            let rows = self.x.rows(self.item, head);
            for (index, out) in self.out.chunks_exact_mut(token).enumerate() {
                let row = rows.row(self.first + index);
                norm(simd, row, gamma, &mut out[head * width..][..width]);
            }
        }
    }
}

/// One token of one head.
#[inline(always)]
fn norm<S: Simd>(simd: S, x: &[f32], gamma: &[f32], out: &mut [f32]) {
    let (whole, rest) = S::as_simd_f32s(x);
    let mut sum = simd.splat_f32s(0.0);
    for &x in whole {
        sum = simd.mul_add_e_f32s(x, x, sum);
    }
    let square = simd.reduce_sum_f32s(sum) + rest.iter().map(|x| x * x).sum::<f32>();
    // Not `f32::max`, which would lose a NaN.
    let length = square.sqrt();
    let length = if length < SHORTEST { SHORTEST } else { length };
    let factor = simd.splat_f32s((x.len() as f32).sqrt() / length);
    for (index, out) in out.chunks_mut(S::F32_LANES).enumerate() {
        let column = index * S::F32_LANES;
        let y = simd.mul_f32s(vector(simd, &x[column..]), vector(simd, &gamma[column..]));
        simd.partial_store_f32s(out, simd.mul_f32s(y, factor));
    }
}

/// Every token of every head brought to the length `√width` and multiplied by `gamma`, `(heads,
/// width)`, as `(item, token, head, width)`, for so many items. Nothing is empty.
pub(in crate::ops) fn head_norm(
    processor: Processor,
    items: usize,
    x: Heads<'_>,
    gamma: &[f32],
) -> Vec<f32> {
    /// Tokens a thread takes at a time.
    const SHARE: usize = 64;
    let token = gamma.len();
    let mut out = vec![0.0; items * x.tokens * token];
    out.par_chunks_mut((x.tokens * token).max(1))
        .enumerate()
        .flat_map(|(item, out)| {
            out.par_chunks_mut((SHARE * token).max(1))
                .enumerate()
                .map(move |(index, out)| (item, index * SHARE, out))
        })
        .for_each(|(item, first, out)| {
            processor.run(Share {
                x,
                item,
                first,
                gamma,
                out,
            });
        });
    out
}
