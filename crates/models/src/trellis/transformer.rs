//! The transformer blocks of TRELLIS.
//!
//! TRELLIS `modules/transformer/{blocks,modulated}.py` and `modules/sparse/transformer/`, which have
//! the same weights: one block serves dense and sparse tokens.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use super::attention::{CrossAttention, SelfAttention, full};
use super::embedding::single;
use crate::layers::{Activation, Linear, Mlp, Norm};

/// Added to variances in blocks.
const EPS: f64 = 1e-6;

/// What a block is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockForm {
    /// Width of a token.
    pub(crate) width: usize,
    /// Width of the hidden layer.
    pub(crate) hidden: usize,
    /// Heads of attention.
    pub(crate) heads: usize,
    /// Whether queries and keys of the attention among tokens are normalised.
    pub(crate) qk_rms_norm: bool,
}

/// What a block with cross attention has beyond that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrossForm {
    /// Width of a condition's tokens.
    pub(crate) condition_width: usize,
    /// Whether queries and keys of the attention to the condition are normalised.
    pub(crate) qk_rms_norm_cross: bool,
    /// Whether the network modulates all its blocks alike, so that a block has no weights for that.
    pub(crate) share_mod: bool,
}

/// The wide part, under `mlp.mlp`.
fn load_mlp(form: &BlockForm, weights: &VarBuilder<'_>) -> Result<Mlp> {
    let mlp = weights.pp("mlp.mlp");
    Ok(Mlp {
        fc1: Linear::load(form.width, form.hidden, &mlp.pp(0))?,
        activation: Activation::GeluTanh,
        fc2: Linear::load(form.hidden, form.width, &mlp.pp(2))?,
    })
}

/// A block of attention and a wide part, each after a norm without weights.
#[derive(Debug, Clone)]
pub(crate) struct TransformerBlock {
    attn: SelfAttention,
    mlp: Mlp,
}

impl TransformerBlock {
    /// Reads `attn` and `mlp`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape.
    pub(crate) fn load(form: &BlockForm, weights: &VarBuilder<'_>) -> Result<Self> {
        let attn = weights.pp("attn");
        Ok(Self {
            attn: SelfAttention::load(form.width, form.heads, form.qk_rms_norm, &attn)?,
            mlp: load_mlp(form, weights)?,
        })
    }

    /// `x` is `(batch, tokens, width)`, and so is what comes out; `attend` is as
    /// [`SelfAttention::forward_onto`] has it.
    ///
    /// # Errors
    /// When the shapes do not fit, or `attend` fails.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        attend: impl FnOnce(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let norm = Norm::new(None, None, EPS);
        let normal = norm.forward(x)?;
        let x = self.attn.forward_onto(&normal, None, x, attend)?;
        self.mlp.forward_onto(&norm, &x, None, &x)
    }
}

/// What a time does to one item's blocks: a norm with its weights and a gate, for the attention among
/// tokens and for the wide part.
struct Modulation {
    attention: (Norm, Tensor),
    mlp: (Norm, Tensor),
}

impl Modulation {
    /// Of six vectors one behind the other: shift, scale and gate of either part.
    fn of(vectors: &Tensor) -> Result<Self> {
        let part = |first: usize| -> Result<(Norm, Tensor)> {
            let width = vectors.dim(0)? / 6;
            let vector = |index| vectors.narrow(0, index * width, width);
            let factors = (vector(first + 1)? + 1.0)?;
            let norm = Norm::new(Some(factors), Some(vector(first)?), EPS);
            Ok((norm, vector(first + 2)?))
        };
        Ok(Self {
            attention: part(0)?,
            mlp: part(3)?,
        })
    }
}

/// A block of attention among tokens, attention to a condition and a wide part, where a time modulates
/// the first and the last.
#[derive(Debug, Clone)]
pub(crate) struct ModulatedCrossBlock {
    ada_ln_modulation: Option<Linear>,
    self_attn: SelfAttention,
    norm2: Norm,
    cross_attn: CrossAttention,
    mlp: Mlp,
}

