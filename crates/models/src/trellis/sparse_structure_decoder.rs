//! From the latent of a structure to the cells that it occupies.
//!
//! TRELLIS `models/sparse_structure_vae.py`. Channels are last throughout, where norms and convolutions
//! want them.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use super::config::{self, ConfigError};
use super::embedding::single;
use crate::layers::Norm;
use crate::ops::{self, Conv3d};

/// Added to variances: torch's default.
const EPS: f64 = 1e-5;
/// How many times as long as before a side is after each step up.
const STEP: usize = 2;

/// How norms go, as the configuration names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormType {
    /// Over the channels of a cell.
    #[default]
    Layer,
    /// Over groups of channels of the whole grid; no published network does.
    Group,
}

/// How the decoder is built, in the words of the `args` of its checkpoint's `.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SparseStructureDecoderConfig {
    /// Channels of the answer.
    pub out_channels: usize,
    /// Channels of the latent.
    pub latent_channels: usize,
    /// Residual blocks at each resolution.
    pub num_res_blocks: usize,
    /// Channels at each resolution; between them, sides double.
    pub channels: Vec<usize>,
    /// Residual blocks before the first.
    #[serde(default = "two")]
    pub num_res_blocks_middle: usize,
    /// How norms go.
    #[serde(default)]
    pub norm_type: NormType,
    /// Whether the blocks are stored, and meant to run, in half precision.
    #[serde(default)]
    pub use_fp16: bool,
}

fn two() -> usize {
    2
}

impl SparseStructureDecoderConfig {
    /// Reads the `.json` beside a checkpoint.
    ///
    /// # Errors
    /// When it is of another network, or asks for what is not implemented.
    pub fn parse(json: &str) -> std::result::Result<Self, ConfigError> {
        let config: Self = config::parse(json, &["SparseStructureDecoder"])?;
        config.ends()?;
        Ok(config)
    }

    /// The channels of the first and of the last resolution.
    fn ends(&self) -> std::result::Result<[usize; 2], ConfigError> {
        if self.norm_type == NormType::Group {
            return Err(ConfigError::unsupported(
                "norm_type",
                "group",
                "only layer is",
            ));
        }
        config::channels("latent_channels", self.latent_channels)?;
        config::channels("out_channels", self.out_channels)?;
        for &channels in &self.channels {
            config::channels("channels", channels)?;
        }
        match self.channels.as_slice() {
            // More would be a grid of thousands of cells a side.
            [first, .., last] if self.channels.len() <= 6 => Ok([*first, *last]),
            [only] => Ok([*only; 2]),
            channels => Err(ConfigError::unsupported(
                "channels",
                format!("{channels:?}"),
                "there must be one to six resolutions",
            )),
        }
    }
}

/// A norm, SiLU and a convolution.
#[derive(Debug, Clone)]
struct Convolved {
    norm: Norm,
    conv: Conv3d,
}

impl Convolved {
    fn load(
        [inputs, outputs]: [usize; 2],
        norm: &VarBuilder<'_>,
        conv: &VarBuilder<'_>,
    ) -> Result<Self> {
        Ok(Self {
            norm: Norm::load(inputs, EPS, &single(norm))?,
            conv: Conv3d::load(inputs, outputs, conv)?,
        })
    }

    /// What the convolution sees.
    fn seen(&self, x: &Tensor) -> Result<Tensor> {
        ops::silu(&self.norm.forward(x)?)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.conv.forward(&self.seen(x)?)
    }

    fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        self.conv.forward_onto(&self.seen(x)?, residual)
    }
}

/// A residual block, or a step to the next resolution.
#[derive(Debug, Clone)]
enum Block {
    Residual([Convolved; 2]),
    Up(Conv3d),
}

impl Block {
    fn residual(channels: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let part = |index: usize| {
            let (norm, conv) = (format!("norm{index}"), format!("conv{index}"));
            Convolved::load([channels; 2], &weights.pp(norm), &weights.pp(conv))
        };
        Ok(Self::Residual([part(1)?, part(2)?]))
    }

    fn up(from: usize, to: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let conv = Conv3d::load(from, to * STEP.pow(3), &weights.pp("conv"))?;
        Ok(Self::Up(conv))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Residual([first, second]) => second.forward_onto(&first.forward(x)?, x),
            Self::Up(conv) => ops::pixel_shuffle_3d(&conv.forward(x)?, STEP),
        }
    }
}

/// The network.
#[derive(Debug, Clone)]
pub struct SparseStructureDecoder {
    dtype: DType,
    latent_channels: usize,
    input_layer: Conv3d,
    /// The middle's, then each resolution's.
    blocks: Vec<Block>,
    out_layer: Convolved,
}

impl SparseStructureDecoder {
    /// Reads the network; its blocks run in the type of `weights`, the rest in single precision.
    ///
    /// # Errors
    /// When the configuration asks for what is not implemented, or a weight is missing or has another
    /// shape than it says.
    pub fn load(config: &SparseStructureDecoderConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let [first, last] = config.ends().map_err(candle_core::Error::wrap)?;
        let around = single(weights);
        let out = around.pp("out_layer");
        Ok(Self {
            dtype: weights.dtype(),
            latent_channels: config.latent_channels,
            input_layer: Conv3d::load(config.latent_channels, first, &around.pp("input_layer"))?,
            blocks: Self::load_blocks(config, first, weights)?,
            out_layer: Convolved::load([last, config.out_channels], &out.pp(0), &out.pp(2))?,
        })
    }

    fn load_blocks(
        config: &SparseStructureDecoderConfig,
        first: usize,
        weights: &VarBuilder<'_>,
    ) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        for index in 0..config.num_res_blocks_middle {
            blocks.push(Block::residual(
                first,
                &weights.pp("middle_block").pp(index),
            )?);
        }
        let mut number = 0..;
        let mut next = || weights.pp("blocks").pp(number.next().unwrap_or_default());
        for (level, &channels) in config.channels.iter().enumerate() {
            for _ in 0..config.num_res_blocks {
                blocks.push(Block::residual(channels, &next())?);
            }
            if let Some(&above) = config.channels.get(level + 1) {
                blocks.push(Block::up(channels, above, &next())?);
            }
        }
        Ok(blocks)
    }

    /// How far each cell is occupied: a latent of `(batch, latent_channels, side, side, side)` to logits
    /// of `(batch, out_channels, …)`, each side doubled as often as there are steps; 16 becomes 64 in
    /// the published network. Single precision; above 0 is occupied.
    ///
    /// # Errors
    /// When the latent has other channels.
    pub fn forward(&self, latent: &Tensor) -> Result<Tensor> {
        let (_, channels, ..) = latent.dims5()?;
        if channels != self.latent_channels {
            candle_core::bail!(
                "a latent of {channels} channels, where {} belong",
                self.latent_channels
            );
        }
        let x = latent.to_dtype(DType::F32)?.permute((0, 2, 3, 4, 1))?;
        let mut x = self
            .input_layer
            .forward(&x.contiguous()?)?
            .to_dtype(self.dtype)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        let logits = self.out_layer.forward(&x.to_dtype(DType::F32)?)?;
        logits.permute((0, 4, 1, 2, 3))?.contiguous()
    }
}
