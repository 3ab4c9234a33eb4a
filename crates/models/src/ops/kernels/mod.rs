//! The project's own kernels for NVIDIA GPUs (`kernels/fused.cu`): what takes candle several passes over
//! memory, in one.
//!
//! candle's sums of tensors of different shapes find each value's place by 64-bit divisions; beside
//! matrix products on tensor cores that takes as long as these do.
//!
//! # Safety
//!
//! This is the crate's only unsafe code: launches, memory that a kernel is to fill, and the word of
//! [`in_one_stream`]. Every launch keeps
//! this invariant: each pointer is that of a live slice on the kernel's device, of the kernel's type, with
//! at least as many values from there on as the kernel's sizes say, and starts at a multiple of sixteen
//! bytes where packs are read; and what a kernel is to fill has as many values as it writes. The functions
//! that launch check shapes against each other and hand on nothing else; `tests/device` holds the kernels
//! against their plain twins on a GPU, with shapes that fill no block.
#![allow(unsafe_code)]

/// Adds a pointer, or the one to nothing.
macro_rules! optional {
    ($builder:ident, $view:expr) => {
        match &$view {
            Some(view) => $builder.arg(view),
            None => $builder.arg(&super::NOTHING),
        }
    };
}

mod depthwise;
mod finish;
mod head_norm;
mod layer_norm;
mod patches;
mod rows;

use std::ops::{Deref, Range};

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::{CudaView, DeviceRepr, LaunchConfig};
use candle_core::cuda_backend::{CudaDType, CudaStorage};
use candle_core::{
    CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Storage, Tensor, bail,
};
use half::{bf16, f16};

pub(super) use depthwise::depthwise;
pub(super) use finish::finish;
pub(super) use head_norm::head_norm;
pub(super) use layer_norm::layer_norm;
pub(super) use patches::{moved_patches, patches, take_patches};
pub(super) use rows::rows;

/// What devices know the kernels by, all of them together.
const MODULE: &str = "splatsmith";

const PTX: &str = include_str!(concat!(env!("OUT_DIR"), "/fused.ptx"));

/// Bytes that are read and written at once.
const PACK: usize = 16;

/// Threads of a block.
const THREADS: u32 = 256;

/// What stands for a pointer to nothing.
const NOTHING: u64 = 0;

/// Takes a device's word that all its work goes to one stream, in the order it is given: cudarc then
/// records no events to order it by, of which there would be several to every launch.
pub(crate) fn in_one_stream(device: &Device) {
    if let Device::Cuda(device) = device {
        // SAFETY: candle, cuBLAS, flash attention and the kernels here launch and copy in the device's own
        // stream alone, and memory is taken and given back in it too.
        unsafe { device.disable_event_tracking() };
    }
}

/// A type the kernels are compiled for.
trait Value: CudaDType + DeviceRepr {
    /// The end of a kernel's name.
    const NAME: &'static str;
}

impl Value for f32 {
    const NAME: &'static str = "f32";
}

impl Value for f16 {
    const NAME: &'static str = "f16";
}

impl Value for bf16 {
    const NAME: &'static str = "bf16";
}

/// What the kernel of this name for a type is called.
fn name<T: Value>(kernel: &str) -> String {
    format!("{kernel}_{}", T::NAME)
}

/// Whether the kernels take this tensor's type and device.
pub(super) fn take(x: &Tensor) -> bool {
    x.device().is_cuda() && is_value(x.dtype()) && x.elem_count() > 0
}

fn is_value(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F16 | DType::BF16)
}

/// A kernel that makes a new tensor of one.
trait Kernel {
    /// What it is called.
    const NAME: &'static str;

    /// The shape of what it makes.
    fn shape(&self, layout: &Layout) -> Result<Shape>;

    /// Makes it.
    fn launch<T: Value>(&self, x: &CudaStorage, layout: &Layout) -> Result<CudaStorage>;
}

/// A kernel as candle calls it.
struct Op<K>(K);

impl<K: Kernel> CustomOp1 for Op<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("the kernels are for GPUs")
    }

    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let y = match x.dtype() {
            DType::F32 => self.0.launch::<f32>(x, layout),
            DType::F16 => self.0.launch::<f16>(x, layout),
            DType::BF16 => self.0.launch::<bf16>(x, layout),
            other => bail!("no kernel for {other:?}"),
        };
        Ok((y?, self.0.shape(layout)?))
    }
}

/// What a kernel makes of a tensor.
fn made(x: &Tensor, kernel: impl Kernel) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Op(kernel))
}

/// A tensor whose storage is held for reading.
struct Held<'a> {
    storage: Box<dyn Deref<Target = Storage> + 'a>,
    range: Range<usize>,
}

impl<'a> Held<'a> {
    /// Of a tensor whose values lie one behind the other.
    fn of(tensor: &'a Tensor) -> Result<Self> {
        let (storage, layout) = tensor.storage_and_layout();
        match layout.contiguous_offsets() {
            Some((start, end)) => Ok(Self {
                storage: Box::new(storage),
                range: start..end,
            }),
            None => bail!("{tensor} does not lie one value behind the other"),
        }
    }

    fn view<T: Value>(&self) -> Result<CudaView<'_, T>> {
        self.of_type()
    }

    fn of_type<T: CudaDType>(&self) -> Result<CudaView<'_, T>> {
        match &**self.storage {
            Storage::Cuda(storage) => Ok(storage.as_cuda_slice::<T>()?.slice(self.range.clone())),
            _ => bail!("a tensor is not on the GPU"),
        }
    }
}

fn held(tensor: Option<&Tensor>) -> Result<Option<Held<'_>>> {
    tensor.map(Held::of).transpose()
}

fn view<'a, T: Value>(held: Option<&'a Held<'_>>) -> Result<Option<CudaView<'a, T>>> {
    held.map(Held::view).transpose()
}

fn blocks(count: u32, threads: u32) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (count, 1, 1),
        block_dim: (threads, 1, 1),
        shared_mem_bytes: 0,
    }
}

/// As kernels count.
fn counted(packs: usize) -> Result<u32> {
    match u32::try_from(packs) {
        Ok(packs) if packs <= u32::MAX - THREADS => Ok(packs),
        _ => bail!("{packs} packs are too many for one kernel"),
    }
}
