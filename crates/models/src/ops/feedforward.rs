//! The wide part of a block.

use super::cpu::{self, Activation, Finish, Rows};
use super::fast::{Values, fits, is_per, layer_norm, optional};
use super::{Dense, gelu_erf, quick_gelu};
use candle_core::{Result, Tensor};

/// The weights of a [layer normalisation](layer_norm).
#[derive(Clone, Debug)]
pub struct Norm {
    /// One factor for each value of the last dimension; none: 1.
    pub weight: Option<Tensor>,
    /// One addend for each value of the last dimension; none: 0.
    pub bias: Option<Tensor>,
    /// Keeps the divisor from zero.
    pub eps: f64,
}

impl Norm {
    /// Normalises the last dimension.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, self.weight.as_ref(), self.bias.as_ref(), self.eps)
    }
}

/// `residual + scale · contract(activation(expand(norm(x))))`: the second half of a transformer's block
/// and of ConvNeXt's.
#[derive(Clone, Debug)]
pub struct Feedforward {
    /// What comes first.
    pub norm: Norm,
    /// To the wide rows.
    pub expand: Dense,
    /// What the wide rows go through.
    pub activation: Activation,
    /// Back from them.
    pub contract: Dense,
    /// One factor for each value of the last dimension (layer scale); none: 1.
    pub scale: Option<Tensor>,
}

impl Feedforward {
    /// `x` `(…, in)` and `residual` `(…, out)` to `(…, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        let (Some(expand), Some(contract)) = (self.expand.matrix(), self.contract.matrix()) else {
            return self.in_steps(x, residual);
        };
        let (inputs, outputs) = (self.expand.inputs(), self.contract.outputs());
        let mut shape = x.dims().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = outputs;
        }
        let as_expected = fits([x, residual])
            && x.dims().last() == Some(&inputs)
            && residual.dims() == shape
            && self.expand.outputs() == self.contract.inputs()
            && is_per(self.norm.weight.as_ref(), inputs)
            && is_per(self.norm.bias.as_ref(), inputs)
            && is_per(self.scale.as_ref(), outputs);
        if !as_expected {
            return self.in_steps(x, residual);
        }
        let (x, residual) = (x.contiguous()?, residual.contiguous()?);
        let (weight, bias) = (
            optional(self.norm.weight.as_ref())?,
            optional(self.norm.bias.as_ref())?,
        );
        let (between, after) = (
            optional(self.expand.bias())?,
            optional(self.contract.bias())?,
        );
        let scale = optional(self.scale.as_ref())?;
        let residual = Values::of(&residual)?;
        let parts = cpu::Feedforward {
            norm: cpu::Norm {
                weight: weight.as_deref(),
                bias: bias.as_deref(),
                eps: self.norm.eps as f32,
            },
            expand,
            between: Finish {
                bias: between.as_deref(),
                activation: self.activation,
                scale: None,
                residual: None,
            },
            contract,
            finish: Finish {
                bias: after.as_deref(),
                activation: Activation::Identity,
                scale: scale.as_deref(),
                residual: Some(Rows::packed(&residual, outputs)),
            },
        };
        let y = cpu::feedforward(&Rows::packed(&Values::of(&x)?, inputs), parts);
        Tensor::from_vec(y, shape, x.device())
    }

    /// The same, one operator after the other.
    fn in_steps(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        let wide = self.expand.forward(&self.norm.forward(x)?)?;
        let wide = match self.activation {
            Activation::Identity => wide,
            Activation::GeluErf => gelu_erf(&wide)?,
            Activation::QuickGelu => quick_gelu(&wide)?,
        };
        self.contract
            .forward_onto(&wide, self.scale.as_ref(), residual)
    }
}
