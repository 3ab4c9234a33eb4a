//! The second of the two flows: from noise to a latent on each voxel of a structure.
//!
//! TRELLIS `models/structured_latent_flow.py`.

use std::sync::Arc;

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

use super::embedding::{TimestepEmbedder, single};
use super::sparse_residual::{Resampling, ResidualForm, SparseResidualBlock};
use super::sparse_tensor::SparseTensor;
use super::structured_latent_config::StructuredLatentFlowConfig;
use super::transformer::{ModulatedCrossBlock, load_modulation, modulate};
use super::voxels::Voxels;
use crate::layers::Linear;
use crate::ops;

/// Added to the variance of the last norm: torch's default.
const EPS: f64 = 1e-5;

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
        for (name, items) in [("times", times.dim(0)?), ("conditions", condition.dim(0)?)] {
            if items != 1 && items != batch {
                candle_core::bail!("{items} {name} for a batch of {batch}");
            }
        }
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
        let (width, device) = (self.config.model_channels, x.features().device());
        let places = x.voxels().places(width, self.dtype, device)?;
        let mut x = x.with(x.features().broadcast_add(&places)?)?;
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
