//! The second of the two flows: from noise to a latent on each voxel of a structure.
//!
//! TRELLIS `models/structured_latent_flow.py`.

use std::sync::Arc;

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use super::config::{self, ConfigError, PositionMode};
use super::embedding::{TimestepEmbedder, position_embedding, single};
use super::sparse_residual::{Resampling, ResidualForm, SparseResidualBlock};
use super::sparse_tensor::SparseTensor;
use super::transformer::{BlockForm, CrossForm, ModulatedCrossBlock, load_modulation, modulate};
use super::voxels::Voxels;
use crate::layers::Linear;
use crate::ops;

/// Added to the variance of the last norm: torch's default.
const EPS: f64 = 1e-5;

/// How the flow is built, in the words of the `args` of its checkpoint's `.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StructuredLatentFlowConfig {
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
    /// Blocks of the transformer.
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
    /// How many voxels lie along the side of a token: 2 for each entry of `io_block_channels`.
    #[serde(default = "two")]
    pub patch_size: usize,
    /// Convolutional blocks at each resolution, on either side of the transformer.
    #[serde(default = "two")]
    pub num_io_res_blocks: usize,
    /// Their widths, from the finest resolution on; none: the voxels are the tokens.
    #[serde(default)]
    pub io_block_channels: Option<Vec<usize>>,
    /// How positions are told.
    #[serde(default)]
    pub pe_mode: PositionMode,
    /// Whether the blocks are stored, and meant to run, in half precision.
    #[serde(default)]
    pub use_fp16: bool,
    /// Whether what goes into the transformer is also given to the blocks after it.
    #[serde(default = "yes")]
    pub use_skip_connection: bool,
    /// Whether all blocks of the transformer are modulated alike.
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

fn two() -> usize {
    2
}

fn yes() -> bool {
    true
}