impl ModulatedCrossBlock {
    /// Reads `self_attn`, `norm2`, `cross_attn`, `mlp` and, unless modulation is shared,
    /// `adaLN_modulation`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape.
    pub(crate) fn load(
        form: &BlockForm,
        cross: &CrossForm,
        weights: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (width, heads) = (form.width, form.heads);
        Ok(Self {
            ada_ln_modulation: (!cross.share_mod)
                .then(|| load_modulation(width, weights))
                .transpose()?,
            self_attn: SelfAttention::load(
                width,
                heads,
                form.qk_rms_norm,
                &weights.pp("self_attn"),
            )?,
            norm2: Norm::load(width, EPS, &single(weights).pp("norm2"))?,
            cross_attn: CrossAttention::load(
                width,
                cross.condition_width,
                heads,
                cross.qk_rms_norm_cross,
                &weights.pp("cross_attn"),
            )?,
            mlp: load_mlp(form, weights)?,
        })
    }

    /// `x` is `(batch, tokens, width)`, and so is what comes out; `modulation` is the embedding of the
    /// time, `(batch, width)`, or, where blocks share it, what [`modulate`] made of it; `condition` is
    /// `(batch, other tokens, condition width)`. All are of the type of the block's weights. What has a
    /// batch of one goes with every item of the others.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        modulation: &Tensor,
        condition: &Tensor,
    ) -> Result<Tensor> {
        let vectors = match &self.ada_ln_modulation {
            Some(layer) => modulate(layer, modulation)?,
            None => modulation.clone(),
        };
        // Items are modulated each in its own way: one after the other, so that the operators below
        // get one factor for each channel.
        let batch = x.dim(0)?;
        let items: Result<Vec<Tensor>> = (0..batch)
            .map(|index| {
                let vectors = item(&vectors, index, batch)?.squeeze(0)?;
                let modulation = Modulation::of(&vectors)?;
                let condition = item(condition, index, batch)?;
                self.forward_item(&x.narrow(0, index, 1)?, &modulation, &condition)
            })
            .collect();
        match items?.as_slice() {
            [item] => Ok(item.clone()),
            items => Tensor::cat(items, 0),
        }
    }

    fn forward_item(
        &self,
        x: &Tensor,
        modulation: &Modulation,
        condition: &Tensor,
    ) -> Result<Tensor> {
        let (norm1, gate) = &modulation.attention;
        let normal = norm1.forward(x)?;
        let x = self.self_attn.forward_onto(&normal, Some(gate), x, full)?;
        let normal = self.norm2.forward(&x)?;
        let x = self.cross_attn.forward_onto(&normal, condition, &x)?;
        let (norm3, gate) = &modulation.mlp;
        self.mlp.forward_onto(norm3, &x, Some(gate), &x)
    }
}

/// The item at `index` of `batch`, or the only one there is.
fn item(x: &Tensor, index: usize, batch: usize) -> Result<Tensor> {
    match x.dim(0)? {
        1 => Ok(x.clone()),
        count if count == batch => x.narrow(0, index, 1),
        count => candle_core::bail!("{count} times or conditions for {batch} items"),
    }
}

/// Reads `adaLN_modulation`, of a block or, where its blocks share it, of a network.
///
/// # Errors
/// When a weight is missing or has another shape.
pub(crate) fn load_modulation(width: usize, weights: &VarBuilder<'_>) -> Result<Linear> {
    Linear::load(width, 6 * width, &weights.pp("adaLN_modulation.1"))
}

/// The shifts, scales and gates that belong to the embedding of a time: `(batch, width)` to `(batch,
/// 6 · width)`.
///
/// # Errors
/// When the shapes do not fit.
pub(crate) fn modulate(layer: &Linear, time: &Tensor) -> Result<Tensor> {
    layer.forward(&time.silu()?)
}
