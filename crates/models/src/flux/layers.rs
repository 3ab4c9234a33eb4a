//! Where the networks of FLUX get their layers from, and linear layers whose weights stay as they are
//! stored.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use candle_core::quantized::{QStorage, QTensor};
use candle_core::{D, DType, Device, Result, Shape, Tensor};
use candle_nn::VarBuilder;
use rayon::prelude::*;

use crate::ops::{self, Activation};
use crate::store::{Precision, Weights};

/// The weights of one network, or of the part of it under a name.
#[derive(Clone)]
pub struct Layers {
    weights: VarBuilder<'static>,
    /// The files they are in, where they are in files.
    files: Option<Weights>,
    kept: DType,
}

impl Layers {
    /// Weights that compute in the type of `weights` and are kept in it.
    #[must_use]
    pub fn new(weights: VarBuilder<'static>) -> Self {
        let kept = weights.dtype();
        Self {
            weights,
            files: None,
            kept,
        }
    }

    /// Weights out of files, put on `device` to compute in `computed` there. The weights of linear
    /// layers, which are nearly all there is, are kept as they are stored where that is smaller.
    #[must_use]
    pub fn open(weights: &Weights, computed: DType, device: &Device) -> Self {
        Self {
            files: Some(weights.clone()),
            ..Self::new(weights.builder(Precision::As(computed), device))
        }
    }

    /// The same, with linear layers kept in another type than they compute in.
    #[must_use]
    pub fn keeping(self, kept: DType) -> Self {
        Self { kept, ..self }
    }

    /// The part under `name`.
    #[must_use]
    pub fn pp(&self, name: impl Display) -> Self {
        Self {
            weights: self.weights.pp(name.to_string()),
            ..self.clone()
        }
    }

    /// The type that is computed in.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.weights.dtype()
    }

    /// Where the weights are put.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.weights.device()
    }

    /// As candle's own layers take them; packed ones are unpacked.
    pub(super) fn builder(&self) -> VarBuilder<'static> {
        self.weights.clone()
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.weights.contains_tensor(name)
    }

    /// A tensor in the type that is computed in.
    pub(super) fn tensor(&self, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
        self.weights.get(shape, name)
    }

    /// A tensor in single precision, whatever is computed in.
    pub(super) fn precise(&self, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
        let weights = &self.weights;
        weights.get_with_hints_dtype(shape, name, candle_nn::Init::default(), DType::F32)
    }

    /// A tensor in the type that linear layers are kept in.
    pub(super) fn kept(&self, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
        let weights = &self.weights;
        let kept = self.stored(&self.full(name)).unwrap_or(self.kept);
        weights.get_with_hints_dtype(shape, name, candle_nn::Init::default(), kept)
    }

    /// The type a tensor is stored in, where that is smaller than what is computed in.
    fn stored(&self, name: &str) -> Option<DType> {
        let (_, stored) = self.files.as_ref()?.shape(name)?;
        let smaller = stored.size_in_bytes() < self.dtype().size_in_bytes();
        smaller.then_some(stored)
    }

    /// The name of a tensor in its file.
    fn full(&self, name: &str) -> String {
        let prefix = self.weights.prefix();
        if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        }
    }

    /// A linear layer with a bias.
    pub(super) fn linear(&self, inputs: usize, outputs: usize) -> Result<Linear> {
        let bias = self.tensor(outputs, "bias")?;
        Linear::new(self.matrix(inputs, outputs)?, Some(bias), self.dtype())
    }

    /// A linear layer without one.
    pub(super) fn linear_no_bias(&self, inputs: usize, outputs: usize) -> Result<Linear> {
        Linear::new(self.matrix(inputs, outputs)?, None, self.dtype())
    }

    fn matrix(&self, inputs: usize, outputs: usize) -> Result<Matrix> {
        let name = self.full("weight");
        match &self.files {
            Some(weights) if weights.is_packed(&name) => {
                let found = weights.shape(&name).map(|(shape, _)| shape);
                if found != Some(&[outputs, inputs]) {
                    candle_core::bail!(
                        "tensor {name} is {found:?} where {:?} is expected",
                        [outputs, inputs]
                    );
                }
                let packed = weights
                    .packed(&name, self.device())
                    .map_err(candle_core::Error::wrap)?;
                Ok(Matrix::Packed(Box::new(packed)))
            }
            _ => Ok(Matrix::Plain(self.kept((outputs, inputs), "weight")?)),
        }
    }
}

