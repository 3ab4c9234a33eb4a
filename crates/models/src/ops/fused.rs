//! What is one kernel, or a few: for GPUs, where each pass over memory counts. On an NVIDIA GPU the
//! project's own ([`super::kernels`]) go first; else it is what candle has.

use super::Activation;
#[cfg(feature = "cuda")]
use super::kernels;
use super::windowed::Windows;
use candle_core::{DType, Result, Tensor};
use std::ops::Range;

/// `residual + scale · activation(y + bias)`: what becomes of a matrix product. `bias` and `scale` have one
/// value for each of the last dimension; what is missing is left out. `y` is new, and may be changed.
///
/// # Errors
/// When the shapes do not fit.
pub(super) fn finish(
    y: Tensor,
    bias: Option<&Tensor>,
    activation: Option<Activation>,
    scale: Option<&Tensor>,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    if kernels::finish(&y, bias, activation, scale, residual)? {
        return Ok(y);
    }
    let mut y = y;
    if let Some(bias) = bias {
        y = y.broadcast_add(bias)?;
    }
    if let Some(activation) = activation {
        y = activation.forward(&y)?;
    }
    if let Some(scale) = scale {
        y = y.broadcast_mul(scale)?;
    }
    match residual {
        Some(residual) => residual + y,
        None => Ok(y),
    }
}

/// Layer normalisation in one kernel, in the type of `x` where its weights have that, else in single
/// precision; sums are single precision in any case. See [`super::plain::layer_norm`].
///
/// # Errors
/// When the shapes do not fit.
pub(super) fn layer_norm(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    if let Some(y) = kernels::layer_norm(x, weight, bias, eps)? {
        return Ok(y);
    }
    let width = x.dims().last().copied().unwrap_or_default();
    let same = |tensor: Option<&Tensor>| tensor.is_none_or(|tensor| tensor.dtype() == x.dtype());
    let dtype = if same(weight) && same(bias) {
        x.dtype()
    } else {
        DType::F32
    };
    let vector = |tensor: Option<&Tensor>, otherwise: f64| match tensor {
        Some(tensor) => tensor.to_dtype(dtype)?.contiguous(),
        None => Tensor::full(otherwise as f32, width, x.device())?.to_dtype(dtype),
    };
    let (weight, bias) = (vector(weight, 1.0)?, vector(bias, 0.0)?);
    let wide = x.to_dtype(dtype)?.contiguous()?;
    candle_nn::ops::layer_norm(&wide, &weight, &bias, eps as f32)?.to_dtype(x.dtype())
}

/// The norm of queries and keys, whose inner part is one kernel, in single precision. See
/// [`super::plain::head_norm`].
///
/// # Errors
/// When the shapes do not fit.
pub(super) fn head_norm(x: &Tensor, gamma: &Tensor) -> Result<Tensor> {
    let (_, heads, _, width) = x.dims4()?;
    // Under a root and beside a mean over the width: what is as short as 1e-12 counts as zero.
    let eps = 1e-24 / width as f64;
    #[cfg(feature = "cuda")]
    if let Some(y) = kernels::head_norm(x, gamma, None, eps)? {
        return Ok(y);
    }
    let wide = x.to_dtype(DType::F32)?.contiguous()?;
    let ones = Tensor::ones(width, DType::F32, x.device())?;
    let gamma = gamma.to_dtype(DType::F32)?.reshape((1, heads, 1, width))?;
    candle_nn::ops::rms_norm(&wide, &ones, eps as f32)?
        .broadcast_mul(&gamma)?
        .to_dtype(x.dtype())
}

/// The other norm of queries and keys, and where they lie: every token of every head of `(batch, heads,
/// tokens, d)` over the root of the mean of its squares and `eps`, times `gamma`, `(d)`, then each pair of
/// neighbouring values turned by its angle, whose cosine and sine are `(tokens, d / 2)`. All of these are in
/// single precision, and it is computed in that; the answer is of the type of `x`.
///
/// # Errors
/// When the shapes do not fit.
pub fn turned_head_norm(
    x: &Tensor,
    gamma: &Tensor,
    eps: f64,
    cosines: &Tensor,
    sines: &Tensor,
) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    if let Some(y) = kernels::head_norm(x, gamma, Some((cosines, sines)), eps)? {
        return Ok(y);
    }
    let wide = x.to_dtype(DType::F32)?.contiguous()?;
    let normal = candle_nn::ops::rms_norm(&wide, gamma, eps as f32)?;
    candle_nn::rotary_emb::rope_i(&normal, cosines, sines)?.to_dtype(x.dtype())
}

