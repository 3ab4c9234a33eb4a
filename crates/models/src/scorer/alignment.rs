//! How well each view fits the prompt, in words or as a picture.
//!
//! three-gen-subnet `validation/engine/metrics/alignment_scorer.py`: views are shrunk bicubically
//! without antialiasing and not clamped, and normalised with thrice CLIP's mean and deviation.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

use super::{Views, cosines};
use crate::clip::{ClipVision, ClipVisionConfig};
use crate::convnext::{ConvNext, ConvNextConfig};
use crate::normalise::VALIDATOR_CLIP;
use crate::open_clip::{TextTower, TextTowerConfig};
use crate::resize::{Filter, resize};
use crate::tokenizer::ClipTokenizer;

/// Side at which the validator shows views to ConvNeXt, in pixels; it was trained at 256.
const SIDE: usize = 224;

fn images(views: &Views, side: usize, dtype: DType) -> Result<Tensor> {
    let small = resize(views.tensor(), side, side, Filter::Bicubic)?;
    VALIDATOR_CLIP.apply(&small)?.to_dtype(dtype)
}

/// open_clip's `convnext_large_d`.
#[derive(Debug, Clone)]
pub struct TextAlignment {
    image: ConvNext,
    text: TextTower,
    tokenizer: ClipTokenizer,
    dtype: DType,
}

impl TextAlignment {
    /// Reads both towers from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configurations say.
    pub fn load(
        image: &ConvNextConfig,
        text: &TextTowerConfig,
        weights: &VarBuilder<'_>,
        tokenizer: ClipTokenizer,
    ) -> Result<Self> {
        Ok(Self {
            image: ConvNext::load(image, &weights.pp("visual"))?,
            text: TextTower::load(text, weights)?,
            tokenizer,
            dtype: weights.dtype(),
        })
    }

    /// The cosine of each view with `prompt`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn cosines(&self, views: &Views, prompt: &str) -> Result<Vec<f32>> {
        let tokens = self
            .tokenizer
            .tokens(prompt)
            .map_err(candle_core::Error::wrap)?;
        let tokens = Tensor::new(tokens, views.tensor().device())?.unsqueeze(0)?;
        let words = self.text.forward(&tokens)?;
        let seen = self.image.forward(&images(views, SIDE, self.dtype)?)?;
        cosines(&seen, &words)
    }
}

/// The image half of LLM2CLIP.
#[derive(Debug, Clone)]
pub struct ImageAlignment {
    vision: ClipVision,
    dtype: DType,
}

impl ImageAlignment {
    /// Reads the image half from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &ClipVisionConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            vision: ClipVision::load(config, weights)?,
            dtype: weights.dtype(),
        })
    }

    /// The cosine of each view with the one picture of `prompt`, which may have any size: it is made
    /// square as the views are.
    ///
    /// # Errors
    /// When `prompt` is more than one picture, or the device fails.
    pub fn cosines(&self, views: &Views, prompt: &Views) -> Result<Vec<f32>> {
        let side = self.vision.config().image_size;
        let look = |views| self.vision.forward(&images(views, side, self.dtype)?);
        cosines(&look(views)?, &look(prompt)?)
    }
}
