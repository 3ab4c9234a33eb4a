//! Layer normalisation with its weights.

use super::fast::layer_norm;
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

/// [Layer normalisation](layer_norm) of the last dimension.
#[derive(Clone, Debug)]
pub struct Norm {
    weight: Option<Tensor>,
    bias: Option<Tensor>,
    eps: f64,
}

impl Norm {
    /// From one factor and one addend for each value of the last dimension (none: 1 and 0), and what
    /// keeps the divisor from zero.
    pub fn new(weight: Option<Tensor>, bias: Option<Tensor>, eps: f64) -> Self {
        Self { weight, bias, eps }
    }

    /// Reads `weight` and `bias` of this width.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(width: usize, eps: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        let (weight, bias) = (vb.get(width, "weight")?, vb.get(width, "bias")?);
        Ok(Self::new(Some(weight), Some(bias), eps))
    }

    /// Normalises the last dimension.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, self.weight(), self.bias(), self.eps)
    }

    /// One factor for each value of the last dimension.
    pub(super) fn weight(&self) -> Option<&Tensor> {
        self.weight.as_ref()
    }

    /// One addend for each value of the last dimension.
    pub(super) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// What keeps the divisor from zero.
    pub(super) fn eps(&self) -> f64 {
        self.eps
    }
}
