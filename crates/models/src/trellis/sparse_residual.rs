//! The convolutional blocks around the second flow's transformer.
//!
//! TRELLIS `models/structured_latent_flow.py` (`SparseResBlock3d`).

use std::sync::Arc;

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use super::embedding::single;
use super::resample::{downsample, upsample};
use super::sparse_tensor::SparseTensor;
use super::voxels::Voxels;
use crate::layers::{Linear, Norm};
use crate::ops::{self, SubmanifoldConvolution};

/// Added to variances.
const EPS: f64 = 1e-6;

/// What happens to the resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resampling {
    Keep,
    Halve,
    Double,
}

/// Widths of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResidualForm {
    pub(crate) channels: usize,
    pub(crate) out_channels: usize,
    /// Width of the embedding of the time.
    pub(crate) embedding: usize,
    pub(crate) resampling: Resampling,
}

/// Two submanifold convolutions beside a shortcut; the time modulates what is between them.
#[derive(Debug, Clone)]
pub(crate) struct SparseResidualBlock {
    norm1: Norm,
    conv1: SubmanifoldConvolution,
    conv2: SubmanifoldConvolution,
    emb_layers: Linear,
    skip_connection: Option<Linear>,
    resampling: Resampling,
}

impl SparseResidualBlock {
    /// Reads `norm1`, `conv1`, `conv2`, `emb_layers` and, where the widths differ, `skip_connection`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape.
    pub(crate) fn load(form: &ResidualForm, weights: &VarBuilder<'_>) -> Result<Self> {
        let (channels, out) = (form.channels, form.out_channels);
        let convolution =
            |name, inputs| SubmanifoldConvolution::load(inputs, out, &weights.pp(name).pp("conv"));
        Ok(Self {
            norm1: Norm::load(channels, EPS, &single(weights).pp("norm1"))?,
            conv1: convolution("conv1", channels)?,
            conv2: convolution("conv2", out)?,
            emb_layers: Linear::load(form.embedding, 2 * out, &weights.pp("emb_layers.1"))?,
            skip_connection: (channels != out)
                .then(|| Linear::load(channels, out, &weights.pp("skip_connection")))
                .transpose()?,
            resampling: form.resampling,
        })
    }

    /// What happens to the resolution.
    pub(crate) fn resampling(&self) -> Resampling {
        self.resampling
    }

    /// `x` through the block; `time` is the embedding of the time, `(batch or 1, width)`; a block that
    /// doubles the resolution answers on the voxels of `finer`, whose halves are those of `x`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub(crate) fn forward(
        &self,
        x: &SparseTensor,
        time: &Tensor,
        finer: Option<&Arc<Voxels>>,
    ) -> Result<SparseTensor> {
        let x = match self.resampling {
            Resampling::Halve => &downsample(x)?,
            Resampling::Keep | Resampling::Double => x,
        };
        let y = x.with(ops::silu(&self.norm1.forward(x.features())?)?)?;
        let shortcut = match &self.skip_connection {
            Some(layer) => x.with(layer.forward(x.features())?)?,
            None => x.clone(),
        };
        // The reference copies to the finer voxels first. Row by row that is the same, and more work.
        let (y, shortcut) = match (self.resampling, finer) {
            (Resampling::Double, Some(finer)) => {
                (upsample(&y, finer)?, upsample(&shortcut, finer)?)
            }
            (Resampling::Double, None) => candle_core::bail!("no finer voxels to go to"),
            _ => (y, shortcut),
        };
        let rules = y.voxels().rules()?;
        let features = self.conv1.forward(y.features(), rules)?;
        let features = ops::silu(&self.modulated(&features, time)?)?;
        let features = self.conv2.forward(&features, rules)?;
        shortcut.with((features + shortcut.features())?)
    }

    /// The norm between the convolutions, each item's scaled and shifted as its time wants.
    fn modulated(&self, x: &Tensor, time: &Tensor) -> Result<Tensor> {
        let embedded = self.emb_layers.forward(&ops::silu(time)?)?;
        let width = x.dim(2)?;
        let items: Result<Vec<Tensor>> = (0..x.dim(0)?)
            .map(|item| {
                let vectors = embedded.get(if embedded.dim(0)? == 1 { 0 } else { item })?;
                let factors = (vectors.narrow(0, 0, width)? + 1.0)?;
                let shifts = vectors.narrow(0, width, width)?;
                ops::layer_norm(&x.narrow(0, item, 1)?, Some(&factors), Some(&shifts), EPS)
            })
            .collect();
        match items?.as_slice() {
            [item] => Ok(item.clone()),
            items => Tensor::cat(items, 0),
        }
    }
}
