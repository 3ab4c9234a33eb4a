//! OpenAI's CLIP, an image and a text transformer that meet in one space, and networks built like
//! its image half.
//!
//! transformers `models/clip/modeling_clip.py`, under its names: `vision_model.…`,
//! `visual_projection`, `text_model.…`, `text_projection`.

mod files;
mod text;
mod vision;

use candle_core::Result;
use candle_nn::VarBuilder;
pub use files::{ClipError, ClipFiles};
pub use text::{ClipText, ClipTextConfig, EmbedError};
pub use vision::{ClipVision, ClipVisionConfig};

use crate::layers::{Activation, Attention, Block, Linear, Mlp, Norm};

/// Added to variances, in both halves.
const EPS: f64 = 1e-5;

/// What the blocks of a half are made of.
struct BlockForm {
    width: usize,
    hidden: usize,
    heads: usize,
    activation: Activation,
    causal: bool,
}

/// The blocks under `encoder.layers`.
fn blocks(form: &BlockForm, count: usize, encoder: &VarBuilder<'_>) -> Result<Vec<Block>> {
    (0..count)
        .map(|index| block(form, &encoder.pp("layers").pp(index)))
        .collect()
}

fn block(form: &BlockForm, weights: &VarBuilder<'_>) -> Result<Block> {
    let (width, hidden) = (form.width, form.hidden);
    let (attention, mlp) = (weights.pp("self_attn"), weights.pp("mlp"));
    let layers = ["q_proj", "k_proj", "v_proj"].map(|name| attention.pp(name));
    Ok(Block {
        norm1: Norm::load(width, EPS, &weights.pp("layer_norm1"))?,
        attention: Attention {
            qkv: Linear::load_joined(width, width, &layers)?,
            out: Linear::load(width, width, &attention.pp("out_proj"))?,
            heads: form.heads,
            causal: form.causal,
        },
        scale1: None,
        norm2: Norm::load(width, EPS, &weights.pp("layer_norm2"))?,
        mlp: Mlp {
            fc1: Linear::load(width, hidden, &mlp.pp("fc1"))?,
            activation: form.activation,
            fc2: Linear::load(hidden, width, &mlp.pp("fc2"))?,
        },
        scale2: None,
    })
}
