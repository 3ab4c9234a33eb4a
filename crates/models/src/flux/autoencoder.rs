//! The decoder of FLUX' autoencoder: from the latent to pixels.
//!
//! black-forest-labs/flux `src/flux/modules/autoencoder.py`; its encoder, which nothing here needs, is not
//! loaded.

use candle_core::{DType, Result, Tensor};

use super::error::FluxError;
use super::layers::Layers;
use super::transformer::count;
use super::upwards::{AttentionBlock, GroupNorm, Level, ResnetBlock, convolution};
use crate::ops::Convolution;
use crate::store::Weights;

/// What the latent was divided by, and what was taken from it, when FLUX was trained (`util.py`,
/// `scale_factor` and `shift_factor`).
const SCALE: f64 = 0.3611;
const SHIFT: f64 = 0.1159;

/// How the decoder is built, in the words of its reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoencoderConfig {
    /// Width of the finest level.
    pub ch: usize,
    /// How much wider each level is, the finest first.
    pub ch_mult: Vec<usize>,
    /// Blocks of a level, less one.
    pub num_res_blocks: usize,
    /// Values of a place of the latent.
    pub z_channels: usize,
}

impl AutoencoderConfig {
    /// `ae.safetensors` of FLUX.1.
    #[must_use]
    pub fn published() -> Self {
        Self {
            ch: 128,
            ch_mult: vec![1, 2, 4, 4],
            num_res_blocks: 2,
            z_channels: 16,
        }
    }

    /// Reads it off the weights.
    ///
    /// # Errors
    /// When they are of another network.
    pub fn of(weights: &Weights) -> std::result::Result<Self, FluxError> {
        let unfit = |why: String| FluxError::unfit(super::painter::AUTOENCODER, why);
        let size = |name: &str, dimension: usize| {
            let shape = weights.shape(name).map(|(shape, _)| shape);
            let size = shape.and_then(|shape| shape.get(dimension)).copied();
            size.filter(|size| *size > 0)
                .ok_or_else(|| unfit(format!("it has no {name}")))
        };
        let ch = size("decoder.conv_out.weight", 1)?;
        let ch_mult = (0..count(weights, "decoder.up"))
            .map(|level| {
                let width = size(&format!("decoder.up.{level}.block.0.conv1.weight"), 0)?;
                if width.is_multiple_of(ch) && ch.is_multiple_of(32) {
                    Ok(width / ch)
                } else {
                    Err(unfit(format!(
                        "level {level} is {width} wide, the finest {ch}"
                    )))
                }
            })
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let blocks = count(weights, "decoder.up.0.block");
        Ok(Self {
            ch,
            ch_mult,
            num_res_blocks: blocks.saturating_sub(1),
            z_channels: size("decoder.conv_in.weight", 1)?,
        })
    }
}

/// The decoder.
#[derive(Debug, Clone)]
pub struct Decoder {
    conv_in: Convolution,
    mid: (ResnetBlock, AttentionBlock, ResnetBlock),
    /// From the coarsest.
    up: Vec<Level>,
    norm_out: GroupNorm,
    conv_out: Convolution,
    dtype: DType,
}

impl Decoder {
    /// Reads `decoder` from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &AutoencoderConfig, layers: &Layers) -> Result<Self> {
        let dtype = layers.dtype();
        let layers = layers.pp("decoder");
        let (mid, widths) = (layers.pp("mid"), &config.ch_mult);
        let widest = config.ch * widths.last().copied().unwrap_or(1);
        let mut inputs = widest;
        let mut up = Vec::new();
        for (index, wider) in widths.iter().enumerate().rev() {
            let (sizes, layers) = ([inputs, config.ch * wider], layers.pp("up").pp(index));
            let blocks = config.num_res_blocks + 1;
            up.push(Level::load(sizes, blocks, index > 0, &layers)?);
            inputs = config.ch * wider;
        }
        Ok(Self {
            conv_in: convolution(config.z_channels, widest, &layers.pp("conv_in"))?,
            mid: (
                ResnetBlock::load(widest, widest, &mid.pp("block_1"))?,
                AttentionBlock::load(widest, &mid.pp("attn_1"))?,
                ResnetBlock::load(widest, widest, &mid.pp("block_2"))?,
            ),
            up,
            norm_out: GroupNorm::curved(inputs, &layers.pp("norm_out"))?,
            conv_out: convolution(inputs, 3, &layers.pp("conv_out"))?,
            dtype,
        })
    }

    /// `(1, z_channels, height, width)` to a picture eight times as large, `(1, 3, …)`, in single
    /// precision; colours are about −1 to 1.
    ///
    /// # Errors
    /// When the shape does not fit, or the device has no room.
    pub fn forward(&self, latent: &Tensor) -> Result<Tensor> {
        let latent = ((latent / SCALE)? + SHIFT)?.to_dtype(self.dtype)?;
        let mut x = self.conv_in.forward(&latent.permute((0, 2, 3, 1))?)?;
        let (first, attention, second) = &self.mid;
        x = second.forward(&attention.forward(&first.forward(&x)?)?)?;
        for level in &self.up {
            x = level.forward(&x)?;
        }
        let picture = self.conv_out.forward(&self.norm_out.forward(&x)?)?;
        let picture = picture.to_dtype(DType::F32)?;
        picture.permute((0, 3, 1, 2))?.contiguous()
    }
}

/// The bytes of a picture, `(1, 3, height, width)` of −1 to 1: red, green and blue of each pixel, row by
/// row, rounded as diffusers does it. `None` where something in it is no number.
///
/// # Errors
/// When the device fails.
pub(super) fn bytes(picture: &Tensor) -> Result<Option<Vec<u8>>> {
    let values: Vec<f32> = picture
        .to_dtype(DType::F32)?
        .squeeze(0)?
        .permute((1, 2, 0))?
        .flatten_all()?
        .to_vec1()?;
    if !values.iter().all(|value| value.is_finite()) {
        return Ok(None);
    }
    let byte = |value: f32| ((value / 2.0 + 0.5).clamp(0.0, 1.0) * 255.0).round_ties_even() as u8;
    Ok(Some(values.into_iter().map(byte).collect()))
}
