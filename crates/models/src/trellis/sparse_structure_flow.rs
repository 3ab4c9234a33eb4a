//! The first of the two flows: from noise to the latent of a structure, on a full grid.
//!
//! TRELLIS `models/sparse_structure_flow.py`.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use super::config::{self, ConfigError, PositionMode};
use super::embedding::{TimestepEmbedder, position_embedding, single};
use super::transformer::{BlockForm, CrossForm, ModulatedCrossBlock, load_modulation, modulate};
use crate::layers::Linear;
use crate::ops;

/// Added to the variance of the last norm: torch's default.
const EPS: f64 = 1e-5;

/// The longest side of a full grid: 16 in the published networks.
const MOST_RESOLUTION: usize = 64;

/// How the flow is built, in the words of the `args` of its checkpoint's `.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SparseStructureFlowConfig {
    /// Side of the grid.
    pub resolution: usize,
    /// Channels of the latent.
    pub in_channels: usize,
    /// Channels of the flow.
    pub out_channels: usize,
    /// Width of a token.
    pub model_channels: usize,
    /// Width of a condition's tokens.
    pub cond_channels: usize,
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
    /// Side of the cubes that become tokens.
    #[serde(default = "patch")]
    pub patch_size: usize,
    /// How positions are told.
    #[serde(default)]
    pub pe_mode: PositionMode,
    /// Whether the blocks are stored, and meant to run, in half precision.
    #[serde(default)]
    pub use_fp16: bool,
    /// Whether all blocks are modulated alike.
    #[serde(default)]
    pub share_mod: bool,
    /// Whether queries and keys among tokens are normalised.
    #[serde(default)]
    pub qk_rms_norm: bool,
    /// Whether queries and keys to the condition are normalised.
    #[serde(default)]
    pub qk_rms_norm_cross: bool,
}

#[allow(clippy::unnecessary_wraps)]
fn head_channels() -> Option<usize> {
    Some(64)
}

fn ratio() -> f64 {
    4.0
}

fn patch() -> usize {
    2
}

impl SparseStructureFlowConfig {
    /// Reads the `.json` beside a checkpoint.
    ///
    /// # Errors
    /// When it is of another network, or asks for what is not implemented.
    pub fn parse(json: &str) -> std::result::Result<Self, ConfigError> {
        let config: Self = config::parse(json, &["SparseStructureFlowModel"])?;
        config.form()?;
        Ok(config)
    }

    /// What its blocks are made of.
    fn form(&self) -> std::result::Result<(BlockForm, CrossForm), ConfigError> {
        self.pe_mode.check()?;
        let (side, patch) = (self.resolution, self.patch_size);
        if !(1..=MOST_RESOLUTION).contains(&side) {
            return Err(ConfigError::unsupported(
                "resolution",
                side,
                "a full grid has 1 to 64 cells each way",
            ));
        }
        config::channels("in_channels", self.in_channels)?;
        config::channels("out_channels", self.out_channels)?;
        config::channels("model_channels", self.model_channels)?;
        config::channels("cond_channels", self.cond_channels)?;
        if patch == 0 || !side.is_multiple_of(patch) {
            return Err(ConfigError::unsupported(
                "patch_size",
                patch,
                "it must divide resolution",
            ));
        }
        let width = self.model_channels;
        let block = BlockForm {
            width,
            hidden: config::hidden(width, self.mlp_ratio)?,
            heads: config::heads(width, self.num_heads, self.num_head_channels)?,
            qk_rms_norm: self.qk_rms_norm,
        };
        let cross = CrossForm {
            condition_width: self.cond_channels,
            qk_rms_norm_cross: self.qk_rms_norm_cross,
            share_mod: self.share_mod,
        };
        Ok((block, cross))
    }
}

/// The network.
#[derive(Debug, Clone)]
pub struct SparseStructureFlow {
    config: SparseStructureFlowConfig,
    dtype: DType,
    t_embedder: TimestepEmbedder,
    ada_ln_modulation: Option<Linear>,
    pos_emb: Tensor,
    input_layer: Linear,
    blocks: Vec<ModulatedCrossBlock>,
    out_layer: Linear,
}

