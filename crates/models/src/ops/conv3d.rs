//! Convolutions of grids whose weights are laid out once.

use super::cpu::{self, Finish, Matrix, Processor, Rows};
use super::fast::{Values, fits, is_per, optional};
use super::{fused, plain};
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;
use std::sync::Arc;

/// A convolution of grids by kernels of 3³, with zeros around the grid: as many cells come out as went
/// in. Channels are last: `(batch, depth, height, width, channels)`.
///
/// In single precision on the CPU it holds its weight in the order in which it is read, and takes `x`
/// of that kind alone; else it holds the tensor.
#[derive(Clone, Debug)]
pub struct Conv3d {
    kernels: Kernels,
    bias: Option<Tensor>,
    inputs: usize,
    outputs: usize,
}

#[derive(Clone, Debug)]
enum Kernels {
    Fast(Arc<Matrix>),
    /// `(27 · in, out)`.
    Plain(Tensor),
}

impl Conv3d {
    /// From `weight` `(out, in, 3, 3, 3)` and `bias` `(out)`, as torch stores them.
    ///
    /// # Errors
    /// When the shapes do not fit each other, or there is nothing in them.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let (outputs, inputs, ..) = weight.dims5()?;
        if weight.dims()[2..] != [3, 3, 3] || weight.elem_count() == 0 {
            candle_core::bail!("kernels {:?} are none of 3³", weight.dims());
        }
        if let Some(bias) = bias
            && bias.dims() != [outputs]
        {
            candle_core::bail!("a bias of shape {:?} for {outputs} outputs", bias.dims());
        }
        let bias = bias.map(Tensor::contiguous).transpose()?;
        let kernels = if fits([weight]) && fits(&bias) {
            let rows = weight.permute((0, 2, 3, 4, 1))?.contiguous()?;
            let values = Values::of(&rows)?;
            Kernels::Fast(Arc::new(Matrix::of_weight(
                Processor::here(),
                &Rows::packed(&values, cpu::TAPS * inputs),
            )))
        } else {
            Kernels::Plain(plain::kernels3d(weight)?)
        };
        Ok(Self {
            kernels,
            bias,
            inputs,
            outputs,
        })
    }

    /// From the tensors `weight`, `(outputs, inputs, 3, 3, 3)`, and `bias`, `(outputs)`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let bias = vb.get(outputs, "bias")?;
        Self::new(&vb.get((outputs, inputs, 3, 3, 3), "weight")?, Some(&bias))
    }

    /// `(batch, depth, height, width, in)` to `(batch, depth, height, width, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.finished(x, None)
    }

    /// `residual + forward(x)`: the end of a block.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        self.finished(x, Some(residual))
    }

    fn plainly(&self, x: &Tensor, kernels: &Tensor) -> Result<Tensor> {
        let (x, bias) = (x.contiguous()?, self.bias.as_ref());
        if fused::take_patches(&x) {
            let seen = |planes| fused::patches(&x, [3, 3, 3], planes);
            plain::by_planes(&x, kernels, bias, seen)
        } else {
            plain::conv3d_by(&x, kernels, bias)
        }
    }

    fn finished(&self, x: &Tensor, residual: Option<&Tensor>) -> Result<Tensor> {
        let (batch, depth, height, width, channels) = x.dims5()?;
        if channels != self.inputs || x.elem_count() == 0 {
            candle_core::bail!("{:?} meets kernels of {} channels", x.dims(), self.inputs);
        }
        let matrix = match &self.kernels {
            Kernels::Plain(kernels) => {
                let y = self.plainly(x, kernels)?;
                return match residual {
                    Some(residual) => residual + y,
                    None => Ok(y),
                };
            }
            Kernels::Fast(matrix) => matrix,
        };
        let shape = [batch, depth, height, width, self.outputs];
        let as_expected = fits([x])
            && is_per(self.bias.as_ref(), self.outputs)
            && residual.is_none_or(|residual| fits([residual]) && residual.dims() == shape);
        if !as_expected {
            candle_core::bail!(
                "a convolution in single precision on the CPU meets {x}, residual {residual:?}"
            );
        }
        let x = x.contiguous()?;
        let residual = residual.map(Tensor::contiguous).transpose()?;
        let (bias, residual) = (optional(self.bias.as_ref())?, optional(residual.as_ref())?);
        let finish = Finish {
            bias: bias.as_deref(),
            activation: None,
            scale: None,
            residual: residual
                .as_deref()
                .map(|values| Rows::packed(values, self.outputs)),
        };
        let y = cpu::conv3d(
            Processor::here(),
            &Values::of(&x)?,
            [batch, depth, height, width],
            matrix,
            finish,
        );
        Tensor::from_vec(y, &shape, x.device())
    }
}
