//! What becomes of the rows of a matrix product.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
use candle_core::cuda_backend::{CudaStorage, WrapErr};
use candle_core::{CpuStorage, DType, InplaceOp1, Layout, Result, Tensor, bail};
use half::{bf16, f16};

use super::{MODULE, PACK, PTX, THREADS, Value, blocks, held, name, take, view};
use crate::ops::Activation;

/// What becomes of the rows of a matrix product; see [`finish`].
struct Finish<'a> {
    bias: Option<&'a Tensor>,
    activation: Option<Activation>,
    scale: Option<&'a Tensor>,
    residual: Option<&'a Tensor>,
}

/// Makes `residual + scale · activation(y + bias)` of `y` where it lies, if the kernel takes these:
/// `false` says that nothing was done. `bias` and `scale` have one value for each of the last
/// dimension. `y` must be new: other tensors on its memory would change with it.
///
/// # Errors
/// When the shapes do not fit, or the device fails.
pub(in crate::ops) fn finish(
    y: &Tensor,
    bias: Option<&Tensor>,
    activation: Option<Activation>,
    scale: Option<&Tensor>,
    residual: Option<&Tensor>,
) -> Result<bool> {
    let width = y.dims().last().copied().unwrap_or_default();
    let pack = PACK / y.dtype().size_in_bytes();
    let is_packed = |tensor: &Tensor| {
        let start = tensor.layout().start_offset();
        tensor.is_contiguous() && start.is_multiple_of(pack) && tensor.dtype() == y.dtype()
    };
    let vectors = [bias, scale].into_iter().flatten();
    let is_taken = take(y)
        && width.is_multiple_of(pack)
        && u32::try_from(y.elem_count() / pack).is_ok()
        && is_packed(y)
        && vectors
            .clone()
            .all(|vector| is_packed(vector) && vector.dims() == [width])
        && residual.is_none_or(|residual| is_packed(residual) && residual.dims() == y.dims())
        && vectors
            .chain(residual)
            .all(|tensor| tensor.device().same_device(y.device()));
    if is_taken {
        y.inplace_op1(&Finish {
            bias,
            activation,
            scale,
            residual,
        })?;
    }
    Ok(is_taken)
}

impl Finish<'_> {
    fn launch<T: Value>(&self, storage: &mut CudaStorage, layout: &Layout) -> Result<()> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("the rows do not lie one behind the other");
        };
        let device = storage.device().clone();
        let function = device.get_or_load_custom_func(&name::<T>("finish"), MODULE, PTX)?;
        let held = [held(self.bias)?, held(self.scale)?, held(self.residual)?];
        let [bias, scale, residual] = [
            view::<T>(held[0].as_ref())?,
            view::<T>(held[1].as_ref())?,
            view::<T>(held[2].as_ref())?,
        ];
        let pack = PACK / size_of::<T>();
        let width = layout.dims().last().copied().unwrap_or_default() / pack;
        let (width, packs) = (width as u32, ((end - start) / pack) as u32);
        let activation = code(self.activation);
        let mut rows = storage.as_cuda_slice_mut::<T>()?.slice_mut(start..end);
        let mut builder = function.builder();
        builder.arg(&mut rows);
        optional!(builder, bias);
        optional!(builder, scale);
        optional!(builder, residual);
        builder.arg(&width).arg(&packs).arg(&activation);
        // SAFETY: as the module says; `finish` has checked the shapes.
        unsafe { builder.launch(blocks(packs.div_ceil(THREADS), THREADS)) }.w()?;
        Ok(())
    }
}

/// As the kernels number them.
fn code(activation: Option<Activation>) -> u32 {
    match activation {
        None => 0,
        Some(Activation::Gelu) => 1,
        Some(Activation::GeluTanh) => 2,
        Some(Activation::QuickGelu) => 3,
        Some(Activation::Silu) => 4,
    }
}

impl InplaceOp1 for Finish<'_> {
    fn name(&self) -> &'static str {
        "finish"
    }

    fn cpu_fwd(&self, _: &mut CpuStorage, _: &Layout) -> Result<()> {
        bail!("the kernels are for GPUs")
    }

    fn cuda_fwd(&self, storage: &mut CudaStorage, layout: &Layout) -> Result<()> {
        match storage.dtype() {
            DType::F32 => self.launch::<f32>(storage, layout),
            DType::F16 => self.launch::<f16>(storage, layout),
            DType::BF16 => self.launch::<bf16>(storage, layout),
            other => bail!("no kernel for {other:?}"),
        }
    }
}
