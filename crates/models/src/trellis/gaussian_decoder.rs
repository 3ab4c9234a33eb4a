//! From a latent on each voxel to Gaussians.
//!
//! TRELLIS `models/structured_latent_vae/{base,decoder_gs}.py`.

use candle_core::{D, DType, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use super::config::{self, ConfigError, PositionMode};
use super::embedding::{position_embedding, single};
use super::gaussians::{Gaussians, Representation, RepresentationConfig};
use super::sparse_tensor::SparseTensor;
use super::transformer::{BlockForm, TransformerBlock};
use super::voxels::Voxels;
use super::windows::shifted_windows;
use crate::layers::Linear;
use crate::ops;

/// Added to the variance of the last norm: torch's default.
const EPS: f64 = 1e-5;

/// How the decoder is built, in the words of the `args` of its checkpoint's `.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GaussianDecoderConfig {
    /// Side of the grid.
    pub resolution: usize,
    /// Width of a token.
    pub model_channels: usize,
    /// Channels of the latent.
    pub latent_channels: usize,
    /// Blocks.
    pub num_blocks: usize,
    /// Heads of attention.
    #[serde(default)]
    pub num_heads: Option<usize>,
    /// Width of a head, where the number of heads is not given.
    #[serde(default = "head_channels")]
    pub num_head_channels: Option<usize>,
    /// Width of the hidden layer of a block, in widths of a token.
    #[serde(default = "ratio")]
    pub mlp_ratio: f64,
    /// Which tokens attend to which.
    #[serde(default)]
    pub attn_mode: AttentionMode,
    /// Side of a window, in voxels.
    #[serde(default = "window")]
    pub window_size: Option<u16>,
    /// How positions are told.
    #[serde(default)]
    pub pe_mode: PositionMode,
    /// Whether the blocks are stored, and meant to run, in half precision.
    #[serde(default)]
    pub use_fp16: bool,
    /// Whether queries and keys are normalised.
    #[serde(default)]
    pub qk_rms_norm: bool,
    /// What the last layer's values mean.
    pub representation_config: RepresentationConfig,
}

/// Which tokens attend to which, as the configuration names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionMode {
    /// Each to those of its window; every other block moves the windows by half their side.
    #[default]
    Swin,
    /// Each to all.
    Full,
    /// Along a curve through space; no published decoder of Gaussians does.
    ShiftWindow,
    /// Along a curve through space; no published decoder of Gaussians does.
    ShiftSequence,
    /// Along a curve through space; no published decoder of Gaussians does.
    ShiftOrder,
}

#[allow(clippy::unnecessary_wraps)]
fn head_channels() -> Option<usize> {
    Some(64)
}

fn ratio() -> f64 {
    4.0
}

#[allow(clippy::unnecessary_wraps)]
fn window() -> Option<u16> {
    Some(8)
}