impl StructuredLatentFlowConfig {
    /// Reads the `.json` beside a checkpoint.
    ///
    /// # Errors
    /// When it is of another network, or asks for what is not implemented.
    pub fn parse(json: &str) -> std::result::Result<Self, ConfigError> {
        let config: Self = config::parse(json, &["SLatFlowModel", "ElasticSLatFlowModel"])?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what is not implemented or makes no sense.
    fn check(&self) -> std::result::Result<(BlockForm, CrossForm), ConfigError> {
        self.pe_mode.check()?;
        let resolution = self.resolution;
        if !(1..=Voxels::MOST_RESOLUTION).contains(&resolution) {
            let wanted = "a grid has 1 to 256 cells each way";
            return Err(ConfigError::unsupported("resolution", resolution, wanted));
        }
        let levels = self.levels();
        if !levels.is_empty() {
            let patch = u32::try_from(levels.len())
                .ok()
                .and_then(|n| 2usize.checked_pow(n));
            if patch != Some(self.patch_size) {
                let wanted = "it must be 2 to the number of io_block_channels";
                return Err(ConfigError::unsupported(
                    "patch_size",
                    self.patch_size,
                    wanted,
                ));
            }
            if self.num_io_res_blocks == 0 {
                let wanted = "each of io_block_channels needs a block";
                return Err(ConfigError::unsupported("num_io_res_blocks", 0, wanted));
            }
            if self.share_mod {
                let wanted = "blocks around the transformer need the time itself";
                return Err(ConfigError::unsupported("share_mod", true, wanted));
            }
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

    /// The widths of the convolutional blocks, from the finest resolution on.
    fn levels(&self) -> &[usize] {
        self.io_block_channels.as_deref().unwrap_or_default()
    }

    /// The width of the first and the last layer's voxels.
    fn outer_channels(&self) -> usize {
        self.levels()
            .first()
            .copied()
            .unwrap_or(self.model_channels)
    }

    /// The blocks before the transformer.
    fn input_forms(&self) -> Vec<ResidualForm> {
        let deeper = self.levels().iter().skip(1).chain([&self.model_channels]);
        let level = |(&channels, &next): (&usize, &usize)| {
            let keep = self.form(channels, channels, Resampling::Keep);
            let halve = self.form(channels, next, Resampling::Halve);
            let kept = std::iter::repeat_n(keep, self.num_io_res_blocks - 1);
            kept.chain([halve])
        };
        self.levels().iter().zip(deeper).flat_map(level).collect()
    }

    /// The blocks after the transformer.
    fn out_forms(&self) -> Vec<ResidualForm> {
        let parts = if self.use_skip_connection { 2 } else { 1 };
        let deeper = self.levels().iter().skip(1).chain([&self.model_channels]);
        let level = |(&channels, &before): (&usize, &usize)| {
            let double = self.form(parts * before, channels, Resampling::Double);
            let keep = self.form(parts * channels, channels, Resampling::Keep);
            let kept = std::iter::repeat_n(keep, self.num_io_res_blocks - 1);
            std::iter::once(double).chain(kept)
        };
        let levels: Vec<_> = self.levels().iter().zip(deeper).collect();
        levels.into_iter().rev().flat_map(level).collect()
    }

    fn form(&self, channels: usize, out_channels: usize, resampling: Resampling) -> ResidualForm {
        ResidualForm {
            channels,
            out_channels,
            embedding: self.model_channels,
            resampling,
        }
    }
}

/// The network.
#[derive(Debug, Clone)]
pub struct StructuredLatentFlow {
    config: StructuredLatentFlowConfig,
    dtype: DType,
    t_embedder: TimestepEmbedder,
    ada_ln_modulation: Option<Linear>,
    input_layer: Linear,
    input_blocks: Vec<SparseResidualBlock>,
    blocks: Vec<ModulatedCrossBlock>,
    out_blocks: Vec<SparseResidualBlock>,
    out_layer: Linear,
}

impl StructuredLatentFlow {
    /// Reads the network; its blocks run in the type of `weights`, the rest in single precision.
    ///
    /// # Errors
    /// When the configuration asks for what is not implemented, or a weight is missing or has another
    /// shape than it says.
    pub fn load(config: &StructuredLatentFlowConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let (form, cross) = config.check().map_err(candle_core::Error::wrap)?;
        let around = single(weights);
        let outer = config.outer_channels();
        let residual = |forms: Vec<ResidualForm>, name| -> Result<Vec<SparseResidualBlock>> {
            let weights = weights.pp(name);
            let blocks = forms.iter().enumerate();
            blocks
                .map(|(index, form)| SparseResidualBlock::load(form, &weights.pp(index)))
                .collect()
        };
        Ok(Self {
            config: config.clone(),
            dtype: weights.dtype(),
            t_embedder: TimestepEmbedder::load(config.model_channels, &weights.pp("t_embedder"))?,
            ada_ln_modulation: config
                .share_mod
                .then(|| load_modulation(config.model_channels, &around))
                .transpose()?,
            input_layer: Linear::load(config.in_channels, outer, &around.pp("input_layer"))?,
            input_blocks: residual(config.input_forms(), "input_blocks")?,
            blocks: (0..config.num_blocks)
                .map(|index| {
                    ModulatedCrossBlock::load(&form, &cross, &weights.pp("blocks").pp(index))
                })
                .collect::<Result<_>>()?,
            out_blocks: residual(config.out_forms(), "out_blocks")?,
            out_layer: Linear::load(outer, config.out_channels, &around.pp("out_layer"))?,
        })
    }

    /// Where the latent flows: `x` has `in_channels`, `times` is `(batch)`, 0 to 1000, and `condition`
    /// `(batch, tokens, cond_channels)`; times and condition may have a batch of one for all. The answer
    /// has `out_channels`, in single precision; where there is no voxel, it is empty too.
    ///
    /// # Errors
    /// When the shapes are others.
    pub fn forward(
        &self,
        x: &SparseTensor,
        times: &Tensor,
        condition: &Tensor,
    ) -> Result<SparseTensor> {
        self.forward_watched(x, times, condition, &mut |_, _| {})
    }

    /// [`Self::forward`], showing what comes out of each block under the block's name in the checkpoint,
    /// such as `input_blocks.0`: what to look at where two implementations differ.
    ///
    /// # Errors
    /// When the shapes are others.
    pub fn forward_watched(
        &self,
        x: &SparseTensor,
        times: &Tensor,
        condition: &Tensor,
        watch: &mut dyn FnMut(&str, &SparseTensor),
    ) -> Result<SparseTensor> {
        x.check(self.config.in_channels, self.config.resolution)?;
        let (batch, count, _) = x.features().dims3()?;
        if x.features().elem_count() == 0 {
            let shape = (batch, count, self.config.out_channels);
            return x.with(Tensor::zeros(shape, DType::F32, x.features().device())?);
        }
        let mut time = self.t_embedder.forward(times)?;
        if let Some(layer) = &self.ada_ln_modulation {
            time = modulate(layer, &time)?;
        }
        let time = time.to_dtype(self.dtype)?;
        let condition = condition.to_dtype(self.dtype)?;
        let y = self
            .input_layer
            .forward(&x.features().to_dtype(DType::F32)?)?;
        let mut y = x.with(y)?.to_dtype(self.dtype)?;
        // What the blocks on the other side get too, and the voxels they go back to.
        let (mut skips, mut finer) = (Vec::new(), Vec::new());
        for (index, block) in self.input_blocks.iter().enumerate() {
            if block.resampling() == Resampling::Halve {
                finer.push(y.voxels().clone());
            }
            y = block.forward(&y, &time, None)?;
            watch(&format!("input_blocks.{index}"), &y);
            skips.push(y.features().clone());
        }
        y = self.transform(&y, &time, &condition, watch)?;
        for (index, block) in self.out_blocks.iter().enumerate() {
            if let Some(skip) = skips.pop()
                && self.config.use_skip_connection
            {
                y = y.with(Tensor::cat(&[y.features(), &skip], 2)?)?;
            }
            let finer: Option<Arc<Voxels>> = match block.resampling() {
                Resampling::Double => finer.pop(),
                Resampling::Keep | Resampling::Halve => None,
            };
            y = block.forward(&y, &time, finer.as_ref())?;
            watch(&format!("out_blocks.{index}"), &y);
        }
        let y = ops::layer_norm(&y.features().to_dtype(DType::F32)?, None, None, EPS)?;
        x.with(self.out_layer.forward(&y)?)
    }

    /// The transformer, over the voxels as a list of tokens that know where they are.
    fn transform(
        &self,
        x: &SparseTensor,
        time: &Tensor,
        condition: &Tensor,
        watch: &mut dyn FnMut(&str, &SparseTensor),
    ) -> Result<SparseTensor> {
        let (cells, device) = (x.voxels().cells(), x.features().device());
        let places = position_embedding(cells, self.config.model_channels, device)?;
        let mut x = x.with(x.features().broadcast_add(&places.to_dtype(self.dtype)?)?)?;
        for (index, block) in self.blocks.iter().enumerate() {
            x = x.with(block.forward(x.features(), time, condition)?)?;
            watch(&format!("blocks.{index}"), &x);
        }
        Ok(x)
    }

    /// How it is built.
    pub fn config(&self) -> &StructuredLatentFlowConfig {
        &self.config
    }
}
