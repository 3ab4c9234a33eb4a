//! Tensors to slices and back: each operator with the fast version where that fits.

use super::cpu::{self, Activation, Heads, Kernels, Processor, Rows};
use super::{Conv3d, Linear, fused, plain};
use candle_core::{DType, Device, Result, Storage, StorageRef, Tensor};
use std::ops::Deref;

/// Whether the fast operators take these: single precision, in main memory, and not empty.
pub(super) fn fits<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> bool {
    tensors.into_iter().all(|tensor| {
        tensor.dtype() == DType::F32
            && matches!(tensor.device(), Device::Cpu)
            && tensor.elem_count() > 0
    })
}

/// The memory of a tensor from its first element on, held open for reading.
pub(super) struct Values<'a> {
    storage: StorageRef<'a>,
    start: usize,
    end: usize,
}

impl<'a> Values<'a> {
    /// Of a contiguous tensor: its elements. Of another: all that follows its first element.
    ///
    /// # Errors
    /// When the tensor does not [fit](fits).
    pub(super) fn of(tensor: &'a Tensor) -> Result<Self> {
        let (storage, layout) = tensor.storage_and_layout();
        let length = match &*storage {
            Storage::Cpu(values) => values.as_slice::<f32>()?.len(),
            _ => candle_core::bail!("the fast operators work in main memory"),
        };
        let (start, end) = layout
            .contiguous_offsets()
            .unwrap_or((layout.start_offset(), length));
        Ok(Self {
            storage,
            start,
            end,
        })
    }
}

impl Deref for Values<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(candle_core::CpuStorage::F32(values)) => &values[self.start..self.end],
            // `of` lets no other through.
            _ => &[],
        }
    }
}

/// Whether `tensor` is one value for each of `count`, or absent.
pub(super) fn is_per(tensor: Option<&Tensor>, count: usize) -> bool {
    tensor.is_none_or(|tensor| tensor.dims() == [count] && tensor.is_contiguous() && fits([tensor]))
}

/// Whether `tensor` has one dimension, or is absent.
fn is_vector(tensor: Option<&Tensor>) -> bool {
    tensor.is_none_or(|tensor| tensor.rank() == 1)
}

/// The values of what may be absent.
pub(super) fn optional(tensor: Option<&Tensor>) -> Result<Option<Values<'_>>> {
    tensor.map(Values::of).transpose()
}

/// See [`plain::layer_norm`].
///
/// # Errors
/// When the shapes do not fit.
pub fn layer_norm(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    let width = x.dims().last().copied().unwrap_or_default();
    if !x.device().is_cpu() && x.elem_count() > 0 && is_vector(weight) && is_vector(bias) {
        return fused::layer_norm(x, weight, bias, eps);
    }
    if !fits([x]) || !is_per(weight, width) || !is_per(bias, width) {
        return plain::layer_norm(x, weight, bias, eps);
    }
    let x = x.contiguous()?;
    let (weight, bias) = (optional(weight)?, optional(bias)?);
    let norm = cpu::Norm {
        weight: weight.as_deref(),
        bias: bias.as_deref(),
        eps: eps as f32,
    };
    let y = cpu::normalise(
        Processor::here(),
        &Rows::packed(&Values::of(&x)?, width),
        norm,
    );
    Tensor::from_vec(y, x.shape(), x.device())
}

/// See [`plain::gelu_erf`].
///
/// # Errors
/// When the type is no float.
pub fn gelu_erf(x: &Tensor) -> Result<Tensor> {
    if !fits([x]) {
        return plain::gelu_erf(x);
    }
    activate(x, Activation::Gelu)
}

/// See [`plain::quick_gelu`].
///
/// # Errors
/// When the type is no float.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    if !fits([x]) {
        return plain::quick_gelu(x);
    }
    activate(x, Activation::QuickGelu)
}

/// See [`plain::gelu_tanh`].
///
/// # Errors
/// When the type is no float.
pub fn gelu_tanh(x: &Tensor) -> Result<Tensor> {
    if !fits([x]) {
        return plain::gelu_tanh(x);
    }
    activate(x, Activation::GeluTanh)
}

/// See [`plain::silu`].
///
/// # Errors
/// When the type is no float.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    if !fits([x]) {
        return plain::silu(x);
    }
    activate(x, Activation::Silu)
}

fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    let x = x.contiguous()?;
    let y = cpu::activate(Processor::here(), &Values::of(&x)?, activation);
    Tensor::from_vec(y, x.shape(), x.device())
}

/// See [`plain::linear`]. A [`Linear`] is faster where the weight is used more than once.
///
/// # Errors
/// When the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if !fits([x, weight]) || !fits(bias) {
        return fused::finish(plain::linear(x, weight, None)?, bias, None, None, None);
    }
    Linear::new(weight, bias)?.forward(x)
}