/// The weight of a linear layer as it was read.
enum Matrix {
    Plain(Tensor),
    Packed(Box<QTensor>),
}

/// On the CPU, weights are unpacked so many rows at a time, by all processors: a whole layer of T5 would
/// take longer to unpack on one than to multiply with on all, and would not stay in their caches.
const SLAB_ROWS: usize = 256;

/// A linear layer. A weight that is packed, or of another type than is computed in, is unpacked when
/// it is used, one layer at a time, so that it takes up what its file does.
///
/// candle can multiply with packed weights as they are, but packs the other factor too: on the CPU
/// that costs two decimals of precision, and on a GPU it computes in single precision alone. Unpacked
/// they give what the unpacked network gives, on the tensor cores.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    weight: Weight,
    bias: Option<Tensor>,
}

#[derive(Debug, Clone)]
enum Weight {
    /// In the type that is computed in, bias included.
    Ready(ops::Linear),
    /// As stored, some rows after others.
    Slabs(Vec<Slab>),
}

/// Some rows of a weight.
#[derive(Debug, Clone)]
enum Slab {
    Plain(Tensor),
    Packed(Arc<QTensor>),
}

impl Linear {
    fn new(matrix: Matrix, bias: Option<Tensor>, computed: DType) -> Result<Self> {
        let weight = match matrix {
            Matrix::Plain(weight) if weight.dtype() == computed => {
                Weight::Ready(ops::Linear::new(&weight, bias.as_ref())?)
            }
            Matrix::Plain(weight) => Weight::Slabs(plain_slabs(&weight)?),
            Matrix::Packed(packed) => Weight::Slabs(packed_slabs(*packed)?),
        };
        Ok(Self { weight, bias })
    }

    /// `(…, inputs)` to `(…, outputs)`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self.ready(x)? {
            Some(layer) => layer.forward(x),
            None => self.by_slabs(x),
        }
    }

    /// `activation(forward(x))`.
    pub(super) fn forward_activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        match self.ready(x)? {
            Some(layer) => layer.forward_activated(x, activation),
            None => activation.forward(&self.by_slabs(x)?),
        }
    }

    /// `residual + scale · forward(x)`, `scale` with one value for each output.
    pub(super) fn forward_onto(
        &self,
        x: &Tensor,
        scale: &Tensor,
        residual: &Tensor,
    ) -> Result<Tensor> {
        match self.ready(x)? {
            Some(layer) => layer.forward_onto(x, Some(scale), residual),
            None => residual + self.by_slabs(x)?.broadcast_mul(scale)?,
        }
    }

    /// The layer for `x` in one piece, unless it is to be computed in several.
    fn ready(&self, x: &Tensor) -> Result<Option<Cow<'_, ops::Linear>>> {
        match &self.weight {
            Weight::Ready(layer) => Ok(Some(Cow::Borrowed(layer))),
            Weight::Slabs(slabs) => match slabs.as_slice() {
                [whole] => {
                    let weight = whole.unpacked(x.dtype(), x.device())?;
                    let layer = ops::Linear::new(&weight, self.bias.as_ref())?;
                    Ok(Some(Cow::Owned(layer)))
                }
                _ => Ok(None),
            },
        }
    }

    fn by_slabs(&self, x: &Tensor) -> Result<Tensor> {
        let Weight::Slabs(slabs) = &self.weight else {
            candle_core::bail!("the weight is in one piece");
        };
        let parts = slabs
            .par_iter()
            .map(|slab| ops::linear(x, &slab.unpacked(x.dtype(), x.device())?, None))
            .collect::<Result<Vec<_>>>()?;
        let y = Tensor::cat(&parts, D::Minus1)?;
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}

