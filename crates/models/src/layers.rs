//! What the networks have in common: a norm, a linear layer, the transformer block that normalises
//! before it computes, and the cutting of images into patches. Names of weights are the networks'
//! own business.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use crate::ops;

/// Layer normalisation with weight and bias.
#[derive(Debug, Clone)]
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl Norm {
    /// Reads `weight` and `bias` of this width.
    pub(crate) fn load(width: usize, eps: f64, weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            weight: weights.get(width, "weight")?,
            bias: weights.get(width, "bias")?,
            eps,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::layer_norm(x, Some(&self.weight), Some(&self.bias), self.eps)
    }
}

/// A linear layer over the last dimension.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Reads `weight` and `bias`.
    pub(crate) fn load(width: usize, out: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            weight: weights.get((out, width), "weight")?,
            bias: Some(weights.get(out, "bias")?),
        })
    }

    /// Reads `weight` alone.
    pub(crate) fn load_no_bias(width: usize, out: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self::new(weights.get((out, width), "weight")?, None))
    }

    /// A layer of weights at hand: `(out, in)` and `(out)`.
    pub(crate) fn new(weight: Tensor, bias: Option<Tensor>) -> Self {
        Self { weight, bias }
    }

    /// A convolution whose kernels do not overlap, as a linear layer over [`patches`]: `weight` is
    /// `(out, channels, side, side)`.
    pub(crate) fn of_convolution(weight: &Tensor, bias: Option<Tensor>) -> Result<Self> {
        Ok(Self::new(weight.flatten_from(1)?, bias))
    }

    /// Several layers of the same input as one, their outputs side by side.
    pub(crate) fn joined(layers: &[Self]) -> Result<Self> {
        let weights: Vec<&Tensor> = layers.iter().map(|layer| &layer.weight).collect();
        let biases: Option<Vec<&Tensor>> = layers.iter().map(|layer| layer.bias.as_ref()).collect();
        Ok(Self {
            weight: Tensor::cat(&weights, 0)?,
            bias: biases.map(|biases| Tensor::cat(&biases, 0)).transpose()?,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::linear(x, &self.weight, self.bias.as_ref())
    }
}

/// What stands between the two linear layers of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The exact GELU; torch's default.
    Gelu,
    /// Its approximation by tanh.
    GeluTanh,
    /// `x · σ(1.702 · x)`, of OpenAI's CLIP.
    QuickGelu,
}

impl Activation {
    pub(crate) fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gelu => ops::gelu_erf(x),
            Self::GeluTanh => x.gelu(),
            Self::QuickGelu => ops::quick_gelu(x),
        }
    }
}

/// Two linear layers.
#[derive(Debug, Clone)]
pub(crate) struct Mlp {
    pub(crate) fc1: Linear,
    pub(crate) activation: Activation,
    pub(crate) fc2: Linear,
}

impl Mlp {
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.activation.forward(&self.fc1.forward(x)?)?;
        self.fc2.forward(&x)
    }
}

/// Multi-head self-attention.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    /// Queries, keys and values side by side: `(3 · width, width)`.
    pub(crate) qkv: Linear,
    pub(crate) out: Linear,
    pub(crate) heads: usize,
    pub(crate) causal: bool,
}

impl Attention {
    /// `x` is `(batch, tokens, width)`.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let qkv = self
            .qkv
            .forward(x)?
            .reshape((batch, tokens, 3, self.heads, width / self.heads))?
            .permute((2, 0, 3, 1, 4))?
            .contiguous()?;
        let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
        let x = ops::attention(&q, &k, &v, self.causal)?;
        self.out
            .forward(&x.transpose(1, 2)?.reshape((batch, tokens, width))?)
    }
}

/// A transformer block: attention and a small network, each after a norm and beside a shortcut, each
/// scaled where the network scales its layers.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) norm1: Norm,
    pub(crate) attention: Attention,
    pub(crate) scale1: Option<Tensor>,
    pub(crate) norm2: Norm,
    pub(crate) mlp: Mlp,
    pub(crate) scale2: Option<Tensor>,
}

impl Block {
    /// `x` is `(batch, tokens, width)`, and so is what comes out.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let attended = self.attention.forward(&self.norm1.forward(x)?)?;
        let x = (x + scaled(attended, self.scale1.as_ref())?)?;
        let computed = self.mlp.forward(&self.norm2.forward(&x)?)?;
        x + scaled(computed, self.scale2.as_ref())?
    }
}

fn scaled(x: Tensor, scale: Option<&Tensor>) -> Result<Tensor> {
    match scale {
        Some(scale) => x.broadcast_mul(scale),
        None => Ok(x),
    }
}

/// Cuts `(batch, height, width, channels)` into squares of `side` pixels: `(batch, height/side,
/// width/side, channels · side²)`, the pixels of a square channel by channel and row by row, as the
/// kernel of a convolution lies. What is left over at the lower and right edge is dropped, as a
/// convolution with that stride drops it.
pub(crate) fn patches(x: &Tensor, side: usize) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let (rows, columns) = (height / side, width / side);
    if rows == 0 || columns == 0 {
        candle_core::bail!("an image of {width}×{height} pixels has no square of {side}");
    }
    x.narrow(1, 0, rows * side)?
        .narrow(2, 0, columns * side)?
        .reshape((batch, rows, side, columns, side, channels))?
        .permute((0, 1, 3, 5, 2, 4))?
        .reshape((batch, rows, columns, channels * side * side))
}
