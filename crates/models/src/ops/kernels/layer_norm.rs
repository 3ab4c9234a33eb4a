//! Layer normalisation.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
use candle_core::cuda_backend::{CudaStorage, WrapErr};
use candle_core::{DType, Layout, Result, Shape, Tensor, bail};

use super::{Held, Kernel, MODULE, PTX, Value, blocks, held, made, name, take, view};

/// Layer normalisation of the rows of a tensor that lies row by row; see [`layer_norm`].
struct LayerNorm<'a> {
    weight: Option<&'a Tensor>,
    bias: Option<&'a Tensor>,
    eps: f32,
}

/// Layer normalisation, if the kernel takes these: the weights are of the type of `x` or in single
/// precision, both alike. See [`super::plain::layer_norm`].
///
/// # Errors
/// When the device fails.
pub(in crate::ops) fn layer_norm(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Option<Tensor>> {
    let width = x.dims().last().copied().unwrap_or_default();
    let vectors = [weight, bias].into_iter().flatten();
    let dtype = vectors.clone().next().map_or(x.dtype(), Tensor::dtype);
    let fit = |vector: &Tensor| {
        vector.dims() == [width]
            && vector.is_contiguous()
            && vector.dtype() == dtype
            && vector.device().same_device(x.device())
    };
    let is_taken = take(x)
        && (dtype == x.dtype() || dtype == DType::F32)
        && u32::try_from(width).is_ok()
        && i32::try_from(x.elem_count() / width).is_ok()
        && vectors.clone().all(fit);
    if !is_taken {
        return Ok(None);
    }
    let op = LayerNorm {
        weight,
        bias,
        eps: eps as f32,
    };
    made(&x.contiguous()?, op).map(Some)
}

impl Kernel for LayerNorm<'_> {
    const NAME: &'static str = "layer-norm";

    fn shape(&self, layout: &Layout) -> Result<Shape> {
        Ok(layout.shape().clone())
    }

    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("the rows do not lie one behind the other");
        };
        let device = x.device();
        let function = device.get_or_load_custom_func(&name::<T>("layer_norm"), MODULE, PTX)?;
        let width = layout.dims().last().copied().unwrap_or_default();
        let rows = (end - start) / width;
        let held = [held(self.weight)?, held(self.bias)?];
        let any = self.weight.or(self.bias);
        let is_wide = any.is_some_and(|vector| vector.dtype() == DType::F32);
        let (wide, threads) = (u32::from(is_wide), threads_for(width));
        let width = width as u32;
        let x = x.as_cuda_slice::<T>()?.slice(start..end);
        // SAFETY: the kernel writes every value of every row.
        let mut y = unsafe { device.alloc::<T>(end - start) }?;
        let (narrow, single) = (
            [
                view::<T>(pick(&held[0], !is_wide))?,
                view::<T>(pick(&held[1], !is_wide))?,
            ],
            [
                view::<f32>(pick(&held[0], is_wide))?,
                view::<f32>(pick(&held[1], is_wide))?,
            ],
        );
        let mut builder = function.builder();
        builder.arg(&x).arg(&mut y);
        for index in 0..2 {
            if is_wide {
                optional!(builder, single[index]);
            } else {
                optional!(builder, narrow[index]);
            }
        }
        builder.arg(&wide).arg(&width).arg(&self.eps);
        // SAFETY: as the module says; `layer_norm` has checked the shapes.
        unsafe { builder.launch(blocks(rows as u32, threads)) }.w()?;
        Ok(CudaStorage::wrap_cuda_slice(y, device.clone()))
    }
}

fn pick<'a, 'b>(held: &'a Option<Held<'b>>, is_picked: bool) -> Option<&'a Held<'b>> {
    held.as_ref().filter(|_| is_picked)
}

/// Whole warps, about four values of a row to a thread.
fn threads_for(width: usize) -> u32 {
    (width.div_ceil(128) as u32 * 32).clamp(32, 1024)
}
