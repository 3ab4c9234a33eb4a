//! BiRefNet: which pixels of a picture are its subject.
//!
//! ZhengPeng7/BiRefNet `models/birefnet.py` with `config.py` as published for general use: a Swin
//! transformer sees the picture whole and once more at half its size; a decoder goes back up from 1/32 of
//! the size, at each scale beside the picture itself cut into tiles, and pays attention where it expects
//! edges. `briaai/RMBG-2.0` is the same network with other weights.
//!
//! Pictures and features have their channels last here. What serves training alone is not read: the
//! predictions at smaller scales (`conv_ms_spvn_*`) and of the edges (`gdt_convs_pred_*`).

mod aspp;
mod blocks;
mod decoder;
mod swin;

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use crate::resize::aligned;
use blocks::DecoderBlock;
use decoder::Decoder;
use swin::Swin;
pub use swin::SwinConfig;

/// Pictures are whole multiples of this in height and width.
pub const BIREFNET_STEP: usize = 32;

/// How a BiRefNet is built.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BiRefNetConfig {
    /// The backbone.
    #[serde(flatten)]
    pub swin: SwinConfig,
    /// How its decoder was given the tiles of the picture when it was trained.
    pub tile_order: TileOrder,
}

/// In which order the decoder's convolutions take the tiles that the picture is cut into. The weights
/// look alike either way: it has to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TileOrder {
    /// Colour by colour, each row by row: `image2patches` of BiRefNet's code since November 2024.
    Colours,
    /// Column by column, each tile with its colours: `get_patches_batch` of the code before, which
    /// RMBG-2.0 is published with.
    Columns,
}

impl BiRefNetConfig {
    /// `ZhengPeng7/BiRefNet`: ports of the `birefnet.py` beside its weights cut tiles as
    /// `b c (hg h) (wg w) -> b (c hg wg) h w`.
    pub const GENERAL: Self = Self {
        swin: SwinConfig::LARGE,
        tile_order: TileOrder::Colours,
    };

    /// `briaai/RMBG-2.0`.
    pub const RMBG_2: Self = Self {
        tile_order: TileOrder::Columns,
        ..Self::GENERAL
    };

    /// Channels of the features from the smallest to the largest, as both passes give them together.
    fn channels(&self) -> [usize; 4] {
        [3, 2, 1, 0].map(|stage| 2 * self.swin.width(stage))
    }
}

/// The network.
#[derive(Debug, Clone)]
pub struct BiRefNet {
    bb: Swin,
    squeeze_module: DecoderBlock,
    decoder: Decoder,
}

impl BiRefNet {
    /// Reads the network under the names of its reference (`bb.layers.0.blocks.0.attn.qkv.weight`).
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &BiRefNetConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let channels = config.channels();
        let context: usize = channels.iter().sum();
        Ok(Self {
            bb: Swin::load(&config.swin, &weights.pp("bb"))?,
            squeeze_module: DecoderBlock::load(
                context,
                channels[0],
                &weights.pp("squeeze_module.0"),
            )?,
            decoder: Decoder::load(channels, config.tile_order, &weights.pp("decoder"))?,
        })
    }

    /// The logits of `(batch, 3, height, width)`, normalised as [`IMAGENET`](crate::IMAGENET), height and
    /// width multiples of [`BIREFNET_STEP`]: `(batch, 1, height, width)`. Their sigmoid is alpha.
    ///
    /// # Errors
    /// When `images` has another form.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let [x1, x2, x3, x4] = self.features(images)?;
        let picture = images.permute((0, 2, 3, 1))?.contiguous()?;
        let logits = self.decoder.forward(&picture, [&x1, &x2, &x3, &x4])?;
        logits.permute((0, 3, 1, 2))?.contiguous()
    }

    /// What the decoder makes the logits of: features at 1/4, 1/8, 1/16 and 1/32 of the size of `images`,
    /// `(batch, height, width, channels)` each.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn features(&self, images: &Tensor) -> Result<[Tensor; 4]> {
        let (_, channels, height, width) = images.dims4()?;
        let fits = |side: usize| side > 0 && side.is_multiple_of(BIREFNET_STEP);
        if channels != 3 || !fits(height) || !fits(width) {
            candle_core::bail!(
                "BiRefNet takes three channels and multiples of {BIREFNET_STEP} pixels, not {:?}",
                images.dims()
            );
        }
        let [x1, x2, x3, x4] = self.encode(&images.permute((0, 2, 3, 1))?.contiguous()?)?;
        Ok([x1, x2, x3, self.squeeze_module.forward(&x4)?])
    }

    /// The features from the largest to the smallest, the last with all others beside it.
    fn encode(&self, picture: &Tensor) -> Result<[Tensor; 4]> {
        let (_, height, width, _) = picture.dims4()?;
        let whole = self.bb.forward(picture)?;
        let half = self.bb.forward(&aligned(picture, height / 2, width / 2)?)?;
        let mut features = Vec::with_capacity(4);
        for (whole, half) in whole.iter().zip(&half) {
            features.push(Tensor::cat(&[whole, &like(half, whole)?], 3)?);
        }
        let [x1, x2, x3, x4] = <[Tensor; 4]>::try_from(features)
            .map_err(|_| candle_core::Error::Msg("a backbone of other than four stages".into()))?;
        let beside = [like(&x1, &x4)?, like(&x2, &x4)?, like(&x3, &x4)?];
        let x4 = Tensor::cat(&[&beside[0], &beside[1], &beside[2], &x4], 3)?;
        Ok([x1, x2, x3, x4])
    }
}

/// `x` in the size of `other`.
fn like(x: &Tensor, other: &Tensor) -> Result<Tensor> {
    aligned(x, other.dim(1)?, other.dim(2)?)
}
