//! Linear layers whose weights are laid out once.

use super::cpu::{self, Activation, Finish, Matrix, Processor, Rows};
use super::fast::{Values, fits, is_per, optional};
use super::{fused, plain};
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;
use std::sync::Arc;

/// A linear layer, `x · weightᵀ + bias` over the last dimension.
///
/// In single precision on the CPU it holds its weight in the order in which products read it, and
/// takes `x` of that kind alone; else it holds the tensor.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Weight,
    bias: Option<Tensor>,
    inputs: usize,
    outputs: usize,
}

#[derive(Clone, Debug)]
enum Weight {
    Fast(Arc<Matrix>),
    Plain(Tensor),
}

impl Linear {
    /// From `weight` `(out, in)` and `bias` `(out)`, as torch stores them.
    ///
    /// # Errors
    /// When the shapes do not fit each other.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        if let Some(bias) = bias
            && bias.dims() != [outputs]
        {
            candle_core::bail!("a bias of shape {:?} for {outputs} outputs", bias.dims());
        }
        let bias = bias.map(Tensor::contiguous).transpose()?;
        let weight = if fits([weight]) && fits(&bias) {
            let weight = weight.contiguous()?;
            let values = Values::of(&weight)?;
            Weight::Fast(Arc::new(Matrix::of_weight(
                Processor::here(),
                &Rows::packed(&values, inputs),
            )))
        } else {
            Weight::Plain(weight.clone())
        };
        Ok(Self {
            weight,
            bias,
            inputs,
            outputs,
        })
    }

    /// A convolution whose step is the side of its kernel, without padding, as a linear layer over
    /// patches: `weight` is `(out, channels, side, side)`, and a patch lies line by line with its
    /// channels last.
    ///
    /// # Errors
    /// When the shapes do not fit each other.
    pub fn of_convolution(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        Self::new(&weight.permute((0, 2, 3, 1))?.flatten_from(1)?, bias)
    }

    /// Several layers of the same input as one, their outputs side by side: reads `weight`, `(outputs,
    /// inputs)`, and `bias`, `(outputs)`, of each.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load_joined(inputs: usize, outputs: usize, layers: &[VarBuilder<'_>]) -> Result<Self> {
        let read = |name, shape: &[usize]| -> Result<Tensor> {
            let parts: Result<Vec<_>> = layers.iter().map(|vb| vb.get(shape, name)).collect();
            Tensor::cat(&parts?, 0)
        };
        let bias = read("bias", &[outputs])?;
        Self::new(&read("weight", &[outputs, inputs])?, Some(&bias))
    }

    /// From the tensors `weight`, `(outputs, inputs)`, and `bias`, `(outputs)`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let bias = vb.get(outputs, "bias")?;
        Self::new(&vb.get((outputs, inputs), "weight")?, Some(&bias))
    }

    /// The same without a bias.
    ///
    /// # Errors
    /// When the weight is missing or has another shape.
    pub fn load_no_bias(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Self::new(&vb.get((outputs, inputs), "weight")?, None)
    }

    /// `(…, in)` to `(…, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.finished(x, None, None, None)
    }

    /// `activation(forward(x))`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward_activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        self.finished(x, Some(activation), None, None)
    }

    /// `residual + scale · forward(x)`, `scale` with one value for each output: the end of a block.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward_onto(
        &self,
        x: &Tensor,
        scale: Option<&Tensor>,
        residual: &Tensor,
    ) -> Result<Tensor> {
        self.finished(x, None, scale, Some(residual))
    }

    fn finished(
        &self,
        x: &Tensor,
        activation: Option<Activation>,
        scale: Option<&Tensor>,
        residual: Option<&Tensor>,
    ) -> Result<Tensor> {
        let mut shape = x.dims().to_vec();
        match shape.last_mut() {
            Some(last) if *last == self.inputs => *last = self.outputs,
            _ => candle_core::bail!("{:?} meets a layer of {} inputs", x.dims(), self.inputs),
        }
        let matrix = match &self.weight {
            Weight::Fast(matrix) => matrix,
            Weight::Plain(weight) => {
                let y = plain::linear(x, weight, None)?;
                return fused::finish(y, self.bias.as_ref(), activation, scale, residual);
            }
        };
        let as_expected = fits([x])
            && is_per(scale, self.outputs)
            && residual.is_none_or(|residual| fits([residual]) && residual.dims() == shape);
        if !as_expected {
            candle_core::bail!(
                "a layer in single precision on the CPU meets {x}, scale {scale:?}, residual {residual:?}"
            );
        }
        let x = x.contiguous()?;
        let residual = residual.map(Tensor::contiguous).transpose()?;
        let (bias, scale) = (optional(self.bias.as_ref())?, optional(scale)?);
        let residual = optional(residual.as_ref())?;
        let finish = Finish {
            bias: bias.as_deref(),
            activation,
            scale: scale.as_deref(),
            residual: residual
                .as_deref()
                .map(|values| Rows::packed(values, self.outputs)),
        };
        let y = cpu::product(&Rows::packed(&Values::of(&x)?, self.inputs), matrix, finish);
        Tensor::from_vec(y, shape, x.device())
    }

    /// The weight laid out for the CPU, if it is.
    pub(super) fn matrix(&self) -> Option<&Matrix> {
        match &self.weight {
            Weight::Fast(matrix) => Some(matrix),
            Weight::Plain(_) => None,
        }
    }

    /// One addend for each output.
    pub(super) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// The last dimension of what goes in.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The last dimension of what comes out.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}
