//! ConvNeXt, a convolutional network, as timm writes it, and its head in open_clip.
//!
//! timm `models/convnext.py` under `visual.trunk.…`, and open_clip's `TimmModel` with
//! `timm_proj="mlp"` (`timm_model.py`) under `visual.head.…`. Pictures are kept with channels last:
//! norms and linear layers then run along memory, and convolutions whose kernels do not overlap are
//! linear layers over patches.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use crate::layers::{Activation, Linear, Mlp, Norm, patches};
use crate::ops;

/// How a ConvNeXt is built.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvNextConfig {
    /// Blocks of each stage.
    pub depths: [usize; 4],
    /// Channels of each stage.
    pub dims: [usize; 4],
    /// Added to variances.
    pub norm_eps: f64,
    /// Between the linear layers of a block.
    pub activation: Activation,
    /// Width of what the head makes; its hidden layer is twice as wide.
    pub embed_dim: usize,
}

impl ConvNextConfig {
    /// The image tower of open_clip's `convnext_large_d`.
    pub const LARGE_D: Self = Self {
        depths: [3, 3, 27, 3],
        dims: [192, 384, 768, 1536],
        norm_eps: 1e-6,
        activation: Activation::Gelu,
        embed_dim: 768,
    };
}

/// Side of the patches that the stem embeds, in pixels.
const STEM: usize = 4;
/// Pixels of the depthwise kernel on each side of its middle.
const REACH: usize = 3;

/// The image tower: trunk and head.
#[derive(Debug, Clone)]
pub struct ConvNext {
    stem: Linear,
    stem_norm: Norm,
    stages: Vec<Stage>,
    head_norm: Norm,
    head: Mlp,
}

#[derive(Debug, Clone)]
struct Stage {
    downsample: Option<(Norm, Linear)>,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
struct Block {
    conv_dw: (Tensor, Tensor),
    norm: Norm,
    mlp: Mlp,
    gamma: Tensor,
}

impl ConvNext {
    /// Reads `trunk` and `head` under `visual`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &ConvNextConfig, visual: &VarBuilder<'_>) -> Result<Self> {
        let trunk = visual.pp("trunk");
        let [first, .., last] = config.dims;
        let stages = (0..config.dims.len())
            .map(|index| Stage::load(config, index, &trunk.pp("stages").pp(index)))
            .collect::<Result<_>>()?;
        let mlp = visual.pp("head.mlp");
        let hidden = 2 * config.embed_dim;
        Ok(Self {
            stem: convolution(3, first, STEM, &trunk.pp("stem.0"))?,
            stem_norm: Norm::load(first, config.norm_eps, &trunk.pp("stem.1"))?,
            stages,
            head_norm: Norm::load(last, config.norm_eps, &trunk.pp("head.norm"))?,
            head: Mlp {
                fc1: Linear::load(last, hidden, &mlp.pp("fc1"))?,
                activation: Activation::Gelu,
                fc2: Linear::load_no_bias(hidden, config.embed_dim, &mlp.pp("fc2"))?,
            },
        })
    }

    /// What the trunk sees in `(batch, 3, height, width)`: `(batch, dims[3])`, averaged over the
    /// picture and normalised.
    ///
    /// # Errors
    /// When `images` has another form, or has a side below 32 pixels.
    pub fn trunk(&self, images: &Tensor) -> Result<Tensor> {
        let x = patches(&images.permute((0, 2, 3, 1))?, STEM)?;
        let mut x = self.stem_norm.forward(&self.stem.forward(&x)?)?;
        for stage in &self.stages {
            x = stage.forward(&x)?;
        }
        let mean = ops::mean(&x.flatten(1, 2)?, 1)?.squeeze(1)?;
        self.head_norm.forward(&mean)
    }

    /// The embedding of each image: `(batch, embed_dim)`, not of unit length.
    ///
    /// # Errors
    /// As [`Self::trunk`].
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        self.head.forward(&self.trunk(images)?)
    }
}

impl Stage {
    fn load(config: &ConvNextConfig, index: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let width = config.dims[index];
        let downsample = match index.checked_sub(1) {
            None => None,
            Some(before) => {
                let before = config.dims[before];
                let weights = weights.pp("downsample");
                Some((
                    Norm::load(before, config.norm_eps, &weights.pp(0))?,
                    convolution(before, width, 2, &weights.pp(1))?,
                ))
            }
        };
        let blocks = (0..config.depths[index])
            .map(|block| Block::load(config, width, &weights.pp("blocks").pp(block)))
            .collect::<Result<_>>()?;
        Ok(Self { downsample, blocks })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = match &self.downsample {
            Some((norm, conv)) => conv.forward(&patches(&norm.forward(x)?, 2)?)?,
            None => x.clone(),
        };
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        Ok(x)
    }
}

impl Block {
    fn load(config: &ConvNextConfig, width: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let (conv_dw, mlp) = (weights.pp("conv_dw"), weights.pp("mlp"));
        let side = 2 * REACH + 1;
        Ok(Self {
            conv_dw: (
                conv_dw.get((width, 1, side, side), "weight")?,
                conv_dw.get(width, "bias")?,
            ),
            norm: Norm::load(width, config.norm_eps, &weights.pp("norm"))?,
            mlp: Mlp {
                fc1: Linear::load(width, 4 * width, &mlp.pp("fc1"))?,
                activation: config.activation,
                fc2: Linear::load(4 * width, width, &mlp.pp("fc2"))?,
            },
            gamma: weights.get(width, "gamma")?,
        })
    }

    /// `x` is `(batch, height, width, channels)`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = &self.conv_dw;
        let planes = x.permute((0, 3, 1, 2))?;
        let y = ops::depthwise_conv2d(&planes, weight, Some(bias), REACH)?.permute((0, 2, 3, 1))?;
        self.mlp.forward_onto(&self.norm, &y, Some(&self.gamma), x)
    }
}

/// A convolution whose stride is the side of its kernel.
fn convolution(
    channels: usize,
    out: usize,
    side: usize,
    weights: &VarBuilder<'_>,
) -> Result<Linear> {
    let kernel = weights.get((out, channels, side, side), "weight")?;
    Linear::of_convolution(&kernel, Some(&weights.get(out, "bias")?))
}
