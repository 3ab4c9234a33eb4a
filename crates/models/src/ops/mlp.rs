//! The wide part of a block.

use super::cpu::{self, Activation, Finish, Matrix, Rows};
use super::fast::{Values, fits, is_per, optional};
use super::{Linear, Norm, gelu_erf, gelu_tanh, quick_gelu, silu};
use candle_core::{Result, Tensor};

impl Activation {
    /// The activation of every value.
    ///
    /// # Errors
    /// When the type is no float.
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gelu => gelu_erf(x),
            Self::GeluTanh => gelu_tanh(x),
            Self::QuickGelu => quick_gelu(x),
            Self::Silu => silu(x),
        }
    }
}

/// Two linear layers and what stands between them.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// To the wide rows.
    pub fc1: Linear,
    /// What the wide rows go through.
    pub activation: Activation,
    /// Back from them.
    pub fc2: Linear,
}

impl Mlp {
    /// `fc2(activation(fc1(x)))`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.fc2.forward(&self.wide(x)?)
    }

    /// `residual + scale · forward(norm(x))`: the second half of a transformer's block and of
    /// ConvNeXt's. `x` is `(…, in)`, `residual` `(…, out)`, `scale` has one factor for each output.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward_onto(
        &self,
        norm: &Norm,
        x: &Tensor,
        scale: Option<&Tensor>,
        residual: &Tensor,
    ) -> Result<Tensor> {
        match self.matrices() {
            Some(matrices) if self.takes(norm, x, scale, residual) => {
                self.blockwise(matrices, norm, x, scale, residual)
            }
            _ => {
                let wide = self.wide(&norm.forward(x)?)?;
                self.fc2.forward_onto(&wide, scale, residual)
            }
        }
    }

    fn wide(&self, x: &Tensor) -> Result<Tensor> {
        self.fc1.forward_activated(x, self.activation)
    }

    /// Both weights laid out for the CPU, if they are.
    fn matrices(&self) -> Option<[&Matrix; 2]> {
        Some([self.fc1.matrix()?, self.fc2.matrix()?])
    }

    /// Whether [`Self::blockwise`] takes these.
    fn takes(&self, norm: &Norm, x: &Tensor, scale: Option<&Tensor>, residual: &Tensor) -> bool {
        let (inputs, outputs) = (self.fc1.inputs(), self.fc2.outputs());
        let rows = |tensor: &Tensor, width| {
            let rows = tensor
                .dims()
                .split_last()
                .filter(|(last, _)| **last == width);
            rows.map(|(_, rows)| rows.to_vec())
        };
        fits([x, residual])
            && rows(x, inputs).is_some_and(|shape| rows(residual, outputs) == Some(shape))
            && self.fc1.outputs() == self.fc2.inputs()
            && is_per(norm.weight(), inputs)
            && is_per(norm.bias(), inputs)
            && is_per(scale, outputs)
    }

    /// Some rows at a time, so that the wide rows never exist as a whole.
    fn blockwise(
        &self,
        [expand, contract]: [&Matrix; 2],
        norm: &Norm,
        x: &Tensor,
        scale: Option<&Tensor>,
        residual: &Tensor,
    ) -> Result<Tensor> {
        let (x, residual) = (x.contiguous()?, residual.contiguous()?);
        let (weight, bias) = (optional(norm.weight())?, optional(norm.bias())?);
        let (between, after) = (optional(self.fc1.bias())?, optional(self.fc2.bias())?);
        let scale = optional(scale)?;
        let values = Values::of(&residual)?;
        let parts = cpu::Feedforward {
            norm: cpu::Norm {
                weight: weight.as_deref(),
                bias: bias.as_deref(),
                eps: norm.eps() as f32,
            },
            expand,
            between: Finish {
                bias: between.as_deref(),
                activation: Some(self.activation),
                scale: None,
                residual: None,
            },
            contract,
            finish: Finish {
                bias: after.as_deref(),
                activation: None,
                scale: scale.as_deref(),
                residual: Some(Rows::packed(&values, self.fc2.outputs())),
            },
        };
        let y = cpu::feedforward(&Rows::packed(&Values::of(&x)?, self.fc1.inputs()), parts);
        Tensor::from_vec(y, residual.shape(), residual.device())
    }
}