impl Slab {
    fn unpacked(&self, dtype: DType, device: &Device) -> Result<Tensor> {
        match (self, dtype) {
            (Self::Plain(weight), dtype) => weight.to_dtype(dtype),
            (Self::Packed(packed), DType::F32) => packed.dequantize(device),
            // Half as many bytes as by way of single precision; no weight is beyond the range of `f16`.
            (Self::Packed(packed), dtype) => packed.dequantize_f16(device)?.to_dtype(dtype),
        }
    }
}

fn plain_slabs(weight: &Tensor) -> Result<Vec<Slab>> {
    let rows = weight.dim(0)?;
    if !weight.device().is_cpu() {
        return Ok(vec![Slab::Plain(weight.clone())]);
    }
    (0..rows)
        .step_by(SLAB_ROWS)
        .map(|begin| {
            let count = SLAB_ROWS.min(rows - begin);
            Ok(Slab::Plain(weight.narrow(0, begin, count)?))
        })
        .collect()
}

fn packed_slabs(packed: QTensor) -> Result<Vec<Slab>> {
    let (rows, columns) = packed.shape().dims2()?;
    if !packed.device().is_cpu() || rows <= SLAB_ROWS {
        return Ok(vec![Slab::Packed(Arc::new(packed))]);
    }
    let kind = packed.dtype();
    let row_bytes = columns / kind.block_size() * kind.type_size();
    packed
        .data()?
        .chunks(SLAB_ROWS * row_bytes)
        .map(|bytes| {
            let storage = QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, kind)?;
            let slab = QTensor::new(storage, (bytes.len() / row_bytes, columns))?;
            Ok(Slab::Packed(Arc::new(slab)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const CPU: Device = Device::Cpu;

    fn tensor(rows: usize, columns: usize) -> Tensor {
        let values =
            (0..rows * columns).map(|place| ((place * 7919 % 1000) as f32 - 500.0) / 500.0);
        Tensor::from_vec(values.collect::<Vec<_>>(), (rows, columns), &CPU).unwrap()
    }

    /// More rows than a slab, in a number that is none of its multiples.
    #[test]
    fn slabs_are_the_whole() {
        let (weight, bias) = (tensor(600, 64), tensor(1, 600).squeeze(0).unwrap());
        let x = tensor(6, 64).reshape((2, 3, 64)).unwrap();
        let half = weight.to_dtype(DType::BF16).unwrap();
        let packed = QTensor::quantize(&weight, candle_core::quantized::GgmlDType::Q8_0).unwrap();
        let unpacked = packed.dequantize(&CPU).unwrap();
        let widened = half.to_dtype(DType::F32).unwrap();
        for (matrix, same) in [
            (Matrix::Plain(half), widened),
            (Matrix::Packed(Box::new(packed)), unpacked),
        ] {
            let layer = Linear::new(matrix, Some(bias.clone()), DType::F32).unwrap();
            let Weight::Slabs(slabs) = &layer.weight else {
                panic!("it is not in slabs");
            };
            assert_eq!(slabs.len(), 3);
            let expected = ops::linear(&x, &same, Some(&bias)).unwrap();
            let apart = (layer.forward(&x).unwrap() - expected)
                .unwrap()
                .abs()
                .unwrap();
            let apart: f32 = apart.max_all().unwrap().to_scalar().unwrap();
            assert!(apart < 1e-5, "{apart}");
        }
    }

    #[test]
    fn a_weight_of_another_shape_is_named() {
        let weights = HashMap::from([("a.weight".to_owned(), tensor(4, 64))]);
        let layers = Layers::new(VarBuilder::from_tensors(weights, DType::F32, &CPU));
        let refused = layers.pp("a").linear_no_bias(64, 5).unwrap_err();
        assert!(refused.to_string().contains("a.weight") || refused.to_string().contains("shape"));
        assert!(layers.pp("b").linear_no_bias(64, 4).is_err());
    }
}
