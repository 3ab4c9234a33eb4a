//! What candle has in one kernel: for GPUs, where each pass over memory counts.

use candle_core::{DType, Result, Tensor};

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
    let wide = x.to_dtype(DType::F32)?.contiguous()?;
    let ones = Tensor::ones(width, DType::F32, x.device())?;
    // Under a root and beside a mean over the width: what is as short as 1e-12 counts as zero.
    let eps = 1e-24 / width as f64;
    let gamma = gamma.to_dtype(DType::F32)?.reshape((1, heads, 1, width))?;
    candle_nn::ops::rms_norm(&wide, &ones, eps as f32)?
        .broadcast_mul(&gamma)?
        .to_dtype(x.dtype())
}

/// Attention that never holds scores, where it is compiled in and takes these: half precision on an
/// NVIDIA GPU, heads of 8 to 256 channels in steps of 8. See [`super::plain::attention`].
///
/// # Errors
/// When the kernel fails.
#[cfg(feature = "flash-attn")]
pub(super) fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    causal: bool,
) -> Result<Option<Tensor>> {
    let (_, _, queries, width) = q.dims4()?;
    let half = matches!(q.dtype(), DType::F16 | DType::BF16)
        && k.dtype() == q.dtype()
        && v.dtype() == q.dtype();
    let fits = width.is_multiple_of(8) && width <= 256 && k.dims() == v.dims();
    if !q.device().is_cuda() || !half || !fits || (causal && queries != k.dim(2)?) {
        return Ok(None);
    }
    // It wants (batch, tokens, heads, d), in any order of memory but with a token's values side by side.
    let turned = |x: &Tensor| {
        let x = x.transpose(1, 2)?;
        if x.stride().last() == Some(&1) {
            Ok(x)
        } else {
            x.contiguous()
        }
    };
    let scale = (width as f32).sqrt().recip();
    let y = candle_flash_attn::flash_attn(&turned(q)?, &turned(k)?, &turned(v)?, scale, causal)?;
    y.transpose(1, 2).map(Some)
}

/// Attention that never holds scores is not compiled in.
///
/// # Errors
/// None.
#[cfg(not(feature = "flash-attn"))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn attention(_: &Tensor, _: &Tensor, _: &Tensor, _: bool) -> Result<Option<Tensor>> {
    Ok(None)
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
