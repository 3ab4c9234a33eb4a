//! Every operator as its definition, in candle's own calls: for any device and any float type.

mod sparse;

use candle_core::{D, DType, Result, Tensor};
pub(super) use sparse::submanifold_shape;
pub use sparse::{submanifold_convolution, windowed_attention};

/// The type sums are taken in: `f16` and `bf16` are too narrow for a mean over a thousand values, and
/// the reference (torch) widens them too.
fn wide(dtype: DType) -> DType {
    match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
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

/// Attention, `softmax(q·kᵀ/√d)·v`, of `(batch, heads, tokens, d)` each. With `causal`, a token sees
/// itself and those before it.
///
/// # Errors
/// When the shapes do not fit.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, causal: bool) -> Result<Tensor> {
    let (_, _, queries, width) = q.dims4()?;
    let q = (q * (width as f64).sqrt().recip())?;
    let mut scores = q.contiguous()?.matmul(&k.t()?.contiguous()?)?;
    if causal {
        let hidden: Vec<f32> = (0..queries)
            .flat_map(|query| {
                (0..queries).map(move |key| if key > query { f32::NEG_INFINITY } else { 0.0 })
            })
            .collect();
        let mask = Tensor::from_vec(hidden, (queries, queries), q.device())?;
        scores = scores.broadcast_add(&mask.to_dtype(scores.dtype())?)?;
    }
    let dtype = scores.dtype();
    let shares = candle_nn::ops::softmax(&scores.to_dtype(wide(dtype))?, D::Minus1)?;
    shares.to_dtype(dtype)?.matmul(&v.contiguous()?)
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
    let (batch, depth, height, width, _) = x.dims5()?;
    let (seen, outputs) = kernels.dims2()?;
    let plane = batch * height * width * seen * x.dtype().size_in_bytes();
    let planes = (MOST_SEEN / plane.max(1)).clamp(1, depth.max(1));
    let mut padded = x.clone();
    for axis in 1..4 {
        padded = padded.pad_with_zeros(axis, 1, 1)?;
    }
    let slab = |first: usize| -> Result<Tensor> {
        let count = planes.min(depth - first);
        let taps: Result<Vec<Tensor>> = (0..27)
            .map(|tap| {
                padded
                    .narrow(1, first + tap / 9, count)?
                    .narrow(2, tap / 3 % 3, height)?
                    .narrow(3, tap % 3, width)?
                    .contiguous()
            })
            .collect();
        let y = Tensor::cat(&taps?, 4)?
            .reshape((batch * count * height * width, seen))?
            .matmul(kernels)?;
        let y = match bias {
            Some(bias) => y.broadcast_add(bias)?,
            None => y,
        };
        y.reshape((batch, count, height, width, outputs))
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
