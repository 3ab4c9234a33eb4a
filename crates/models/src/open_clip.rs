//! open_clip's text tower: a causal transformer that is read off at the end of the text.
//!
//! open_clip `transformer.py` (`TextTransformer`, as `CLIP` in `model.py` lays it flat into the
//! checkpoint) with exact GELU.

use candle_core::{DType, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;

use crate::layers::{Activation, Attention, Block, Linear, Mlp, Norm};

/// How a text tower is built, in the words of open_clip's `text_cfg`.
#[derive(Debug, Clone, PartialEq)]
pub struct TextTowerConfig {
    /// Tokens of a text, end mark and padding included.
    pub context_length: usize,
    /// Tokens there are.
    pub vocab_size: usize,
    /// Width of a token.
    pub width: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Blocks.
    pub layers: usize,
    /// Width of the embedding.
    pub embed_dim: usize,
}

impl TextTowerConfig {
    /// The text tower of `convnext_large_d`.
    pub const LARGE_D: Self = Self {
        context_length: 77,
        vocab_size: 49_408,
        width: 768,
        heads: 12,
        layers: 16,
        embed_dim: 768,
    };
}

const EPS: f64 = 1e-5;

/// The text tower.
#[derive(Debug, Clone)]
pub struct TextTower {
    token_embedding: Tensor,
    positional_embedding: Tensor,
    resblocks: Vec<Block>,
    ln_final: Norm,
    text_projection: Tensor,
}

impl TextTower {
    /// Reads the tower from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &TextTowerConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let width = config.width;
        let resblocks = weights.pp("transformer.resblocks");
        Ok(Self {
            token_embedding: weights.get((config.vocab_size, width), "token_embedding.weight")?,
            positional_embedding: weights
                .get((config.context_length, width), "positional_embedding")?,
            resblocks: (0..config.layers)
                .map(|index| block(config, &resblocks.pp(index)))
                .collect::<Result<_>>()?,
            ln_final: Norm::load(width, EPS, &weights.pp("ln_final"))?,
            text_projection: weights.get((width, config.embed_dim), "text_projection")?,
        })
    }

    /// The embedding of each text: `(batch, tokens)` of token numbers, to `(batch, embed_dim)`, not
    /// of unit length. It is read off where the greatest number stands, which is the end mark.
    ///
    /// # Errors
    /// When there are more tokens than the context holds, or a number is none of the vocabulary's.
    pub fn forward(&self, tokens: &Tensor) -> Result<Tensor> {
        let length = tokens.dim(1)?;
        let mut x = embed(&self.token_embedding, tokens)?
            .broadcast_add(&self.positional_embedding.i(..length)?)?;
        for block in &self.resblocks {
            x = block.forward(&x)?;
        }
        let x = self
            .ln_final
            .forward(&ends(&x, &tokens.to_dtype(DType::U32)?)?)?;
        x.matmul(&self.text_projection)
    }
}

/// Rows of a table: `(batch, tokens)` to `(batch, tokens, width)`.
pub(crate) fn embed(table: &Tensor, tokens: &Tensor) -> Result<Tensor> {
    let (batch, length) = tokens.dims2()?;
    let flat = tokens.to_dtype(DType::U32)?.flatten_all()?;
    let rows = table.dim(0)?;
    // A GPU would read whatever lies behind the table.
    if let Some(foreign) = (flat.to_vec1::<u32>()?.into_iter()).find(|&row| row as usize >= rows) {
        candle_core::bail!("token {foreign} in a vocabulary of {rows}");
    }
    table
        .index_select(&flat, 0)?
        .reshape((batch, length, table.dim(1)?))
}

/// The tokens where the greatest number stands: `(batch, tokens, width)` and `(batch, tokens)` to
/// `(batch, width)`.
pub(crate) fn ends(x: &Tensor, tokens: &Tensor) -> Result<Tensor> {
    // Texts may be filled up with end marks. A GPU's argmax names any of them; the first is meant.
    let first_greatest = |row: &Vec<u32>| {
        let greatest = row.iter().max();
        row.iter().position(|token| Some(token) == greatest)
    };
    let ends = tokens.to_dtype(DType::U32)?.to_vec2::<u32>()?;
    let rows: Vec<Tensor> = ends
        .iter()
        .enumerate()
        .map(|(row, tokens)| x.i((row, first_greatest(tokens).unwrap_or_default())))
        .collect::<Result<_>>()?;
    Tensor::stack(&rows, 0)
}

fn block(config: &TextTowerConfig, weights: &VarBuilder<'_>) -> Result<Block> {
    let width = config.width;
    let (attention, mlp) = (weights.pp("attn"), weights.pp("mlp"));
    Ok(Block {
        norm1: Norm::load(width, EPS, &weights.pp("ln_1"))?,
        attention: Attention {
            qkv: Linear::new(
                &attention.get((3 * width, width), "in_proj_weight")?,
                Some(&attention.get(3 * width, "in_proj_bias")?),
            )?,
            out: Linear::load(width, width, &attention.pp("out_proj"))?,
            heads: config.heads,
            causal: true,
        },
        scale1: None,
        norm2: Norm::load(width, EPS, &weights.pp("ln_2"))?,
        mlp: Mlp {
            fc1: Linear::load(width, 4 * width, &mlp.pp("c_fc"))?,
            activation: Activation::Gelu,
            fc2: Linear::load(4 * width, width, &mlp.pp("c_proj"))?,
        },
        scale2: None,
    })
}
