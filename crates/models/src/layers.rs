//! What the networks have in common: a norm, a linear layer, the transformer block that normalises
//! before it computes, and the cutting of images into patches. Names of weights are the networks'
//! own business.

use candle_core::{IndexOp, Result, Tensor};

use crate::ops;
pub(crate) use crate::ops::{Activation, Linear, Mlp, Norm};

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
    /// `x` is `(batch, tokens, width)`: what is attended to, scaled, on top of `residual`.
    fn forward_onto(
        &self,
        x: &Tensor,
        scale: Option<&Tensor>,
        residual: &Tensor,
    ) -> Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let qkv = self
            .qkv
            .forward(x)?
            .reshape((batch, tokens, 3, self.heads, width / self.heads))?
            .permute((2, 0, 3, 1, 4))?;
        let (q, k, v) = (qkv.i(0)?, qkv.i(1)?, qkv.i(2)?);
        let x = ops::attention(&q, &k, &v, self.causal)?;
        let x = x.transpose(1, 2)?.reshape((batch, tokens, width))?;
        self.out.forward_onto(&x, scale, residual)
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
        let normal = self.norm1.forward(x)?;
        let x = self
            .attention
            .forward_onto(&normal, self.scale1.as_ref(), x)?;
        self.mlp
            .forward_onto(&self.norm2, &x, self.scale2.as_ref(), &x)
    }
}

/// Cuts `(batch, height, width, channels)` into squares of `side` pixels: `(batch, height/side,
/// width/side, side² · channels)`, the pixels of a square row by row with their channels, as
/// [`Linear::of_convolution`] wants them. What is left over at the lower and right edge is dropped, as a
/// convolution with that stride drops it.
pub(crate) fn patches(x: &Tensor, side: usize) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let (rows, columns) = (height / side, width / side);
    if rows == 0 || columns == 0 {
        candle_core::bail!("an image of {width}×{height} pixels has no square of {side}");
    }
    x.narrow(1, 0, rows * side)?
        .narrow(2, 0, columns * side)?
        .reshape((batch, rows, side, columns, side * channels))?
        .transpose(2, 3)?
        .reshape((batch, rows, columns, side * side * channels))
}
