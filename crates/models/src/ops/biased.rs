//! Attention with a bias for each pair of places: Swin's, within windows of equal size.

use candle_core::{DType, Result, Tensor};

use super::cpu::{self, Biases, Processor};
use super::fast::{Values, dense_tokens, fits, heads_of};

/// Scores that exist at a time in the plain version.
const MOST_SCORES: usize = 1 << 25;

/// Attention of `(windows, heads, tokens, d)` each, with a bias added to the scores: `softmax(q·kᵀ/√d +
/// bias)·v`. `bias` is `(kinds, heads, tokens, tokens)`, queries before keys, and `kinds` says for each
/// window which of them is its own. The parts may be views; the answer is a view of `(windows, tokens,
/// heads, d)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn biased_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    bias: &Tensor,
    kinds: &[u32],
) -> Result<Tensor> {
    check(q, k, v, bias, kinds)?;
    if !fits([q, k, v, bias]) {
        return plain(q, k, v, bias, kinds);
    }
    let (windows, heads, tokens, width) = q.dims4()?;
    let (q, k, v) = (dense_tokens(q)?, dense_tokens(k)?, dense_tokens(v)?);
    // As the scores lie: keys before queries.
    let turned = bias.t()?.contiguous()?;
    let values = [Values::of(&q)?, Values::of(&k)?, Values::of(&v)?];
    let biases = Values::of(&turned)?;
    let y = cpu::attention(
        Processor::here(),
        [windows, heads],
        heads_of(&q, &values[0])?,
        heads_of(&k, &values[1])?,
        heads_of(&v, &values[2])?,
        false,
        Some(Biases {
            values: &biases,
            kinds,
        }),
    );
    Tensor::from_vec(y, (windows, tokens, heads, width), q.device())?.transpose(1, 2)
}

/// See [`biased_attention`]; in candle's own calls, some windows at a time.
///
/// # Errors
/// When the shapes do not fit.
pub fn plain(q: &Tensor, k: &Tensor, v: &Tensor, bias: &Tensor, kinds: &[u32]) -> Result<Tensor> {
    check(q, k, v, bias, kinds)?;
    let (windows, heads, tokens, width) = q.dims4()?;
    let q = (q * (width as f64).sqrt().recip())?;
    let some = (MOST_SCORES / (heads * tokens * tokens).max(1)).max(1);
    let mut parts = Vec::new();
    for first in (0..windows).step_by(some) {
        let count = some.min(windows - first);
        let part = |x: &Tensor| x.narrow(0, first, count)?.contiguous();
        let kinds = Tensor::new(&kinds[first..first + count], q.device())?;
        let scores = part(&q)?.matmul(&part(k)?.t()?.contiguous()?)?;
        let scores = (scores + bias.index_select(&kinds, 0)?)?;
        let dtype = scores.dtype();
        let wide = match dtype {
            DType::F16 | DType::BF16 => DType::F32,
            other => other,
        };
        let shares = candle_nn::ops::softmax_last_dim(&scores.to_dtype(wide)?)?;
        parts.push(shares.to_dtype(dtype)?.matmul(&part(v)?)?);
    }
    Tensor::cat(&parts, 0)
}

fn check(q: &Tensor, k: &Tensor, v: &Tensor, bias: &Tensor, kinds: &[u32]) -> Result<()> {
    let (windows, heads, tokens, _) = q.dims4()?;
    let (count, ..) = bias.dims4()?;
    let fit = k.dims() == q.dims()
        && v.dims() == q.dims()
        && bias.dims() == [count, heads, tokens, tokens]
        && kinds.len() == windows
        && kinds.iter().all(|&kind| (kind as usize) < count);
    if !fit {
        candle_core::bail!(
            "windows of {:?}, {:?}, {:?} and {} kinds of biases {:?}",
            q.dims(),
            k.dims(),
            v.dims(),
            kinds.len(),
            bias.dims()
        );
    }
    Ok(())
}
