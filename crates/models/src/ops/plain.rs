//! Every operator as its definition, in candle's own calls: for any device and any float type.

mod sparse;

use std::ops::Range;

use candle_core::{D, DType, Result, Tensor};
pub(super) use sparse::submanifold_shape;
pub use sparse::{submanifold_convolution, windowed_attention};

pub use super::biased::plain as biased_attention;
pub use super::convolution::plain::{conv2d, deform_conv2d};

/// The type sums are taken in: `f16` and `bf16` are too narrow for a mean over a thousand values, and
/// the reference (torch) widens them too.
fn wide(dtype: DType) -> DType {
    match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

/// The mean over a dimension, which stays, with one value: taken in single precision at least, since `f16`
/// counts to 65 504 and candle's kernels sum in the type they are given.
///
/// # Errors
/// When there is no such dimension.
pub fn mean(x: &Tensor, dimension: usize) -> Result<Tensor> {
    let dtype = x.dtype();
    x.to_dtype(wide(dtype))?
        .mean_keepdim(dimension)?
        .to_dtype(dtype)
}

/// Layer normalisation over the last dimension: `(x − mean) / √(variance + eps) · weight + bias`,
/// with the biased variance, in single precision at least, rounded to the type of `x` at the end as
/// torch does. `weight` and `bias` have the length of that dimension and may be of another type; a
/// missing one is 1 and 0.
///
/// # Errors
/// When the shapes do not fit.
pub fn layer_norm(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    let dtype = x.dtype();
    let x = x.to_dtype(wide(dtype))?;
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let mut x = centred.broadcast_div(&(variance + eps)?.sqrt()?)?;
    if let Some(weight) = weight {
        x = x.broadcast_mul(&weight.to_dtype(x.dtype())?)?;
    }
    if let Some(bias) = bias {
        x = x.broadcast_add(&bias.to_dtype(x.dtype())?)?;
    }
    x.to_dtype(dtype)
}

/// Every token of every head brought to the length `√d`, then times `gamma`, `(heads, d)`: the norm of
/// queries and keys. `x` is `(batch, heads, tokens, d)`. In single precision at least; a token of zeros
/// stays one (lengths below 1e-12 count as that).
///
/// # Errors
/// When the shapes do not fit.
pub fn head_norm(x: &Tensor, gamma: &Tensor) -> Result<Tensor> {
    let (_, heads, _, width) = x.dims4()?;
    let dtype = x.dtype();
    let x = x.to_dtype(wide(dtype))?;
    let length = x.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12)?;
    let factors = (gamma.to_dtype(x.dtype())? * (width as f64).sqrt())?;
    x.broadcast_div(&length)?
        .broadcast_mul(&factors.reshape((1, heads, 1, width))?)?
        .to_dtype(dtype)
}

/// The Gaussian error linear unit in its exact form, `x/2 · (1 + erf(x/√2))`: what torch calls
/// `gelu` (candle's `gelu` is the tanh approximation).
///
/// # Errors
/// When the type is no float.
pub fn gelu_erf(x: &Tensor) -> Result<Tensor> {
    x.gelu_erf()
}

/// The Gaussian error linear unit approximated by tanh: `x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))`.
///
/// # Errors
/// When the type is no float.
pub fn gelu_tanh(x: &Tensor) -> Result<Tensor> {
    x.gelu()
}

/// OpenAI CLIP's unit: `x · σ(1.702 · x)`.
///
/// # Errors
/// When the type is no float.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    x * candle_nn::ops::sigmoid(&(x * 1.702)?)?
}

/// The sigmoid linear unit, `x · σ(x)`: torch's `silu`, others' swish.
///
/// # Errors
/// When the type is no float.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    x.silu()
}

/// Most scores of [`attention`] at a time: 256 MB of them.
const MOST_SCORES: usize = 64 << 20;

/// Attention, `softmax(q·kᵀ/√d)·v`, of `(batch, heads, tokens, d)` each. With `causal`, a token sees
/// itself and those before it. Some queries go after the other, so that memory holds only so many
/// scores; the softmax is in single precision at least.
///
/// # Errors
/// When the shapes do not fit.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, causal: bool) -> Result<Tensor> {
    attention_by(MOST_SCORES, q, k, v, causal)
}

