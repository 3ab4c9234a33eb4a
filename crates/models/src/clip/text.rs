//! CLIP's text half.

use candle_core::{DType, Device, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use super::{BlockForm, EPS, blocks};
use crate::layers::{Activation, Block, Linear, Norm};
use crate::open_clip::{embed, ends};
use crate::store::Weights;
use crate::tokenizer::{ClipTokenizer, TokenizerError};

/// How a text half is built, in the words of transformers' `text_config`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ClipTextConfig {
    /// Tokens there are.
    pub vocab_size: usize,
    /// Width of a token.
    pub hidden_size: usize,
    /// Width of the hidden layer of a block.
    pub intermediate_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Heads of attention.
    pub num_attention_heads: usize,
    /// Tokens of a text, end mark and padding included.
    pub max_position_embeddings: usize,
    /// Between the linear layers of a block.
    pub hidden_act: Activation,
    /// Width of the embedding.
    pub projection_dim: usize,
}

impl ClipTextConfig {
    /// `openai/clip-vit-large-patch14`.
    pub const LARGE_14: Self = Self {
        vocab_size: 49_408,
        hidden_size: 768,
        intermediate_size: 3072,
        num_hidden_layers: 12,
        num_attention_heads: 12,
        max_position_embeddings: 77,
        hidden_act: Activation::QuickGelu,
        projection_dim: 768,
    };

    /// The configuration of OpenAI's kind of network in `weights`, as far as it shows in their shapes; a
    /// head of attention is 64 wide in every published one. `None` where that is no CLIP.
    #[must_use]
    pub fn found_in(weights: &Weights) -> Option<Self> {
        let shape = |name: &str| {
            let (shape, _) = weights.shape(name)?;
            Some((*shape.first()?, *shape.get(1)?))
        };
        let (vocabulary, width) = shape("text_model.embeddings.token_embedding.weight")?;
        let (places, _) = shape("text_model.embeddings.position_embedding.weight")?;
        let (hidden, _) = shape("text_model.encoder.layers.0.mlp.fc1.weight")?;
        let (projection, _) = shape("text_projection.weight")?;
        let layers = (0..).take_while(|index| {
            shape(&format!("text_model.encoder.layers.{index}.mlp.fc1.weight")).is_some()
        });
        Some(Self {
            vocab_size: vocabulary,
            hidden_size: width,
            intermediate_size: hidden,
            num_hidden_layers: layers.count(),
            num_attention_heads: (width / 64).max(1),
            max_position_embeddings: places,
            hidden_act: Activation::QuickGelu,
            projection_dim: projection,
        })
    }
}

/// Why a text could not be embedded.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// It could not be cut into tokens.
    #[error(transparent)]
    Tokens(#[from] TokenizerError),
    /// The network failed.
    #[error("CLIP's text half failed: {0}")]
    Network(#[from] candle_core::Error),
}

/// The text half and its projection.
#[derive(Debug, Clone)]
pub struct ClipText {
    token_embedding: Tensor,
    position_embedding: Tensor,
    layers: Vec<Block>,
    final_layer_norm: Norm,
    text_projection: Linear,
}

impl ClipText {
    /// Reads `text_model` and `text_projection` from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &ClipTextConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let model = weights.pp("text_model");
        let embeddings = model.pp("embeddings");
        let width = config.hidden_size;
        let places = config.max_position_embeddings;
        let form = BlockForm {
            width,
            hidden: config.intermediate_size,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
            causal: true,
        };
        Ok(Self {
            token_embedding: embeddings
                .get((config.vocab_size, width), "token_embedding.weight")?,
            position_embedding: embeddings.get((places, width), "position_embedding.weight")?,
            layers: blocks(&form, config.num_hidden_layers, &model.pp("encoder"))?,
            final_layer_norm: Norm::load(width, EPS, &model.pp("final_layer_norm"))?,
            text_projection: Linear::load_no_bias(
                width,
                config.projection_dim,
                &weights.pp("text_projection"),
            )?,
        })
    }

    /// The last hidden state after the final norm: `(batch, tokens)` of token numbers, to `(batch,
    /// tokens, hidden_size)`.
    ///
    /// # Errors
    /// When there are more tokens than the context holds, or a number is none of the vocabulary's.
    pub fn hidden(&self, tokens: &Tensor) -> Result<Tensor> {
        let length = tokens.dim(1)?;
        let mut x = embed(&self.token_embedding, tokens)?
            .broadcast_add(&self.position_embedding.i(..length)?)?;
        for layer in &self.layers {
            x = layer.forward(&x)?;
        }
        self.final_layer_norm.forward(&x)
    }

    /// The hidden state, after the final norm, of each text's end mark: `(batch, tokens)` to `(batch,
    /// hidden_size)`. This is what FLUX calls the pooled output; [`Self::forward`] projects it.
    ///
    /// # Errors
    /// As [`Self::hidden`].
    pub fn pooled(&self, tokens: &Tensor) -> Result<Tensor> {
        let tokens = tokens.to_dtype(DType::U32)?;
        ends(&self.hidden(&tokens)?, &tokens)
    }

    /// The embedding of each text: `(batch, tokens)` to `(batch, projection_dim)`, not of unit
    /// length. It is read off where the greatest number stands, which is the end mark.
    ///
    /// # Errors
    /// As [`Self::hidden`].
    pub fn forward(&self, tokens: &Tensor) -> Result<Tensor> {
        self.text_projection.forward(&self.pooled(tokens)?)
    }

    /// The embedding of one text, `projection_dim` values, in the space it shares with pictures; not of
    /// unit length. `device` is where the weights are.
    ///
    /// # Errors
    /// When the text cannot be cut into tokens, or the device fails.
    pub fn embed(
        &self,
        tokenizer: &ClipTokenizer,
        text: &str,
        device: &Device,
    ) -> std::result::Result<Vec<f32>, EmbedError> {
        let tokens = Tensor::new(tokenizer.tokens(text)?, device)?.unsqueeze(0)?;
        let embedding = self.forward(&tokens)?.to_dtype(DType::F32)?;
        Ok(embedding.flatten_all()?.to_vec1()?)
    }
}
