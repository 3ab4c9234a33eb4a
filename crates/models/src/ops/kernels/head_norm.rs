//! The norm of queries and keys, and where they lie.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
use candle_core::cuda_backend::{CudaStorage, WrapErr};
use candle_core::{DType, Layout, Result, Shape, Tensor};

use super::{Held, Kernel, MODULE, PTX, THREADS, Value, blocks, made, name, take};

/// Angles by which pairs of a head's values are turned, as cosines and sines: `(tokens, d / 2)` each, in
/// single precision.
pub(in crate::ops) type Angles<'a> = (&'a Tensor, &'a Tensor);

/// Norm of queries or keys; see [`head_norm`].
struct HeadNorm<'a> {
    gamma: &'a Tensor,
    angles: Option<Angles<'a>>,
    eps: f32,
}

/// Every token of every head of `(batch, heads, tokens, d)` over the root of the mean of its squares and
/// `eps`, times `gamma`, `(heads, d)` or, for all heads, `(d)`, in single precision; then, with `angles`,
/// its pairs of neighbours turned. The answer is a view of `(batch, tokens, heads, d)`. `None` where the
/// kernel does not take these.
///
/// # Errors
/// When the device fails.
pub(in crate::ops) fn head_norm(
    x: &Tensor,
    gamma: &Tensor,
    angles: Option<Angles<'_>>,
    eps: f64,
) -> Result<Option<Tensor>> {
    let (batch, heads, tokens, width) = x.dims4()?;
    let is_single = |tensor: &Tensor| {
        tensor.dtype() == DType::F32
            && tensor.is_contiguous()
            && tensor.device().same_device(x.device())
    };
    let is_taken = take(x)
        && x.stride().last() == Some(&1)
        && width.is_multiple_of(2)
        && u32::try_from(batch * heads * tokens).is_ok_and(|rows| rows < 1 << 30)
        && is_single(gamma)
        && (gamma.dims() == [heads, width] || gamma.dims() == [width])
        && angles.is_none_or(|(cosines, sines)| {
            [cosines, sines]
                .iter()
                .all(|part| is_single(part) && part.dims() == [tokens, width / 2])
        });
    if !is_taken {
        return Ok(None);
    }
    let op = HeadNorm {
        gamma,
        angles,
        eps: eps as f32,
    };
    made(x, op)?.transpose(1, 2).map(Some)
}

impl Kernel for HeadNorm<'_> {
    const NAME: &'static str = "head-norm";

    fn shape(&self, layout: &Layout) -> Result<Shape> {
        let (batch, heads, tokens, width) = layout.shape().dims4()?;
        Ok((batch, tokens, heads, width).into())
    }

    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
        let (batch, heads, tokens, width) = layout.shape().dims4()?;
        let device = x.device();
        let function = device.get_or_load_custom_func(&name::<T>("head_norm"), MODULE, PTX)?;
        let held_angles = match self.angles {
            Some((cosines, sines)) => Some([Held::of(cosines)?, Held::of(sines)?]),
            None => None,
        };
        let angle = |index: usize| match &held_angles {
            Some(angles) => angles[index].view::<f32>().map(Some),
            None => Ok(None),
        };
        let (cosines, sines, gamma) = (angle(0)?, angle(1)?, Held::of(self.gamma)?);
        let gamma = gamma.view::<f32>()?;
        let shared = u32::from(self.gamma.rank() == 1);
        let x = x.as_cuda_slice::<T>()?.slice(layout.start_offset()..);
        let rows = batch * heads * tokens;
        // SAFETY: the kernel writes every value of every row.
        let mut y = unsafe { device.alloc::<T>(rows * width) }?;
        let strides = [0, 1, 2].map(|axis| layout.stride()[axis] as u64);
        let sizes = [heads, tokens, width, rows].map(|size| size as u32);
        let mut builder = function.builder();
        builder.arg(&x).arg(&mut y).arg(&gamma).arg(&shared);
        optional!(builder, cosines);
        optional!(builder, sines);
        for stride in &strides {
            builder.arg(stride);
        }
        for size in &sizes {
            builder.arg(size);
        }
        builder.arg(&self.eps);
        let warps = THREADS / 32;
        // SAFETY: as the module says; `head_norm` has checked the shapes, and the strides are those of a
        // tensor, whose last value lies within its storage.
        unsafe { builder.launch(blocks(sizes[3].div_ceil(warps), THREADS)) }.w()?;
        Ok(CudaStorage::wrap_cuda_slice(y, device.clone()))
    }
}