/// [`attention`] with at most so many scores at a time, but those of a query at least.
pub(super) fn attention_by(
    most: usize,
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    causal: bool,
) -> Result<Tensor> {
    let (batch, heads, queries, width) = q.dims4()?;
    let keys = k.dim(2)?;
    if keys == 0 {
        candle_core::bail!("attention to nothing");
    }
    if q.elem_count() == 0 {
        return Tensor::zeros((batch, heads, queries, v.dim(3)?), q.dtype(), q.device());
    }
    let (turned, v) = (k.t()?.contiguous()?, v.contiguous()?);
    let share = (most / (batch * heads * keys).max(1)).clamp(1, queries.max(1));
    let part = |first: usize| -> Result<Tensor> {
        let count = share.min(queries - first);
        let q = (q.narrow(2, first, count)? * (width as f64).sqrt().recip())?;
        let scores = q.contiguous()?.matmul(&turned)?;
        let dtype = scores.dtype();
        let mut scores = scores.to_dtype(wide(dtype))?;
        if causal {
            let mask = hidden(first..first + count, queries, &scores)?;
            scores = scores.broadcast_add(&mask)?;
        }
        let shares = candle_nn::ops::softmax_last_dim(&scores)?;
        shares.to_dtype(dtype)?.matmul(&v)
    };
    if share >= queries {
        return part(0);
    }
    let parts: Result<Vec<Tensor>> = (0..queries).step_by(share).map(part).collect();
    Tensor::cat(&parts?, 2)
}

/// What takes the keys after each of these queries out of scores like `scores`.
fn hidden(queries: Range<usize>, keys: usize, scores: &Tensor) -> Result<Tensor> {
    let count = queries.len();
    let values: Vec<f32> = queries
        .flat_map(|query| {
            (0..keys).map(move |key| if key > query { f32::NEG_INFINITY } else { 0.0 })
        })
        .collect();
    Tensor::from_vec(values, (count, keys), scores.device())?.to_dtype(scores.dtype())
}

/// `x · weightᵀ + bias` over the last dimension; `weight` is `(out, in)` as torch stores it.
///
/// # Errors
/// When the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (out, width) = weight.dims2()?;
    let mut dims = x.dims().to_vec();
    let rows = x.elem_count() / width.max(1);
    // One matrix product whatever the leading dimensions: candle would repeat the weight for each.
    let y = x.reshape((rows, width))?.matmul(&weight.t()?)?;
    let y = match bias {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    };
    if let Some(last) = dims.last_mut() {
        *last = out;
    }
    y.reshape(dims)
}

/// Convolution of each channel with a kernel of its own: `x` is `(batch, channels, height, width)`,
/// `weight` is `(channels, 1, k, k)`; zeros are padded on all sides.
///
/// # Errors
/// When the shapes do not fit.
pub fn depthwise_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    padding: usize,
) -> Result<Tensor> {
    let channels = x.dim(1)?;
    if weight.dim(0)? != channels || weight.dim(1)? != 1 {
        candle_core::bail!("kernels {:?} for {channels} channels", weight.dims());
    }
    let y = x.contiguous()?.conv2d(weight, padding, 1, 1, channels)?;
    match bias {
        Some(bias) => y.broadcast_add(&bias.reshape((1, channels, 1, 1))?),
        None => Ok(y),
    }
}

/// Most bytes of what the kernels of [`conv3d`] see, laid out for one product.
const MOST_SEEN: usize = 128 << 20;

/// Convolution of grids by kernels of 3³, with zeros around the grid: `x` is `(batch, depth, height,
/// width, in)`, `weight` `(out, in, 3, 3, 3)` as torch stores it, and `(batch, depth, height, width, out)`
/// comes out. What the kernels see is laid out for some planes at a time, never for the whole grid.
///
/// # Errors
/// When the shapes do not fit.
pub fn conv3d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    conv3d_by(x, &kernels3d(weight)?, bias)
}

/// `(out, in, 3, 3, 3)` as [`conv3d_by`] wants it: `(27 · in, out)`, tap by tap.
pub(super) fn kernels3d(weight: &Tensor) -> Result<Tensor> {
    let (outputs, inputs, ..) = weight.dims5()?;
    weight
        .permute((2, 3, 4, 1, 0))?
        .reshape((27 * inputs, outputs))?
        .contiguous()
}

