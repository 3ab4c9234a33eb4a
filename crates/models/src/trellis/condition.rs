//! What the flows are told: a picture as DINOv2 sees it, or a text as CLIP reads it.
//!
//! TRELLIS `pipelines/trellis_image_to_3d.py` (`encode_image`) and `pipelines/trellis_text_to_3d.py`
//! (`encode_text`).

use candle_core::{DType, Device, Result, Tensor};

use super::preprocess::SIDE;
use crate::clip::ClipText;
use crate::dinov2::Dinov2;
use crate::normalise::IMAGENET;
use crate::ops;
use crate::tokenizer::ClipTokenizer;

/// Added to the variance of the norm after DINOv2: torch's default.
const EPS: f64 = 1e-5;

/// The condition that a picture is: its [`SIDE`] · [`SIDE`] pixels of red, green and blue, as
/// [`prepare_image`](super::prepare_image) makes them, to `(1, tokens, hidden_size)` in single precision:
/// all tokens of DINOv2 (1374 in the published network), before its last norm, normalised without
/// weights.
///
/// # Errors
/// When there are more or fewer pixels.
pub fn image_condition(dinov2: &Dinov2, rgb: &[u8], device: &Device) -> Result<Tensor> {
    if rgb.len() != SIDE * SIDE * 3 {
        candle_core::bail!("a picture of {} bytes is none of {SIDE}×{SIDE}", rgb.len());
    }
    let values: Vec<f32> = rgb.iter().map(|&value| f32::from(value) / 255.0).collect();
    let image = Tensor::from_vec(values, (1, SIDE, SIDE, 3), device)?.permute((0, 3, 1, 2))?;
    let image = IMAGENET.apply(&image)?.to_dtype(dinov2.dtype())?;
    let features = dinov2.features(&image)?.to_dtype(DType::F32)?;
    ops::layer_norm(&features, None, None, EPS)
}

/// What a flow is told where it is guided away from a picture: nothing, in the condition's shape.
///
/// # Errors
/// When the device has no room.
pub fn no_image_condition(condition: &Tensor) -> Result<Tensor> {
    condition.zeros_like()
}

/// The condition that a text is: `(1, 77, hidden_size)` in single precision, the last hidden state of every
/// token. Where a flow is guided away from a text, that of the empty one.
///
/// # Errors
/// When the text can't be cut into tokens, or the network has no room for them.
pub fn text_condition(
    clip: &ClipText,
    tokenizer: &ClipTokenizer,
    text: &str,
    device: &Device,
) -> Result<Tensor> {
    let tokens = tokenizer.padded(text).map_err(candle_core::Error::wrap)?;
    let tokens = Tensor::new(tokens, device)?.unsqueeze(0)?;
    clip.hidden(&tokens)?.to_dtype(DType::F32)
}