/// See [`super::plain::depthwise_conv2d`], for which candle has nothing but a product for each channel.
/// `None` where no kernel takes these.
///
/// # Errors
/// When the kernel fails.
#[cfg_attr(not(feature = "cuda"), allow(clippy::unnecessary_wraps))]
pub(super) fn depthwise_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    padding: usize,
) -> Result<Option<Tensor>> {
    #[cfg(feature = "cuda")]
    return kernels::depthwise(x, weight, bias, padding);
    #[cfg(not(feature = "cuda"))]
    {
        let _ = (x, weight, bias, padding);
        Ok(None)
    }
}

/// Whether [`patches`] and [`moved_patches`] take this tensor, whose channels are last.
pub(super) fn take_patches(x: &Tensor) -> bool {
    #[cfg(feature = "cuda")]
    return kernels::take_patches(x);
    #[cfg(not(feature = "cuda"))]
    {
        let _ = x;
        false
    }
}

/// What a kernel of odd sides sees of each cell in some planes of `(batch, depth, height, width, channels)`,
/// with zeros beyond the grid: `(batch, planes, height, width, places, channels)`. Only where
/// [`take_patches`] says so.
///
/// # Errors
/// When it does not, or the kernel fails.
pub(super) fn patches(x: &Tensor, sides: [usize; 3], planes: Range<usize>) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    return kernels::patches(x, sides, planes);
    #[cfg(not(feature = "cuda"))]
    candle_core::bail!("no kernel lays out {planes:?} of {x} for {sides:?}")
}

/// The same for a deformable convolution of pictures: see
/// [`Convolution::forward_at`](super::Convolution::forward_at).
///
/// # Errors
/// As [`patches`].
pub(super) fn moved_patches(
    x: &Tensor,
    offsets: &Tensor,
    shares: &Tensor,
    side: usize,
    rows: Range<usize>,
) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    return kernels::moved_patches(x, offsets, shares, side, rows);
    #[cfg(not(feature = "cuda"))]
    candle_core::bail!("no kernel lays out {rows:?} of {x} for {side}, {offsets}, {shares}")
}

/// Of each item of `(batch, rows, …)` the rows at `places`, `(n)`, with zeros for every place beyond the last:
/// `(batch, n, …)`. `None` where no kernel takes these.
///
/// # Errors
/// When the kernel fails.
#[cfg_attr(not(feature = "cuda"), allow(clippy::unnecessary_wraps))]
pub(super) fn some_rows(x: &Tensor, places: &Tensor) -> Result<Option<Tensor>> {
    #[cfg(feature = "cuda")]
    return kernels::rows(x, places);
    #[cfg(not(feature = "cuda"))]
    {
        let _ = (x, places);
        Ok(None)
    }
}

/// Of each item of `(batch, rows, …)` the rows at `places`, `(n)`: `(batch, n, …)`.
///
/// # Errors
/// When a place is none of the rows, except on an NVIDIA GPU, which gives zeros for it.
pub fn rows(x: &Tensor, places: &Tensor) -> Result<Tensor> {
    match some_rows(x, places)? {
        Some(rows) => Ok(rows),
        None => x.contiguous()?.index_select(places, 1),
    }
}

/// Attention that never holds scores.
#[cfg(feature = "flash-attn")]
mod flash {
    use candle_core::{DType, IndexOp, Result, Tensor};

    /// Channels of a head in the large published networks. The kernels take others, padded: what is
    /// narrower is too small to be worth it.
    const HEADS: [usize; 3] = [64, 80, 128];

    /// Whether the kernels are given these: half precision on an NVIDIA GPU, heads as in [`HEADS`].
    fn takes(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<bool> {
        let width = q.dims4()?.3;
        let half = matches!(q.dtype(), DType::F16 | DType::BF16)
            && k.dtype() == q.dtype()
            && v.dtype() == q.dtype();
        let is_same = k.dims() == v.dims() && k.dims()[..2] == q.dims()[..2];
        let fits = HEADS.contains(&width) && is_same && k.elem_count() > 0 && q.elem_count() > 0;
        Ok(q.device().is_cuda() && half && fits)
    }

    fn scale(q: &Tensor) -> Result<f32> {
        Ok((q.dims4()?.3 as f32).sqrt().recip())
    }

    /// `(batch, heads, tokens, d)` as the kernels want it: `(batch, tokens, heads, d)`, in any order of
    /// memory but with a token's values side by side.
    fn turned(x: &Tensor) -> Result<Tensor> {
        let x = x.transpose(1, 2)?;
        if x.stride().last() == Some(&1) {
            Ok(x)
        } else {
            x.contiguous()
        }
    }

    pub(in super::super) fn attention(
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        causal: bool,
    ) -> Result<Option<Tensor>> {
        let is_square = q.dim(2)? == k.dim(2)?;
        if !takes(q, k, v)? || (causal && !is_square) {
            return Ok(None);
        }
        let (q, k, v, scale) = (turned(q)?, turned(k)?, turned(v)?, scale(q)?);
        let y = candle_flash_attn::flash_attn(&q, &k, &v, scale, causal)?;
        y.transpose(1, 2).map(Some)
    }

    pub(in super::super) fn windowed_attention(
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        windows: &super::Windows,
    ) -> Result<Option<Tensor>> {
        if !takes(q, k, v)? || q.elem_count() == 0 {
            return Ok(None);
        }
        let (runs, scale) = (windows.runs(q.device())?, scale(q)?);
        let sorted = |x: &Tensor| super::rows(&x.transpose(1, 2)?, &runs.order);
        let (q, k, v) = (sorted(q)?, sorted(k)?, sorted(v)?);
        let one = |item: usize| {
            candle_flash_attn::flash_attn_varlen(
                &q.i(item)?,
                &k.i(item)?,
                &v.i(item)?,
                &runs.bounds,
                &runs.bounds,
                runs.longest,
                runs.longest,
                scale,
                false,
            )
        };
        let items: Vec<Tensor> = (0..q.dim(0)?).map(one).collect::<Result<_>>()?;
        super::rows(&Tensor::stack(&items, 0)?, &runs.places)?
            .transpose(1, 2)
            .map(Some)
    }
}

/// See [`super::plain::attention`]. `None` where no kernel that never holds scores takes these, or none
/// is compiled in.
///
/// # Errors
/// When the kernel fails.
#[cfg_attr(not(feature = "flash-attn"), allow(clippy::unnecessary_wraps))]
pub(super) fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    causal: bool,
) -> Result<Option<Tensor>> {
    #[cfg(feature = "flash-attn")]
    return flash::attention(q, k, v, causal);
    #[cfg(not(feature = "flash-attn"))]
    {
        let _ = (q, k, v, causal);
        Ok(None)
    }
}