impl SparseStructureFlow {
    /// Reads the network; its blocks run in the type of `weights`, the rest in single precision.
    ///
    /// # Errors
    /// When the configuration asks for what is not implemented, or a weight is missing or has another
    /// shape than it says.
    pub fn load(config: &SparseStructureFlowConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let (form, cross) = config.form().map_err(candle_core::Error::wrap)?;
        let around = single(weights);
        let width = config.model_channels;
        let (side, cells) = (
            config.resolution / config.patch_size,
            config.patch_size.pow(3),
        );
        Ok(Self {
            config: config.clone(),
            dtype: weights.dtype(),
            t_embedder: TimestepEmbedder::load(width, &weights.pp("t_embedder"))?,
            ada_ln_modulation: config
                .share_mod
                .then(|| load_modulation(width, &around))
                .transpose()?,
            pos_emb: positions(side, width, &around)?,
            input_layer: Linear::load(
                config.in_channels * cells,
                width,
                &around.pp("input_layer"),
            )?,
            blocks: (0..config.num_blocks)
                .map(|index| {
                    ModulatedCrossBlock::load(&form, &cross, &weights.pp("blocks").pp(index))
                })
                .collect::<Result<_>>()?,
            out_layer: Linear::load(width, config.out_channels * cells, &around.pp("out_layer"))?,
        })
    }

    /// Where the latent flows: `x` is `(batch, in_channels, resolution, resolution, resolution)`,
    /// `times` `(batch)`, 0 to 1000, and `condition` `(batch, tokens, cond_channels)`; times and
    /// condition may have a batch of one for all. The answer is `(batch, out_channels, resolution,
    /// resolution, resolution)`, in single precision.
    ///
    /// # Errors
    /// When the shapes are others.
    pub fn forward(&self, x: &Tensor, times: &Tensor, condition: &Tensor) -> Result<Tensor> {
        let (config, side) = (&self.config, self.config.resolution);
        let batch = x.dim(0)?;
        if x.dims() != [batch, config.in_channels, side, side, side] {
            candle_core::bail!(
                "a latent of {:?}, where {} channels and a side of {side} belong",
                x.dims(),
                config.in_channels
            );
        }
        let tokens = patchify(&x.to_dtype(DType::F32)?, config.patch_size)?;
        let x = self
            .input_layer
            .forward(&tokens)?
            .broadcast_add(&self.pos_emb)?;
        let mut time = self.t_embedder.forward(times)?;
        if let Some(layer) = &self.ada_ln_modulation {
            time = modulate(layer, &time)?;
        }
        let time = time.to_dtype(self.dtype)?;
        let condition = condition.to_dtype(self.dtype)?;
        let mut x = x.to_dtype(self.dtype)?;
        for block in &self.blocks {
            x = block.forward(&x, &time, &condition)?;
        }
        let x = ops::layer_norm(&x.to_dtype(DType::F32)?, None, None, EPS)?;
        let x = self.out_layer.forward(&x)?;
        unpatchify(&x, side, config.patch_size)
    }

    /// How it is built.
    pub fn config(&self) -> &SparseStructureFlowConfig {
        &self.config
    }
}

/// The embedding of every place of a grid, in raster order: as the file has it or, where it has none, as
/// the reference computes it.
fn positions(side: usize, width: usize, weights: &VarBuilder<'_>) -> Result<Tensor> {
    if weights.contains_tensor("pos_emb") {
        return weights.get((side.pow(3), width), "pos_emb");
    }
    let Ok(end) = u16::try_from(side) else {
        candle_core::bail!("a grid of {side}³ places");
    };
    let places: Vec<[u16; 3]> = (0..end)
        .flat_map(|x| (0..end).flat_map(move |y| (0..end).map(move |z| [x, y, z])))
        .collect();
    position_embedding(&places, width, weights.device())
}

/// Cubes of `patch` cells as tokens: `(batch, channels, side, side, side)` to `(batch, cubes, channels ·
/// patch³)`.
fn patchify(x: &Tensor, patch: usize) -> Result<Tensor> {
    let (batch, channels, side, _, _) = x.dims5()?;
    let cubes = side / patch;
    x.reshape(vec![
        batch, channels, cubes, patch, cubes, patch, cubes, patch,
    ])?
    .permute([0, 2, 4, 6, 1, 3, 5, 7])?
    .reshape((batch, cubes.pow(3), channels * patch.pow(3)))
}

/// Tokens as cubes again, the reverse of [`patchify`].
fn unpatchify(x: &Tensor, side: usize, patch: usize) -> Result<Tensor> {
    let (batch, _, width) = x.dims3()?;
    let (cubes, channels) = (side / patch, width / patch.pow(3));
    x.reshape(vec![
        batch, cubes, cubes, cubes, channels, patch, patch, patch,
    ])?
    .permute([0, 4, 1, 5, 2, 6, 3, 7])?
    .reshape((batch, channels, side, side, side))
}
