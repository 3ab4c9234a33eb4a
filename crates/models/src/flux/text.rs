//! The half of FLUX that reads.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use super::error::FluxError;
use super::layers::Layers;
use super::t5::{T5Config, T5Encoder};
use super::tokens::T5Tokenizer;
use crate::clip::{ClipText, ClipTextConfig};
use crate::store::{Precision, Weights};
use crate::tokenizer::ClipTokenizer;

const T5: &str = "the T5 encoder";
const CLIP: &str = "CLIP's text half";

/// What the painter sees of a prompt.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// T5's hidden state: `(1, 256, 4096)`.
    pub text: Tensor,
    /// CLIP's, of the end mark: `(1, 768)`.
    pub pooled: Tensor,
}

/// T5 and CLIP, each with its tokenizer.
#[derive(Debug, Clone)]
pub struct TextEncoders {
    t5: T5Encoder,
    t5_tokenizer: T5Tokenizer,
    clip: Arc<(ClipText, ClipTokenizer)>,
    device: Device,
}

/// The text half of a whole CLIP on `device`, in the precision FLUX computes with there.
pub(super) fn load_clip(weights: &Weights, device: &Device) -> Result<ClipText, FluxError> {
    let config = ClipTextConfig::found_in(weights)
        .ok_or_else(|| FluxError::unfit(CLIP, "the file holds no CLIP of OpenAI's"))?;
    let weights = weights.builder(Precision::As(device.bf16_default_to_f32()), device);
    ClipText::load(&config, &weights).map_err(FluxError::of(CLIP))
}

impl TextEncoders {
    /// Reads T5, from transformers' or llama.cpp's names, plain or packed, and puts it on `device`, where the
    /// text half of a CLIP is already: what else reads with that shares its memory.
    ///
    /// # Errors
    /// When the weights are of another network.
    pub fn with_clip(
        t5: &Weights,
        t5_tokenizer: T5Tokenizer,
        clip: Arc<(ClipText, ClipTokenizer)>,
        device: &Device,
    ) -> Result<Self, FluxError> {
        let t5 = t5.renamed(|name| Some(super::t5_name(name)))?;
        let layers = Layers::open(&t5, device.bf16_default_to_f32(), device);
        Ok(Self {
            t5: T5Encoder::load(&T5Config::of(&t5)?, &layers).map_err(FluxError::of(T5))?,
            t5_tokenizer,
            clip,
            device: device.clone(),
        })
    }

    /// CLIP's text half and its tokenizer, for whoever wants to embed words besides.
    #[must_use]
    pub fn clip(&self) -> &Arc<(ClipText, ClipTokenizer)> {
        &self.clip
    }

    /// Where they are.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// Reads a prompt. T5 sees its first 256 tokens, CLIP its first 77.
    ///
    /// # Errors
    /// When it cannot be cut into tokens, or the device fails.
    pub fn encode(&self, prompt: &str) -> Result<Encoded, FluxError> {
        let row = |tokens: Vec<u32>| Tensor::new(tokens, &self.device)?.unsqueeze(0);
        let words = row(self.t5_tokenizer.tokens(prompt)?).map_err(FluxError::of(T5))?;
        let text = self.t5.forward(&words).map_err(FluxError::of(T5))?;
        let (clip, clip_tokenizer) = self.clip.as_ref();
        let words = row(clip_tokenizer.tokens(prompt)?).map_err(FluxError::of(CLIP))?;
        let pooled = clip.pooled(&words).map_err(FluxError::of(CLIP))?;
        Ok(Encoded { text, pooled })
    }
}
