//! From pixels to what the networks were trained on: `(x − mean) / deviation` per channel.

use candle_core::{Result, Tensor};

/// Mean and standard deviation of the red, green and blue channel, of colours from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalisation {
    /// What is taken off.
    pub mean: [f32; 3],
    /// What the rest is divided by.
    pub deviation: [f32; 3],
}

/// ImageNet's, for DINOv2 (three-gen-subnet `validation/engine/models/quality_model.py`).
pub const IMAGENET: Normalisation = Normalisation {
    mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225],
};

/// OpenAI CLIP's, for the CLIP networks.
pub const CLIP: Normalisation = Normalisation {
    mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
    deviation: [0.268_629_54, 0.261_302_6, 0.275_777_1],
};

/// CLIP's as the 2025 validator uses it: mean **and** deviation times three, by mistake and for good
/// (three-gen-subnet `validation/engine/metrics/alignment_scorer.py`, both metrics).
///
/// The validator does this, the resizing before it and the networks after it in `f16`; here it is
/// done in the type of the images, `f32` on a CPU. Its rounding moves a cosine by up to about 1e-3.
pub const VALIDATOR_CLIP: Normalisation = Normalisation {
    mean: [CLIP.mean[0] * 3.0, CLIP.mean[1] * 3.0, CLIP.mean[2] * 3.0],
    deviation: [
        CLIP.deviation[0] * 3.0,
        CLIP.deviation[1] * 3.0,
        CLIP.deviation[2] * 3.0,
    ],
};

/// LPIPS' `ScalingLayer`, of colours from −1 to 1.
pub const LPIPS: Normalisation = Normalisation {
    mean: [-0.030, -0.088, -0.188],
    deviation: [0.458, 0.448, 0.450],
};

impl Normalisation {
    /// Applies it to `(batch, 3, height, width)`.
    ///
    /// # Errors
    /// When there are not three channels.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        let channels = |values: [f32; 3]| {
            Tensor::from_slice(&values, (1, 3, 1, 1), images.device())?.to_dtype(images.dtype())
        };
        images
            .broadcast_sub(&channels(self.mean)?)?
            .broadcast_div(&channels(self.deviation)?)
    }
}
