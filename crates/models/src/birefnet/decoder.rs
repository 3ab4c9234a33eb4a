//! The way back up to the picture's size.
//!
//! ZhengPeng7/BiRefNet `models/birefnet.py` (`Decoder`) and `models/modules/lateral_blocks.py`.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

use super::blocks::{DecoderBlock, INNER, convolution_with_norm};
use super::{TileOrder, like};
use crate::layers::Linear;
use crate::ops::Convolution;
use crate::resize::aligned;

/// Tiles of the picture per side, from the smallest scale to the largest but one.
const TILES: [usize; 4] = [32, 16, 8, 4];
/// Channels in which edges are looked for.
const EDGES: usize = 16;

/// From the features of each scale to one logit for each pixel.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    scales: [Scale; 3],
    /// The last scale has no gate.
    ipt_blk2: Tiles,
    decoder_block1: DecoderBlock,
    last: Last,
}

impl Decoder {
    /// `channels` of the features, from the smallest scale on.
    pub(super) fn load(
        channels: [usize; 4],
        order: TileOrder,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let scale = |index| Scale::load(index, channels, order, vb);
        let ipt_blk2 = Tiles::load([TILES[3], channels[2] / 8], order, &vb.pp("ipt_blk2"))?;
        let inputs = channels[3] + channels[2] / 8;
        let decoder_block1 = DecoderBlock::load(inputs, channels[3] / 2, &vb.pp("decoder_block1"))?;
        Ok(Self {
            scales: [scale(0)?, scale(1)?, scale(2)?],
            ipt_blk2,
            decoder_block1,
            last: Last::load(channels[3], vb)?,
        })
    }

    /// `picture` is `(batch, height, width, 3)`, the features are from 1/4 of that size to 1/32; what
    /// comes out is `(batch, height, width, 1)`.
    pub(super) fn forward(&self, picture: &Tensor, features: [&Tensor; 4]) -> Result<Tensor> {
        let [x1, x2, x3, x4] = features;
        let mut x = x4.clone();
        for (scale, larger) in self.scales.iter().zip([x3, x2, x1]) {
            x = scale.forward(picture, &x, larger)?;
        }
        let x = Tensor::cat(&[&x, &self.ipt_blk2.forward(picture, &x)?], 3)?;
        self.last
            .forward(picture, &self.decoder_block1.forward(&x)?)
    }
}

/// One scale: beside the picture's tiles through a block and a gate, and up to the next scale.
#[derive(Debug, Clone)]
struct Scale {
    ipt_blk: Tiles,
    decoder_block: DecoderBlock,
    gdt_convs: Convolution,
    gdt_convs_attn: Linear,
    lateral_block: Linear,
}

impl Scale {
    /// The scales count from the smallest; the reference counts them down from 4.
    fn load(
        index: usize,
        channels: [usize; 4],
        order: TileOrder,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let number = 4 - index;
        let named = |name: &str| vb.pp(format!("{name}_{number}"));
        let tiled = channels[index.saturating_sub(1)] / 8;
        let (inputs, outputs) = (channels[index] + tiled, channels[index + 1]);
        let numbered = |name: &str, number: usize| vb.pp(format!("{name}{number}"));
        Ok(Self {
            ipt_blk: Tiles::load(
                [TILES[index], tiled],
                order,
                &numbered("ipt_blk", number + 1),
            )?,
            decoder_block: DecoderBlock::load(inputs, outputs, &numbered("decoder_block", number))?,
            gdt_convs: convolution_with_norm(
                [outputs, EDGES],
                &named("gdt_convs").pp("0"),
                &named("gdt_convs").pp("1"),
            )?,
            gdt_convs_attn: pointwise([EDGES, 1], &named("gdt_convs_attn").pp("0"))?,
            lateral_block: pointwise(
                [outputs, outputs],
                &numbered("lateral_block", number).pp("conv"),
            )?,
        })
    }

    /// `x` at this scale and the features of the next, `larger`, to what the next scale begins with.
    fn forward(&self, picture: &Tensor, x: &Tensor, larger: &Tensor) -> Result<Tensor> {
        let x = Tensor::cat(&[x, &self.ipt_blk.forward(picture, x)?], 3)?;
        let x = self.decoder_block.forward(&x)?;
        let edges = self.gdt_convs.forward(&x)?.relu()?;
        let gate = candle_nn::ops::sigmoid(&self.gdt_convs_attn.forward(&edges)?)?;
        let x = like(&x.broadcast_mul(&gate)?, larger)?;
        self.lateral_block.forward_onto(larger, None, &x)
    }
}

