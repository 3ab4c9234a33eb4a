//! Convolution of each channel by itself.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
use candle_core::cuda_backend::{CudaStorage, WrapErr};
use candle_core::{Layout, Result, Shape, Tensor};

use super::{Held, Kernel, MODULE, PTX, THREADS, Value, blocks, held, made, name, take, view};

/// A convolution of each channel by itself; see [`depthwise`].
struct Depthwise<'a> {
    /// `(side², channels)`.
    weight: &'a Tensor,
    bias: Option<&'a Tensor>,
    side: usize,
    padding: usize,
}

/// See [`super::super::plain::depthwise_conv2d`]. The answer has its channels last in memory. `None` where
/// the kernel does not take these.
///
/// # Errors
/// When the device fails.
pub(in crate::ops) fn depthwise(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    padding: usize,
) -> Result<Option<Tensor>> {
    let (batch, channels, height, width) = x.dims4()?;
    let side = weight.dim(2)?;
    let is_like =
        |tensor: &Tensor| tensor.dtype() == x.dtype() && tensor.device().same_device(x.device());
    let is_taken = take(x)
        && weight.dims() == [channels, 1, side, side]
        && (1..=height.min(width) + 2 * padding).contains(&side)
        && is_like(weight)
        && bias
            .is_none_or(|bias| is_like(bias) && bias.dims() == [channels] && bias.is_contiguous())
        && u32::try_from(batch * channels * (height + 2 * padding) * (width + 2 * padding)).is_ok();
    if !is_taken {
        return Ok(None);
    }
    // Neighbouring threads work on neighbouring channels.
    let weight = weight.reshape((channels, side * side))?.t()?.contiguous()?;
    let op = Depthwise {
        weight: &weight,
        bias,
        side,
        padding,
    };
    made(x, op)?.permute((0, 3, 1, 2)).map(Some)
}

impl Depthwise<'_> {
    /// `(batch, height, width, channels)` of what comes out.
    fn sizes(&self, layout: &Layout) -> Result<(usize, usize, usize, usize)> {
        let (batch, channels, height, width) = layout.shape().dims4()?;
        let grown = |length: usize| length + 2 * self.padding + 1 - self.side;
        Ok((batch, grown(height), grown(width), channels))
    }
}

impl Kernel for Depthwise<'_> {
    const NAME: &'static str = "depthwise";

    fn shape(&self, layout: &Layout) -> Result<Shape> {
        Ok(self.sizes(layout)?.into())
    }

    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
        let (_, channels, height, width) = layout.shape().dims4()?;
        let (batch, out_height, out_width, _) = self.sizes(layout)?;
        let device = x.device();
        let function = device.get_or_load_custom_func(&name::<T>("depthwise"), MODULE, PTX)?;
        let (weight, held_bias) = (Held::of(self.weight)?, held(self.bias)?);
        let (weight, bias) = (weight.view::<T>()?, view::<T>(held_bias.as_ref())?);
        let x = x.as_cuda_slice::<T>()?.slice(layout.start_offset()..);
        let count = batch * out_height * out_width * channels;
        // SAFETY: the kernel writes every value.
        let mut y = unsafe { device.alloc::<T>(count) }?;
        let strides = [0, 1, 2, 3].map(|axis| layout.stride()[axis] as u64);
        let sizes = [
            channels,
            height,
            width,
            out_height,
            out_width,
            self.side,
            self.padding,
            count,
        ]
        .map(|size| size as u32);
        let mut builder = function.builder();
        builder.arg(&x).arg(&mut y).arg(&weight);
        optional!(builder, bias);
        for stride in &strides {
            builder.arg(stride);
        }
        for size in &sizes {
            builder.arg(size);
        }
        let count = (count as u32).div_ceil(THREADS);
        // SAFETY: as the module above says; `depthwise` has checked the shapes, and the strides are those
        // of a tensor, whose last value lies within its storage.
        unsafe { builder.launch(blocks(count, THREADS)) }.w()?;
        Ok(CudaStorage::wrap_cuda_slice(y, device.clone()))
    }
}