/// See [`plain::attention`]. The parts may be views, as long as the values of a token lie next to each
/// other; the answer is a view of `(batch, tokens, heads, d)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, causal: bool) -> Result<Tensor> {
    let (batch, heads, queries, width) = q.dims4()?;
    let (_, _, keys, value_width) = v.dims4()?;
    let as_expected = k.dims() == [batch, heads, keys, width]
        && v.dims() == [batch, heads, keys, value_width]
        && (!causal || queries == keys);
    if let Some(y) = fused::attention(q, k, v, causal)? {
        return Ok(y);
    }
    if !fits([q, k, v]) || !as_expected {
        return plain::attention(q, k, v, causal);
    }
    let (q, k, v) = (dense_tokens(q)?, dense_tokens(k)?, dense_tokens(v)?);
    let values = [Values::of(&q)?, Values::of(&k)?, Values::of(&v)?];
    let y = cpu::attention(
        Processor::here(),
        [batch, heads],
        heads_of(&q, &values[0])?,
        heads_of(&k, &values[1])?,
        heads_of(&v, &values[2])?,
        causal,
        None,
    );
    Tensor::from_vec(y, (batch, queries, heads, value_width), q.device())?.transpose(1, 2)
}

/// See [`plain::head_norm`]. `x` may be a view, as long as the values of a token lie next to each other;
/// the answer is a view of `(batch, tokens, heads, d)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn head_norm(x: &Tensor, gamma: &Tensor) -> Result<Tensor> {
    let (batch, heads, tokens, width) = x.dims4()?;
    if !x.device().is_cpu() && x.elem_count() > 0 {
        return fused::head_norm(x, gamma);
    }
    if !fits([x, gamma]) || gamma.dims() != [heads, width] {
        return plain::head_norm(x, gamma);
    }
    let (x, gamma) = (dense_tokens(x)?, gamma.contiguous()?);
    let (values, gamma) = (Values::of(&x)?, Values::of(&gamma)?);
    let y = cpu::head_norm(Processor::here(), batch, heads_of(&x, &values)?, &gamma);
    Tensor::from_vec(y, (batch, tokens, heads, width), x.device())?.transpose(1, 2)
}

/// The same tensor with the values of each token next to each other.
pub(super) fn dense_tokens(x: &Tensor) -> Result<Tensor> {
    if x.stride().last() == Some(&1) {
        Ok(x.clone())
    } else {
        x.contiguous()
    }
}

/// Where the tokens of `(batch, heads, tokens, d)` lie.
pub(super) fn heads_of<'a>(x: &Tensor, values: &'a [f32]) -> Result<Heads<'a>> {
    let (_, _, tokens, width) = x.dims4()?;
    let stride = x.stride();
    Ok(Heads {
        values,
        strides: [stride[0], stride[1], stride[2]],
        tokens,
        width,
    })
}

/// See [`plain::depthwise_conv2d`]. The answer has its channels last in memory, and is made without
/// copies from what has so too.
///
/// # Errors
/// When the shapes do not fit.
pub fn depthwise_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    padding: usize,
) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let (_, _, side, _) = weight.dims4()?;
    if let Some(y) = fused::depthwise_conv2d(x, weight, bias, padding)? {
        return Ok(y);
    }
    let as_expected = weight.dims() == [channels, 1, side, side]
        && side <= height.min(width) + 2 * padding
        && is_per(bias, channels);
    if !fits([x, weight]) || !as_expected {
        return plain::depthwise_conv2d(x, weight, bias, padding);
    }
    let x = x.permute((0, 2, 3, 1))?.contiguous()?;
    let weight = weight.reshape((channels, side * side))?.t()?.contiguous()?;
    let (weight, bias) = (Values::of(&weight)?, optional(bias)?);
    let kernels = Kernels {
        weight: &weight,
        bias: bias.as_deref(),
        side,
        padding,
    };
    let y = cpu::depthwise(
        Processor::here(),
        &Values::of(&x)?,
        [height, width, channels],
        kernels,
    );
    let grown = |length: usize| length + 2 * padding + 1 - side;
    Tensor::from_vec(
        y,
        (batch, grown(height), grown(width), channels),
        x.device(),
    )?
    .permute((0, 3, 1, 2))
}

/// See [`plain::conv3d`]. A [`Conv3d`] is faster where the weight is used more than once.
///
/// # Errors
/// When the shapes do not fit.
pub fn conv3d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if !fits([x, weight]) || !fits(bias) {
        return plain::conv3d(x, weight, bias);
    }
    Conv3d::new(weight, bias)?.forward(x)
}

/// See [`plain::pixel_shuffle_3d`].
///
/// # Errors
/// When the channels are no multiple of `side³`.
pub fn pixel_shuffle_3d(x: &Tensor, side: usize) -> Result<Tensor> {
    let (batch, depth, height, width, channels) = x.dims5()?;
    let cube = side.saturating_pow(3);
    if !fits([x]) || side == 0 || channels % cube != 0 {
        return plain::pixel_shuffle_3d(x, side);
    }
    let x = x.contiguous()?;
    let channels = channels / cube;
    let y = cpu::pixel_shuffle_3d(
        &Values::of(&x)?,
        [batch, depth, height, width],
        channels,
        side,
    );
    let shape = (batch, side * depth, side * height, side * width, channels);
    Tensor::from_vec(y, shape, x.device())
}
