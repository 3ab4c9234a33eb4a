//! Reading the elements of one tensor from where they lie in a file.

use std::borrow::Cow;
use std::io::SeekFrom;

use bytemuck::Pod;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor, WithDType};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::{Bytes, Fault};

/// Where a tensor lies in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    /// What its elements are.
    pub(super) dtype: DType,
    /// The blocks they are packed in, of which `dtype` is what they are unpacked to.
    pub(super) blocks: Option<GgmlDType>,
    /// Its size along each dimension.
    pub(super) shape: Vec<usize>,
    /// Where its first element lies, in bytes from the beginning of the file.
    pub(super) offset: u64,
    /// How far apart neighbours along each dimension lie, in elements; `None` where they lie as C
    /// lays them.
    pub(super) strides: Option<Vec<usize>>,
}

impl Stored {
    /// How many elements it has; `None` where that is no number.
    pub(super) fn count(&self) -> Option<usize> {
        self.shape
            .iter()
            .try_fold(1_usize, |count, &size| count.checked_mul(size))
    }

    /// How many bytes it takes up in its file, lying as C lays it; `None` where that is no number.
    pub(super) fn bytes(&self) -> Option<usize> {
        let count = self.count()?;
        match self.blocks {
            Some(blocks) => (count / blocks.block_size()).checked_mul(blocks.type_size()),
            None => count.checked_mul(self.dtype.size_in_bytes()),
        }
    }

    /// How many elements lie between its first and its last, both included.
    pub(super) fn span(&self) -> Option<usize> {
        let Some(strides) = &self.strides else {
            return self.count();
        };
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .zip(strides)
            .try_fold(1_usize, |span, (&size, &stride)| {
                span.checked_add((size - 1).checked_mul(stride)?)
            })
    }
}

/// The strides of a tensor of `shape` as C lays it, in elements.
pub(super) fn c_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1_usize; shape.len()];
    for index in (1..shape.len()).rev() {
        let below = strides.get(index).copied().unwrap_or(1);
        let size = shape.get(index).copied().unwrap_or(1);
        if let Some(stride) = strides.get_mut(index - 1) {
            *stride = below.saturating_mul(size.max(1));
        }
    }
    strides
}

/// Reads a tensor whose place has been checked against the length of the file.
pub(super) fn read_tensor(
    file: &mut dyn Bytes,
    stored: &Stored,
    device: &Device,
) -> Result<Tensor, Fault> {
    if let Some(blocks) = stored.blocks {
        let packed = read_blocks(file, stored, blocks, device)?;
        return packed
            .dequantize(device)
            .map_err(|error| Fault::format(error.to_string()));
    }
    match stored.dtype {
        DType::U8 => plain::<u8>(file, stored, device),
        DType::U32 => plain::<u32>(file, stored, device),
        DType::I16 => plain::<i16>(file, stored, device),
        DType::I32 => plain::<i32>(file, stored, device),
        DType::I64 => plain::<i64>(file, stored, device),
        DType::F32 => plain::<f32>(file, stored, device),
        DType::F64 => plain::<f64>(file, stored, device),
        DType::F16 => made(file, stored, device, f16::ZERO, |values| {
            values.reinterpret_cast_mut()
        }),
        DType::BF16 => made(file, stored, device, bf16::ZERO, |values| {
            values.reinterpret_cast_mut()
        }),
        other => Err(Fault::format(format!(
            "elements of type {other:?} are not read here"
        ))),
    }
}

/// Reads a tensor of blocks as it is packed.
pub(super) fn read_blocks(
    file: &mut dyn Bytes,
    stored: &Stored,
    blocks: GgmlDType,
    device: &Device,
) -> Result<QTensor, Fault> {
    let size = stored
        .bytes()
        .ok_or_else(|| Fault::format("its shape is no size"))?;
    let mut packed = Vec::new();
    packed
        .try_reserve_exact(size)
        .map_err(|_| Fault::format("there is no memory for it"))?;
    packed.resize(size, 0_u8);
    file.seek(SeekFrom::Start(stored.offset))?;
    file.read_exact(&mut packed)?;
    QStorage::from_data(Cow::Owned(packed), device, blocks)
        .and_then(|storage| QTensor::new(storage, stored.shape.as_slice()))
        .map_err(|error| Fault::format(error.to_string()))
}

fn plain<T: WithDType + Pod>(
    file: &mut dyn Bytes,
    stored: &Stored,
    device: &Device,
) -> Result<Tensor, Fault> {
    made::<T, T>(file, stored, device, T::zeroed(), |values| values)
}

/// Reads the elements as `T`, whose bytes are those of `Raw`.
fn made<T: WithDType, Raw: Pod>(
    file: &mut dyn Bytes,
    stored: &Stored,
    device: &Device,
    zero: T,
    raw: impl Fn(&mut [T]) -> &mut [Raw],
) -> Result<Tensor, Fault> {
    let span = stored
        .span()
        .ok_or_else(|| Fault::format("its shape is no size"))?;
    let mut elements: Vec<T> = Vec::new();
    elements
        .try_reserve_exact(span)
        .map_err(|_| Fault::format("there is no memory for it"))?;
    elements.resize(span, zero);
    file.seek(SeekFrom::Start(stored.offset))?;
    // Both formats store little-endian numbers, as do all machines candle runs on.
    file.read_exact(bytemuck::cast_slice_mut(raw(&mut elements)))?;
    if let Some(strides) = &stored.strides {
        elements = gathered(&elements, &stored.shape, strides)?;
    }
    Tensor::from_vec(elements, stored.shape.as_slice(), device)
        .map_err(|error| Fault::format(error.to_string()))
}

/// The elements in C's order.
fn gathered<T: Copy>(elements: &[T], shape: &[usize], strides: &[usize]) -> Result<Vec<T>, Fault> {
    let count = shape.iter().product();
    let mut ordered = Vec::new();
    ordered
        .try_reserve_exact(count)
        .map_err(|_| Fault::format("there is no memory for it"))?;
    let mut index = vec![0; shape.len()];
    for _ in 0..count {
        let place: usize = index
            .iter()
            .zip(strides)
            .map(|(&index, &stride): (&usize, &usize)| index * stride)
            .sum();
        ordered.push(
            *elements
                .get(place)
                .ok_or_else(|| Fault::format("its strides leave it"))?,
        );
        for (index, &size) in index.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < size {
                break;
            }
            *index = 0;
        }
    }
    Ok(ordered)
}
