//! Attention of the TRELLIS networks: among tokens, and from tokens to a condition.
//!
//! TRELLIS `modules/attention/modules.py` and `modules/sparse/attention/modules.py`, which have the
//! same weights.

use candle_core::{IndexOp, Result, Tensor};
use candle_nn::VarBuilder;

use super::embedding::single;
use crate::layers::Linear;
use crate::ops;

/// The norms of queries and keys, `(heads, width of a head)` each.
#[derive(Debug, Clone)]
struct HeadNorms {
    q: Tensor,
    k: Tensor,
}

impl HeadNorms {
    /// Reads `q_rms_norm.gamma` and `k_rms_norm.gamma`, if the attention has them.
    fn load(has: bool, heads: usize, width: usize, vb: &VarBuilder<'_>) -> Result<Option<Self>> {
        if !has {
            return Ok(None);
        }
        let vb = single(vb);
        Ok(Some(Self {
            q: vb.get((heads, width), "q_rms_norm.gamma")?,
            k: vb.get((heads, width), "k_rms_norm.gamma")?,
        }))
    }
}

/// Queries and keys, normalised where there are norms.
fn normalised(norms: Option<&HeadNorms>, q: Tensor, k: Tensor) -> Result<[Tensor; 2]> {
    Ok(match norms {
        Some(norms) => [ops::head_norm(&q, &norms.q)?, ops::head_norm(&k, &norms.k)?],
        None => [q, k],
    })
}

/// `(batch, tokens, parts · width)` to each part as `(batch, heads, tokens, width / heads)`, a view.
fn split<const PARTS: usize>(x: &Tensor, heads: usize) -> Result<[Tensor; PARTS]> {
    let (batch, tokens, width) = x.dims3()?;
    let x = x
        .reshape((batch, tokens, PARTS, heads, width / PARTS / heads))?
        .permute((2, 0, 3, 1, 4))?;
    let parts: Result<Vec<Tensor>> = (0..PARTS).map(|part| x.i(part)).collect();
    match parts?.try_into() {
        Ok(parts) => Ok(parts),
        Err(_) => candle_core::bail!("attention has {PARTS} parts"),
    }
}

/// `(batch, heads, tokens, d)` to `(batch, tokens, heads · d)`.
fn joined(x: &Tensor) -> Result<Tensor> {
    let (batch, heads, tokens, width) = x.dims4()?;
    x.transpose(1, 2)?.reshape((batch, tokens, heads * width))
}

/// Width of a head.
fn head_width(width: usize, heads: usize) -> Result<usize> {
    if heads == 0 || !width.is_multiple_of(heads) {
        candle_core::bail!("{width} channels don't divide into {heads} heads");
    }
    Ok(width / heads)
}

/// Full attention, as [`SelfAttention::forward_onto`] wants it.
///
/// # Errors
/// When the shapes do not fit.
pub(crate) fn full(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    ops::attention(q, k, v, false)
}

/// Attention among tokens.
#[derive(Debug, Clone)]
pub(crate) struct SelfAttention {
    to_qkv: Linear,
    norms: Option<HeadNorms>,
    to_out: Linear,
    heads: usize,
}

impl SelfAttention {
    /// Reads `to_qkv`, `to_out` and, with `norms`, `q_rms_norm` and `k_rms_norm`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape, or the heads don't divide the width.
    pub(crate) fn load(
        width: usize,
        heads: usize,
        norms: bool,
        weights: &VarBuilder<'_>,
    ) -> Result<Self> {
        let head = head_width(width, heads)?;
        Ok(Self {
            to_qkv: Linear::load(width, 3 * width, &weights.pp("to_qkv"))?,
            norms: HeadNorms::load(norms, heads, head, weights)?,
            to_out: Linear::load(width, width, &weights.pp("to_out"))?,
            heads,
        })
    }

    /// `residual + scale · attention(x)`. `x` and `residual` are `(batch, tokens, width)`, `scale` has
    /// one factor for each channel. `attend` gets queries, keys and values as views of `(batch, heads,
    /// tokens, d)` and answers in that shape; see [`full`].
    ///
    /// # Errors
    /// When the shapes do not fit, or `attend` fails.
    pub(crate) fn forward_onto(
        &self,
        x: &Tensor,
        scale: Option<&Tensor>,
        residual: &Tensor,
        attend: impl FnOnce(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let [q, k, v] = split(&self.to_qkv.forward(x)?, self.heads)?;
        let [q, k] = normalised(self.norms.as_ref(), q, k)?;
        let seen = joined(&attend(&q, &k, &v)?)?;
        self.to_out.forward_onto(&seen, scale, residual)
    }
}

/// Attention from tokens to a condition.
#[derive(Debug, Clone)]
pub(crate) struct CrossAttention {
    to_q: Linear,
    to_kv: Linear,
    norms: Option<HeadNorms>,
    to_out: Linear,
    heads: usize,
}

impl CrossAttention {
    /// Reads `to_q`, `to_kv`, `to_out` and, with `norms`, `q_rms_norm` and `k_rms_norm`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape, or the heads don't divide the width.
    pub(crate) fn load(
        width: usize,
        condition_width: usize,
        heads: usize,
        norms: bool,
        weights: &VarBuilder<'_>,
    ) -> Result<Self> {
        let head = head_width(width, heads)?;
        Ok(Self {
            to_q: Linear::load(width, width, &weights.pp("to_q"))?,
            to_kv: Linear::load(condition_width, 2 * width, &weights.pp("to_kv"))?,
            norms: HeadNorms::load(norms, heads, head, weights)?,
            to_out: Linear::load(width, width, &weights.pp("to_out"))?,
            heads,
        })
    }

    /// `residual + attention(x, condition)`: `x` and `residual` are `(batch, tokens, width)`,
    /// `condition` is `(batch, other tokens, condition width)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub(crate) fn forward_onto(
        &self,
        x: &Tensor,
        condition: &Tensor,
        residual: &Tensor,
    ) -> Result<Tensor> {
        let [q] = split(&self.to_q.forward(x)?, self.heads)?;
        let [k, v] = split(&self.to_kv.forward(condition)?, self.heads)?;
        let [q, k] = normalised(self.norms.as_ref(), q, k)?;
        let seen = joined(&full(&q, &k, &v)?)?;
        self.to_out.forward_onto(&seen, None, residual)
    }
}