/// See [`super::plain::windowed_attention`]; `None` as in [`attention`]. The shapes fit each other.
///
/// # Errors
/// When the kernel fails.
#[cfg_attr(not(feature = "flash-attn"), allow(clippy::unnecessary_wraps))]
pub(super) fn windowed_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    windows: &Windows,
) -> Result<Option<Tensor>> {
    #[cfg(feature = "flash-attn")]
    return flash::windowed_attention(q, k, v, windows);
    #[cfg(not(feature = "flash-attn"))]
    {
        let _ = (q, k, v, windows);
        Ok(None)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::ops::plain;
    use candle_core::Device;

    /// No two neighbours alike, between −2 and 2, and the same each time.
    fn noise(shape: &[usize]) -> Tensor {
        let count = shape.iter().product::<usize>() as f32;
        let places = Tensor::arange(0.0_f32, count, &Device::Cpu).unwrap();
        let waves = (places * 12.9898).unwrap().sin().unwrap();
        (waves * 2.0).unwrap().reshape(shape).unwrap()
    }

    fn apart(found: &Tensor, expected: &Tensor) -> f32 {
        assert_eq!(found.dtype(), expected.dtype());
        let apart = (found - expected).unwrap().to_dtype(DType::F32).unwrap();
        let apart = apart.abs().unwrap().max_all().unwrap();
        apart.to_scalar().unwrap()
    }

    /// How far results in a type may be apart.
    const MOST: [(DType, f32); 2] = [(DType::F32, 2e-5), (DType::F16, 0.01)];

    // candle has the same operators on the processor, so that how they are called can be tried there.

    #[test]
    fn norms_are_their_plain_twins() {
        let x = (noise(&[2, 50, 9]) + 3.0).unwrap().transpose(1, 2).unwrap();
        let (weight, bias) = (noise(&[50]), noise(&[50]));
        for (dtype, most) in MOST {
            let x = x.to_dtype(dtype).unwrap();
            let narrow = weight.to_dtype(dtype).unwrap();
            for (weight, bias) in [
                (None, None),
                (Some(&weight), Some(&bias)),
                (Some(&narrow), None),
            ] {
                let found = layer_norm(&x, weight, bias, 1e-6).unwrap();
                let expected = plain::layer_norm(&x, weight, bias, 1e-6).unwrap();
                let apart = apart(&found, &expected);
                assert!(apart < most, "{dtype:?}: {apart}");
            }
        }
        assert!(layer_norm(&x, Some(&noise(&[51])), None, 1e-6).is_err());
    }

    #[test]
    fn norms_of_heads_are_their_plain_twins() {
        let x = noise(&[2, 9, 3, 20]).transpose(1, 2).unwrap();
        let gamma = noise(&[3, 20]);
        for (dtype, most) in MOST {
            let x = x.to_dtype(dtype).unwrap();
            let found = head_norm(&x, &gamma).unwrap();
            let apart = apart(&found, &plain::head_norm(&x, &gamma).unwrap());
            assert!(apart < most, "{dtype:?}: {apart}");
        }
        let nothing = x.zeros_like().unwrap();
        let none = head_norm(&nothing, &gamma).unwrap();
        assert!(apart(&none, &nothing) == 0.0);
        assert!(head_norm(&x, &noise(&[3, 19])).is_err());
    }
}
