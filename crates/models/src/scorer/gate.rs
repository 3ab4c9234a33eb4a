//! OpenAI CLIP's opinion on views and words: what miners have screened with, kept beside the
//! validator's own score.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

use super::{Views, cosines};
use crate::clip::{ClipText, ClipTextConfig, ClipVision, ClipVisionConfig};
use crate::normalise::CLIP;
use crate::resize::{Filter, resize};
use crate::tokenizer::ClipTokenizer;

/// CLIP, both halves.
#[derive(Debug, Clone)]
pub struct ClipGate {
    vision: ClipVision,
    text: ClipText,
    tokenizer: ClipTokenizer,
    dtype: DType,
}

impl ClipGate {
    /// Reads both halves from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configurations say.
    pub fn load(
        vision: &ClipVisionConfig,
        text: &ClipTextConfig,
        weights: &VarBuilder<'_>,
        tokenizer: ClipTokenizer,
    ) -> Result<Self> {
        Ok(Self {
            vision: ClipVision::load(vision, weights)?,
            text: ClipText::load(text, weights)?,
            tokenizer,
            dtype: weights.dtype(),
        })
    }

    /// The cosine of each view with `prompt`. Views are shrunk with antialiasing and normalised as
    /// OpenAI's own preprocessing does it.
    ///
    /// # Errors
    /// When the device fails.
    pub fn text_cosines(&self, views: &Views, prompt: &str) -> Result<Vec<f32>> {
        let tokens = self
            .tokenizer
            .tokens(prompt)
            .map_err(candle_core::Error::wrap)?;
        let tokens = Tensor::new(tokens, views.tensor().device())?.unsqueeze(0)?;
        cosines(&self.look(views)?, &self.text.forward(&tokens)?)
    }

    /// The cosine of each view with the one picture of `prompt`.
    ///
    /// # Errors
    /// When `prompt` is more than one picture, or the device fails.
    pub fn image_cosines(&self, views: &Views, prompt: &Views) -> Result<Vec<f32>> {
        cosines(&self.look(views)?, &self.look(prompt)?)
    }

    fn look(&self, views: &Views) -> Result<Tensor> {
        let side = self.vision.config().image_size;
        let small = resize(views.tensor(), side, side, Filter::BicubicAntialias)?;
        let images = CLIP.apply(&small.clamp(0.0, 1.0)?)?;
        self.vision.forward(&images.to_dtype(self.dtype)?)
    }
}
