//! Rows of a tensor in another order.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
use candle_core::cuda_backend::{CudaStorage, WrapErr};
use candle_core::{DType, Layout, Result, Shape, Tensor};

use super::{Held, Kernel, MODULE, PACK, PTX, THREADS, Value, blocks, counted, made, name, take};

/// Rows that are picked; see [`rows`].
struct Rows<'a> {
    places: &'a Tensor,
}

/// Of each item of `(batch, rows, …)` the rows at `places`, `(n)`, a row of zeros for every place beyond the
/// last: `(batch, n, …)`. The rows may lie apart, as parts of longer ones do. `None` where the kernel does
/// not take these.
///
/// # Errors
/// When the device fails.
pub(in crate::ops) fn rows(x: &Tensor, places: &Tensor) -> Result<Option<Tensor>> {
    let &[batch, _, ref inner @ ..] = x.dims() else {
        return Ok(None);
    };
    let (pack, stride) = (PACK / x.dtype().size_in_bytes(), x.stride());
    let width: usize = inner.iter().product();
    let is_row = Layout::contiguous(inner).stride() == &stride[2..];
    let in_packs = [x.layout().start_offset(), stride[0], stride[1], width];
    let is_taken = take(x)
        && is_row
        && in_packs.iter().all(|count| count.is_multiple_of(pack))
        && places.dtype() == DType::U32
        && places.rank() == 1
        && places.is_contiguous()
        && places.elem_count() > 0
        && places.device().same_device(x.device())
        && counted(batch * places.elem_count() * width / pack).is_ok();
    if !is_taken {
        return Ok(None);
    }
    made(x, Rows { places }).map(Some)
}

impl Rows<'_> {
    fn sizes(&self, layout: &Layout) -> Vec<usize> {
        let mut shape = layout.dims().to_vec();
        shape[1] = self.places.elem_count();
        shape
    }
}

impl Kernel for Rows<'_> {
    const NAME: &'static str = "rows";

    fn shape(&self, layout: &Layout) -> Result<Shape> {
        Ok(self.sizes(layout).into())
    }

    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
        let (pack, stride) = (PACK / size_of::<T>(), layout.stride());
        let values: usize = self.sizes(layout).iter().product();
        let packs = counted(values / pack)?;
        let device = x.device();
        let function = device.get_or_load_custom_func(&name::<T>("rows"), MODULE, PTX)?;
        let places = Held::of(self.places)?;
        let places = places.of_type::<u32>()?;
        let x = x.as_cuda_slice::<T>()?.slice(layout.start_offset()..);
        // SAFETY: the kernel writes every pack.
        let mut y = unsafe { device.alloc::<T>(values) }?;
        let strides = [stride[0] / pack, stride[1] / pack].map(|stride| stride as u64);
        let count = self.places.elem_count();
        let width = values / pack / layout.dims()[0] / count;
        let sizes = [layout.dims()[1], count, width].map(|size| size as u32);
        let mut builder = function.builder();
        builder.arg(&x).arg(&mut y).arg(&places);
        for stride in &strides {
            builder.arg(stride);
        }
        for size in &sizes {
            builder.arg(size);
        }
        builder.arg(&packs);
        // SAFETY: as the module above says; `rows` has checked the shapes, and the kernel reads no row beyond
        // the last, whatever the places.
        unsafe { builder.launch(blocks(packs.div_ceil(THREADS), THREADS)) }.w()?;
        Ok(CudaStorage::wrap_cuda_slice(y, device.clone()))
    }
}
