//! How the flow over voxels is built.

use serde::Deserialize;

use super::config::{self, ConfigError, PositionMode};
use super::sparse_residual::{Resampling, ResidualForm};
use super::transformer::{BlockForm, CrossForm};
use super::voxels::Voxels;

/// The most convolutional blocks at a resolution: what a configuration is held to.
const MOST_BLOCKS: usize = 64;

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
    pub fn parse(json: &str) -> Result<Self, ConfigError> {
        let config: Self = config::parse(json, &["SLatFlowModel", "ElasticSLatFlowModel"])?;
        config.check()?;
        Ok(config)
    }

    /// What the transformer's blocks are made of.
    ///
    /// # Errors
    /// When it asks for what is not implemented or makes no sense.
    pub(crate) fn check(&self) -> Result<(BlockForm, CrossForm), ConfigError> {
        self.pe_mode.check()?;
        let resolution = self.resolution;
        if !(1..=Voxels::MOST_RESOLUTION).contains(&resolution) {
            let wanted = "a grid has 1 to 256 cells each way";
            return Err(ConfigError::unsupported("resolution", resolution, wanted));
        }
        config::channels("in_channels", self.in_channels)?;
        config::channels("out_channels", self.out_channels)?;
        config::channels("model_channels", self.model_channels)?;
        config::channels("cond_channels", self.cond_channels)?;
        self.check_levels()?;
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

    /// The same for the convolutional blocks.
    fn check_levels(&self) -> Result<(), ConfigError> {
        let levels = self.levels();
        if levels.is_empty() {
            return Ok(());
        }
        for &channels in levels {
            config::channels("io_block_channels", channels)?;
        }
        let patch = u32::try_from(levels.len())
            .ok()
            .and_then(|levels| 2usize.checked_pow(levels));
        if patch != Some(self.patch_size) || self.patch_size > self.resolution {
            let wanted = "it must be 2 to the number of io_block_channels, within the resolution";
            return Err(ConfigError::unsupported(
                "patch_size",
                self.patch_size,
                wanted,
            ));
        }
        if !(1..=MOST_BLOCKS).contains(&self.num_io_res_blocks) {
            let blocks = self.num_io_res_blocks;
            let wanted = "each of io_block_channels has 1 to 64 blocks";
            return Err(ConfigError::unsupported(
                "num_io_res_blocks",
                blocks,
                wanted,
            ));
        }
        if self.share_mod {
            let wanted = "blocks around the transformer need the time itself";
            return Err(ConfigError::unsupported("share_mod", true, wanted));
        }
        Ok(())
    }

    /// The widths of the convolutional blocks, from the finest resolution on.
    fn levels(&self) -> &[usize] {
        self.io_block_channels.as_deref().unwrap_or_default()
    }

    /// The width of the first and the last layer's voxels.
    pub(crate) fn outer_channels(&self) -> usize {
        self.levels()
            .first()
            .copied()
            .unwrap_or(self.model_channels)
    }

    /// The blocks before the transformer.
    pub(crate) fn input_forms(&self) -> Vec<ResidualForm> {
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
    pub(crate) fn out_forms(&self) -> Vec<ResidualForm> {
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