/// [`conv3d`] by kernels that are laid out.
pub(super) fn conv3d_by(x: &Tensor, kernels: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (_, _, height, width, _) = x.dims5()?;
    let mut padded = x.clone();
    for axis in 1..4 {
        padded = padded.pad_with_zeros(axis, 1, 1)?;
    }
    by_planes(x, kernels, bias, |planes| {
        let taps: Result<Vec<Tensor>> = (0..27)
            .map(|tap| {
                padded
                    .narrow(1, planes.start + tap / 9, planes.len())?
                    .narrow(2, tap / 3 % 3, height)?
                    .narrow(3, tap % 3, width)?
                    .contiguous()
            })
            .collect();
        Tensor::cat(&taps?, 4)
    })
}

/// [`conv3d_by`] of what `seen` says that the kernels see of each cell in a range of planes, tap by tap.
pub(super) fn by_planes(
    x: &Tensor,
    kernels: &Tensor,
    bias: Option<&Tensor>,
    seen: impl Fn(Range<usize>) -> Result<Tensor>,
) -> Result<Tensor> {
    let (batch, depth, height, width, _) = x.dims5()?;
    let (values, outputs) = kernels.dims2()?;
    let plane = batch * height * width * values * x.dtype().size_in_bytes();
    let planes = (MOST_SEEN / plane.max(1)).clamp(1, depth.max(1));
    let slab = |first: usize| -> Result<Tensor> {
        let count = planes.min(depth - first);
        let y = seen(first..first + count)?
            .reshape((batch * count * height * width, values))?
            .matmul(kernels)?;
        super::fused::finish(y, bias, None, None, None)?
            .reshape((batch, count, height, width, outputs))
    };
    let slabs: Result<Vec<Tensor>> = (0..depth).step_by(planes).map(slab).collect();
    Tensor::cat(&slabs?, 1)
}

/// Channels that become cells: `(batch, depth, height, width, channels · side³)` to `(batch, side · depth,
/// side · height, side · width, channels)`. A cell's channels are shared out to a cube of `side³` cells,
/// the cells of the cube changing fastest.
///
/// # Errors
/// When the channels are no multiple of `side³`.
pub fn pixel_shuffle_3d(x: &Tensor, side: usize) -> Result<Tensor> {
    let (batch, depth, height, width, channels) = x.dims5()?;
    let cube = side.saturating_pow(3);
    if cube == 0 || channels % cube != 0 {
        candle_core::bail!("{channels} channels are no cubes of {side}³");
    }
    let channels = channels / cube;
    x.reshape(vec![
        batch, depth, height, width, channels, side, side, side,
    ])?
    .permute([0, 1, 5, 2, 6, 3, 7, 4])?
    .reshape((batch, side * depth, side * height, side * width, channels))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn attention_is_the_same_however_many_scores_there_are_at_a_time() {
        let noise = |tokens: usize, pace: f64| {
            let places = Tensor::arange(0.0_f32, (2 * 3 * tokens * 8) as f32, &Device::Cpu);
            let waves = (places.unwrap() * pace).unwrap().sin().unwrap();
            waves.reshape((2, 3, tokens, 8)).unwrap()
        };
        let (q, k, v) = (noise(11, 12.9898), noise(11, 78.233), noise(11, 37.719));
        for causal in [false, true] {
            let whole = attention_by(usize::MAX, &q, &k, &v, causal).unwrap();
            for most in [0, 2 * 3 * 11, 5 * 2 * 3 * 11] {
                let parts = attention_by(most, &q, &k, &v, causal).unwrap();
                let apart = (&parts - &whole).unwrap().abs().unwrap().max_all().unwrap();
                assert!(apart.to_scalar::<f32>().unwrap() < 1e-6, "{most}");
            }
        }
        let none = noise(11, 1.0).narrow(2, 0, 0).unwrap();
        assert!(attention(&q, &none, &none, false).is_err());
        let nothing = attention(&none, &k, &v, false).unwrap();
        assert_eq!(nothing.dims(), [2, 3, 0, 8]);
    }
}
