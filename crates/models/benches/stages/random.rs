//! Random weights of published sizes, in the types that loaders put them in on a device.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::quantized::GgmlDType;
use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use half::{bf16, f16};
use models::flux::Layers;
use models::store::Weights;
use rayon::prelude::*;

use crate::turns;

/// Where networks run, and how large they are.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) device: Device,
    /// Small ones, to see that everything runs.
    pub(crate) test: bool,
}

impl Place {
    /// The type that TRELLIS, BiRefNet and the alignment's networks are loaded in.
    pub(crate) fn half(&self) -> DType {
        if self.device.is_cpu() {
            DType::F32
        } else {
            DType::F16
        }
    }

    /// The type that FLUX computes in.
    pub(crate) fn brain(&self) -> DType {
        self.device.bf16_default_to_f32()
    }

    /// Weights made when they are asked for: in main memory, as if they had been read, so that nothing
    /// but themselves is left on the device.
    pub(crate) fn weights(&self, dtype: DType) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(Random), dtype, self.device.clone())
    }

    /// Single precision between −1 and 1.
    pub(crate) fn noise(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        turns::noise(shape, 1.0)?.to_device(&self.device)
    }

    /// One of two numbers: the full size, or the small one.
    pub(crate) fn pick<T>(&self, full: T, small: T) -> T {
        if self.test { small } else { full }
    }
}

/// As large as lets what comes out of a layer be about as large as what goes in.
fn size(shape: &[usize]) -> f32 {
    let inputs: usize = shape.iter().skip(1).product();
    (3.0 / inputs as f32).sqrt().min(0.5)
}

struct Random;

impl SimpleBackend for Random {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        // A root is taken of them.
        if name.ends_with("running_var") {
            return Tensor::ones(shape, dtype, device);
        }
        let size = size(shape.dims());
        turns::noise(shape, size)?
            .to_dtype(dtype)?
            .to_device(device)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("the shape of {name} is not known")
    }

    /// Of a tensor's several names, the first.
    fn contains_tensor(&self, name: &str) -> bool {
        name != "encoder.embed_tokens.weight"
    }
}

/// The form in which the weights of linear layers lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Bf16,
    Q8,
    Q4,
}

impl Form {
    /// As conversions do: matrices in blocks, where their rows are whole blocks, and all else plain.
    fn of(self, name: &str, shape: &[usize]) -> Element {
        let width = shape.last().copied().unwrap_or_default();
        let is_matrix = shape.len() == 2 && !name.contains("relative_attention_bias");
        match self {
            Self::Bf16 => Element::Bf16,
            Self::Q4 if is_matrix && width.is_multiple_of(256) => Element::Q4,
            Self::Q8 | Self::Q4 if is_matrix && width.is_multiple_of(32) => Element::Q8,
            Self::Q8 | Self::Q4 => Element::F32,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    F32,
    Bf16,
    Q8,
    Q4,
}

impl Element {
    /// ggml's number for it (`ggml_type`).
    fn kind(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::Bf16 => 30,
            Self::Q8 => 8,
            Self::Q4 => 12,
        }
    }

    fn bytes(self, count: usize) -> usize {
        match self {
            Self::F32 => 4 * count,
            Self::Bf16 => 2 * count,
            Self::Q8 => count / 32 * GgmlDType::Q8_0.type_size(),
            Self::Q4 => count / 256 * GgmlDType::Q4K.type_size(),
        }
    }

    /// Bytes that a tensor is filled with again and again, of values between `-size` and `size`.
    fn unit(self, noise: &[f32], size: f32) -> Vec<u8> {
        let bytes = |value: &f32| ((value + 1.0) * 127.5) as u8;
        match self {
            Self::F32 => noise
                .iter()
                .flat_map(|x| (x * size).to_le_bytes())
                .collect(),
            Self::Bf16 => {
                let narrow = |x: &f32| bf16::from_f32(x * size).to_le_bytes();
                noise.iter().flat_map(narrow).collect()
            }
            Self::Q8 => {
                let step = f16::from_f32(size / 127.0).to_le_bytes();
                let blocks = noise.chunks_exact(32);
                blocks
                    .flat_map(|values| step.into_iter().chain(values.iter().map(bytes)))
                    .collect()
            }
            Self::Q4 => {
                // Of all 6-bit scales and minima: 256 steps are their root mean square.
                let step = size / 3.0_f32.sqrt() / 256.0;
                let head = [f16::from_f32(step), f16::from_f32(7.5 * step)];
                let blocks = noise.chunks_exact(12 + 128);
                blocks
                    .flat_map(|values| {
                        let head = head.into_iter().flat_map(f16::to_le_bytes);
                        head.chain(values.iter().map(bytes))
                    })
                    .collect()
            }
        }
    }
}

/// A GGUF file in memory with all the weights that `load` asks for. Loaders read it as they read one
/// from a disk.
pub(crate) fn file<T>(form: Form, load: impl FnOnce(&Layers) -> Result<T>) -> Result<Weights> {
    let asked = Asked::default();
    let weights = VarBuilder::from_backend(Box::new(asked.clone()), DType::F32, Device::Cpu);
    // Kept in another type than they compute in, weights are not laid out.
    load(&Layers::new(weights).keeping(DType::BF16))?;
    let tensors = asked.0.lock().unwrap_or_else(PoisonError::into_inner);
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, shape)| (name.as_str(), shape.as_slice(), form.of(name, shape)))
        .collect();
    Weights::from_bytes("random.gguf", gguf(&tensors)).map_err(candle_core::Error::wrap)
}

/// <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>
fn gguf(tensors: &[(&str, &[usize], Element)]) -> Vec<u8> {
    const ALIGNMENT: usize = 32;
    let mut head = b"GGUF".to_vec();
    head.extend(3_u32.to_le_bytes());
    head.extend((tensors.len() as u64).to_le_bytes());
    head.extend(0_u64.to_le_bytes());
    let (mut offset, mut places) = (0, Vec::new());
    for (name, shape, element) in tensors {
        head.extend((name.len() as u64).to_le_bytes());
        head.extend(name.as_bytes());
        head.extend((shape.len() as u32).to_le_bytes());
        for size in shape.iter().rev() {
            head.extend((*size as u64).to_le_bytes());
        }
        head.extend(element.kind().to_le_bytes());
        head.extend((offset as u64).to_le_bytes());
        let length = element.bytes(shape.iter().product());
        places.push((offset, length));
        offset = (offset + length).next_multiple_of(ALIGNMENT);
    }
    let data = head.len().next_multiple_of(ALIGNMENT);
    let mut bytes = vec![0; data + offset];
    bytes[..head.len()].copy_from_slice(&head);
    // A prime number of values: no two rows are alike.
    let noise: Vec<f32> = turns::values(65_521);
    for ((_, shape, element), (offset, length)) in tensors.iter().zip(places) {
        let unit = element.unit(&noise, size(shape));
        let filled = &mut bytes[data + offset..][..length];
        filled
            .par_chunks_mut(unit.len())
            .for_each(|part| part.copy_from_slice(&unit[..part.len()]));
    }
    bytes
}

/// Gives every tensor that is asked for, made of one zero, and remembers which.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<BTreeMap<String, Vec<usize>>>>);

impl SimpleBackend for Asked {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(name.to_owned(), shape.dims().to_vec());
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("the shape of {name} is not known")
    }

    fn contains_tensor(&self, name: &str) -> bool {
        Random.contains_tensor(name)
    }
}