/// A convolution over single pixels.
fn pointwise([inputs, outputs]: [usize; 2], vb: &VarBuilder<'_>) -> Result<Linear> {
    let weight = vb.get((outputs, inputs, 1, 1), "weight")?;
    let bias = vb.get(outputs, "bias")?;
    Linear::new(&weight.flatten_from(1)?, Some(&bias))
}

/// `SimpleConvs` on the picture cut into tiles of the scale's size, laid over each other.
#[derive(Debug, Clone)]
struct Tiles {
    conv1: Convolution,
    conv_out: Convolution,
    across: usize,
}

impl Tiles {
    fn load([across, outputs]: [usize; 2], order: TileOrder, vb: &VarBuilder<'_>) -> Result<Self> {
        let weight = vb.get((INNER, 3 * across * across, 3, 3), "conv1.weight")?;
        // To row by row, each tile with its colours: as it costs nothing here.
        let weight = match order {
            TileOrder::Colours => weight
                .reshape((INNER, 3, across * across, 9))?
                .transpose(1, 2)?,
            TileOrder::Columns => weight
                .reshape((INNER, across, across, 27))?
                .transpose(1, 2)?,
        };
        let weight = weight.reshape((INNER, 3 * across * across, 3, 3))?;
        Ok(Self {
            conv1: Convolution::new(&weight, Some(&vb.get(INNER, "conv1.bias")?))?,
            conv_out: Convolution::load(INNER, outputs, 3, &vb.pp("conv_out"))?,
            across,
        })
    }

    /// For the scale of `x`.
    fn forward(&self, picture: &Tensor, x: &Tensor) -> Result<Tensor> {
        let (batch, height, width, _) = x.dims4()?;
        let (across, size) = (self.across, (picture.dim(1)?, picture.dim(2)?));
        if size != (across * height, across * width) {
            candle_core::bail!("a picture of {size:?} has no {across}² tiles of {height}×{width}");
        }
        let tiles = picture
            .reshape((batch, across, height, across, width, 3))?
            .permute((0, 2, 4, 1, 3, 5))?
            .reshape((batch, height, width, across * across * 3))?;
        self.conv_out.forward(&self.conv1.forward(&tiles)?)
    }
}

/// The last step: the features enlarged to the picture's size, beside the picture, to one logit.
///
/// `conv_out1` looks at single pixels, so it may as well come before the enlarging: one channel is
/// enlarged instead of a hundred. And no curve stands between it and the last convolution of `ipt_blk1`:
/// they are one.
#[derive(Debug, Clone)]
struct Last {
    features: Linear,
    conv1: Convolution,
    conv_out: Convolution,
}

impl Last {
    /// `channels` of the features of the largest scale.
    fn load(channels: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let (deep, shallow) = (channels / 2, channels / 8);
        let out = vb.get((1, deep + shallow, 1, 1), "conv_out1.0.weight")?;
        let out = out.reshape((1, deep + shallow))?;
        let bias = vb.get(1, "conv_out1.0.bias")?;
        let ipt_blk1 = vb.pp("ipt_blk1");
        let dtype = out.dtype();
        let wide = |x: Tensor| x.to_dtype(DType::F32);
        let mix = wide(out.narrow(1, deep, shallow)?)?.contiguous()?;
        let kernel = wide(ipt_blk1.get((shallow, INNER, 3, 3), "conv_out.weight")?)?;
        let kernel = mix.matmul(&kernel.reshape((shallow, INNER * 9))?)?;
        let kernel_bias = wide(ipt_blk1.get(shallow, "conv_out.bias")?)?;
        let kernel_bias = mix.matmul(&kernel_bias.unsqueeze(1)?)?.reshape(1)?;
        let kernel = kernel.reshape((1, INNER, 3, 3))?.to_dtype(dtype)?;
        Ok(Self {
            features: Linear::new(&out.narrow(1, 0, deep)?.contiguous()?, Some(&bias))?,
            conv1: Convolution::load(3, INNER, 3, &ipt_blk1.pp("conv1"))?,
            conv_out: Convolution::new(&kernel, Some(&kernel_bias.to_dtype(dtype)?))?,
        })
    }

    fn forward(&self, picture: &Tensor, x: &Tensor) -> Result<Tensor> {
        let (_, height, width, _) = picture.dims4()?;
        let features = aligned(&self.features.forward(x)?, height, width)?;
        features + self.conv_out.forward(&self.conv1.forward(picture)?)?
    }
}
