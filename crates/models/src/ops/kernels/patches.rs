//! What the kernels of convolutions see, laid out for one product.

use std::ops::Range;

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
use candle_core::cuda_backend::{CudaStorage, WrapErr};
use candle_core::{Layout, Result, Shape, Tensor, bail};

use super::{Held, Kernel, MODULE, PACK, PTX, THREADS, Value, blocks, counted, made, name, take};

/// Whether the kernels lay out patches of this tensor, whose channels are last.
pub(in crate::ops) fn take_patches(x: &Tensor) -> bool {
    let channels = x.dims().last().copied().unwrap_or_default();
    take(x) && is_packed(x) && channels.is_multiple_of(PACK / x.dtype().size_in_bytes())
}

/// Whether its values lie one behind the other and can be read in packs.
fn is_packed(x: &Tensor) -> bool {
    let start = x.layout().start_offset() * x.dtype().size_in_bytes();
    x.is_contiguous() && start.is_multiple_of(PACK)
}

/// Some planes of a grid through a kernel; see [`patches`].
struct Patches {
    sides: [usize; 3],
    planes: Range<usize>,
}

/// Of each cell in some `planes` of `(batch, depth, height, width, channels)`, for which [`take_patches`]
/// holds, what a kernel of odd `sides` sees, place by place, with zeros beyond the grid: `(batch, planes,
/// height, width, places, channels)`.
///
/// # Errors
/// When the planes are not the grid's, there is too much of it, or the device fails.
pub(in crate::ops) fn patches(
    x: &Tensor,
    sides: [usize; 3],
    planes: Range<usize>,
) -> Result<Tensor> {
    let (_, depth, ..) = x.dims5()?;
    if !take_patches(x) || planes.is_empty() || planes.end > depth {
        bail!("{x} has no patches of the planes {planes:?}");
    }
    made(x, Patches { sides, planes })
}

impl Patches {
    fn sizes(&self, layout: &Layout) -> Result<[usize; 6]> {
        let (batch, _, height, width, channels) = layout.shape().dims5()?;
        let places = self.sides.iter().product();
        Ok([batch, self.planes.len(), height, width, places, channels])
    }
}

impl Kernel for Patches {
    const NAME: &'static str = "patches";

    fn shape(&self, layout: &Layout) -> Result<Shape> {
        Ok(self.sizes(layout)?.to_vec().into())
    }

    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
        let (_, depth, height, width, channels) = layout.shape().dims5()?;
        let values: usize = self.sizes(layout)?.iter().product();
        let pack = PACK / size_of::<T>();
        let packs = counted(values / pack)?;
        let device = x.device();
        let function = device.get_or_load_custom_func(&name::<T>("patches"), MODULE, PTX)?;
        let x = x.as_cuda_slice::<T>()?.slice(layout.start_offset()..);
        // SAFETY: the kernel writes every pack.
        let mut y = unsafe { device.alloc::<T>(values) }?;
        let [deep, down, across] = self.sides;
        let sizes = [depth, height, width, channels / pack, deep, down, across];
        let sizes = sizes.map(|size| size as u32);
        let (first, count) = (self.planes.start as u32, self.planes.len() as u32);
        let mut builder = function.builder();
        builder.arg(&x).arg(&mut y);
        for size in &sizes {
            builder.arg(size);
        }
        builder.arg(&first).arg(&count).arg(&packs);
        // SAFETY: as the module above says; `patches` has checked the shapes, and the kernel reads no cell
        // beyond the grid.
        unsafe { builder.launch(blocks(packs.div_ceil(THREADS), THREADS)) }.w()?;
        Ok(CudaStorage::wrap_cuda_slice(y, device.clone()))
    }
}

/// Some rows of pictures through a kernel whose places are moved; see [`moved_patches`].
struct MovedPatches<'a> {
    offsets: &'a Tensor,
    shares: &'a Tensor,
    side: usize,
    rows: Range<usize>,
}

/// Of each pixel in some `rows` of `(batch, height, width, channels)`, for which [`take_patches`] holds,
/// what a square kernel sees whose places are moved by `offsets`, `(batch, height, width, 2 · side²)`, and
/// count by their `shares`, `(batch, height, width, side²)`: `(batch, rows, width, side² · channels)`.
/// Places are found in single precision.
///
/// # Errors
/// When the shapes do not fit, there is too much of it, or the device fails.
pub(in crate::ops) fn moved_patches(
    x: &Tensor,
    offsets: &Tensor,
    shares: &Tensor,
    side: usize,
    rows: Range<usize>,
) -> Result<Tensor> {
    let (batch, height, width, _) = x.dims4()?;
    let is_like = |tensor: &Tensor| {
        tensor.dtype() == x.dtype()
            && tensor.is_contiguous()
            && tensor.device().same_device(x.device())
    };
    let places = side * side;
    let fits = offsets.dims() == [batch, height, width, 2 * places]
        && shares.dims() == [batch, height, width, places];
    let is_there = !rows.is_empty() && rows.end <= height;
    if !take_patches(x) || !fits || !is_there || !is_like(offsets) || !is_like(shares) {
        bail!("{x} has no patches of the rows {rows:?} moved by {offsets} and {shares}");
    }
    made(
        x,
        MovedPatches {
            offsets,
            shares,
            side,
            rows,
        },
    )
}

impl MovedPatches<'_> {
    fn sizes(&self, layout: &Layout) -> Result<(usize, usize, usize, usize)> {
        let (batch, _, width, channels) = layout.shape().dims4()?;
        let seen = self.side * self.side * channels;
        Ok((batch, self.rows.len(), width, seen))
    }
}

impl Kernel for MovedPatches<'_> {
    const NAME: &'static str = "moved-patches";

    fn shape(&self, layout: &Layout) -> Result<Shape> {
        Ok(self.sizes(layout)?.into())
    }

    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
        let (_, height, width, channels) = layout.shape().dims4()?;
        let (batch, rows, _, seen) = self.sizes(layout)?;
        let values = batch * rows * width * seen;
        let pack = PACK / size_of::<T>();
        let packs = counted(values / pack)?;
        let device = x.device();
        let function = device.get_or_load_custom_func(&name::<T>("moved_patches"), MODULE, PTX)?;
        let (offsets, shares) = (Held::of(self.offsets)?, Held::of(self.shares)?);
        let (offsets, shares) = (offsets.view::<T>()?, shares.view::<T>()?);
        let x = x.as_cuda_slice::<T>()?.slice(layout.start_offset()..);
        // SAFETY: the kernel writes every pack.
        let mut y = unsafe { device.alloc::<T>(values) }?;
        let sizes = [height, width, channels / pack, self.side];
        let sizes = sizes.map(|size| size as u32);
        let (first, count) = (self.rows.start as u32, rows as u32);
        let mut builder = function.builder();
        builder.arg(&x).arg(&mut y).arg(&offsets).arg(&shares);
        for size in &sizes {
            builder.arg(size);
        }
        builder.arg(&first).arg(&count).arg(&packs);
        // SAFETY: as the module above says; `moved_patches` has checked the shapes, and the kernel reads no
        // pixel beyond the picture, whatever the offsets.
        unsafe { builder.launch(blocks(packs.div_ceil(THREADS), THREADS)) }.w()?;
        Ok(CudaStorage::wrap_cuda_slice(y, device.clone()))
    }
}