impl GaussianDecoderConfig {
    /// Reads the `.json` beside a checkpoint.
    ///
    /// # Errors
    /// When it is of another network, or asks for what is not implemented.
    pub fn parse(json: &str) -> std::result::Result<Self, ConfigError> {
        let names = ["SLatGaussianDecoder", "ElasticSLatGaussianDecoder"];
        let config: Self = config::parse(json, &names)?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what is not implemented or makes no sense.
    fn check(&self) -> std::result::Result<BlockForm, ConfigError> {
        self.pe_mode.check()?;
        let resolution = self.resolution;
        if !(1..=Voxels::MOST_RESOLUTION).contains(&resolution) {
            let wanted = "a grid has 1 to 256 cells each way";
            return Err(ConfigError::unsupported("resolution", resolution, wanted));
        }
        config::channels("model_channels", self.model_channels)?;
        config::channels("latent_channels", self.latent_channels)?;
        self.window_side()?;
        self.representation_config.check()?;
        let width = self.model_channels;
        Ok(BlockForm {
            width,
            hidden: config::hidden(width, self.mlp_ratio)?,
            heads: config::heads(width, self.num_heads, self.num_head_channels)?,
            qk_rms_norm: self.qk_rms_norm,
        })
    }

    /// The side of the windows, if tokens keep to windows.
    fn window_side(&self) -> std::result::Result<Option<u16>, ConfigError> {
        let refused = |mode| {
            let wanted = "swin and full are";
            Err(ConfigError::unsupported("attn_mode", mode, wanted))
        };
        match (self.attn_mode, self.window_size) {
            (AttentionMode::Full, _) => Ok(None),
            (AttentionMode::Swin, Some(side)) if side > 0 => Ok(Some(side)),
            (AttentionMode::Swin, side) => {
                let value = side.map_or_else(|| "null".to_owned(), |side| side.to_string());
                let wanted = "a window has at least one voxel";
                Err(ConfigError::unsupported("window_size", value, wanted))
            }
            (AttentionMode::ShiftWindow, _) => refused("shift_window"),
            (AttentionMode::ShiftSequence, _) => refused("shift_sequence"),
            (AttentionMode::ShiftOrder, _) => refused("shift_order"),
        }
    }
}

/// The network.
#[derive(Debug, Clone)]
pub struct GaussianDecoder {
    config: GaussianDecoderConfig,
    dtype: DType,
    window: Option<u16>,
    input_layer: Linear,
    blocks: Vec<TransformerBlock>,
    out_layer: Linear,
    representation: Representation,
}

impl GaussianDecoder {
    /// Reads the network; its blocks run in the type of `weights`, the rest in single precision.
    ///
    /// # Errors
    /// When the configuration asks for what is not implemented, or a weight is missing or has another
    /// shape than it says.
    pub fn load(config: &GaussianDecoderConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let form = config.check().map_err(candle_core::Error::wrap)?;
        let window = config.window_side().map_err(candle_core::Error::wrap)?;
        let (around, width) = (single(weights), config.model_channels);
        let representation = &config.representation_config;
        let outputs = representation.channels();
        Ok(Self {
            config: config.clone(),
            dtype: weights.dtype(),
            window,
            input_layer: Linear::load(config.latent_channels, width, &around.pp("input_layer"))?,
            blocks: (0..config.num_blocks)
                .map(|index| TransformerBlock::load(&form, &weights.pp("blocks").pp(index)))
                .collect::<Result<_>>()?,
            out_layer: Linear::load(width, outputs, &around.pp("out_layer"))?,
            representation: Representation::load(representation, config.resolution, &around)?,
        })
    }

    /// The values that Gaussians are made of: `(batch, voxels, values)`, in single precision. `x` has
    /// `latent_channels`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &SparseTensor) -> Result<Tensor> {
        x.check(self.config.latent_channels, self.config.resolution)?;
        let features = x.features();
        let (batch, count, _) = features.dims3()?;
        if features.elem_count() == 0 {
            let shape = (batch, count, self.out_layer.outputs());
            return Tensor::zeros(shape, DType::F32, features.device());
        }
        let (width, device) = (self.config.model_channels, features.device());
        let places = position_embedding(x.voxels().cells(), width, device)?;
        let y = self.input_layer.forward(&features.to_dtype(DType::F32)?)?;
        let mut y = y.broadcast_add(&places)?.to_dtype(self.dtype)?;
        let windows = self
            .window
            .map(|side| [0, side / 2].map(|shift| shifted_windows(x.voxels(), side, shift)));
        for (index, block) in self.blocks.iter().enumerate() {
            y = match &windows {
                Some(windows) => block.forward(&y, |q, k, v| {
                    ops::windowed_attention(q, k, v, &windows[index % 2])
                })?,
                None => block.forward(&y, |q, k, v| ops::attention(q, k, v, false))?,
            };
        }
        let y = ops::layer_norm(&y.to_dtype(DType::F32)?, None, None, EPS)?;
        self.out_layer.forward(&y)
    }

    /// The Gaussians of one structure, voxel after voxel: none where there is no voxel. `x` has a batch of
    /// one.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn gaussians(&self, x: &SparseTensor) -> Result<Gaussians> {
        let batch = x.features().dim(0)?;
        if batch != 1 {
            candle_core::bail!("Gaussians are made of one structure at a time, not of {batch}");
        }
        let values = self.forward(x)?.flatten_to(D::Minus1)?.to_vec1::<f32>()?;
        Ok(self.representation.gaussians(x.voxels(), &values))
    }

    /// How it is built.
    pub fn config(&self) -> &GaussianDecoderConfig {
        &self.config
    }
}
