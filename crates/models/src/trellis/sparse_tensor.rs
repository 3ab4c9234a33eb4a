//! Features of voxels.

use std::sync::Arc;

use candle_core::{DType, Result, Tensor};

use super::voxels::Voxels;

/// Features of each voxel of one structure. What is in one batch shares the structure, as the two
/// sides of guidance do.
#[derive(Debug, Clone)]
pub struct SparseTensor {
    features: Tensor,
    voxels: Arc<Voxels>,
}

impl SparseTensor {
    /// `features` is `(batch, voxels, channels)`, the voxels in their order.
    ///
    /// # Errors
    /// When the shape is another.
    pub fn new(features: Tensor, voxels: Arc<Voxels>) -> Result<Self> {
        let (_, count, _) = features.dims3()?;
        if count != voxels.len() {
            candle_core::bail!("features {:?} for {} voxels", features.dims(), voxels.len());
        }
        Ok(Self { features, voxels })
    }

    /// `(batch, voxels, channels)`.
    pub fn features(&self) -> &Tensor {
        &self.features
    }

    /// Whose features they are.
    pub fn voxels(&self) -> &Arc<Voxels> {
        &self.voxels
    }

    /// Other features of the same voxels.
    ///
    /// # Errors
    /// When there is not one row for each voxel.
    pub fn with(&self, features: Tensor) -> Result<Self> {
        Self::new(features, self.voxels.clone())
    }

    /// The same in another type.
    pub(crate) fn to_dtype(&self, dtype: DType) -> Result<Self> {
        self.with(self.features.to_dtype(dtype)?)
    }

    /// How many channels there are.
    pub(crate) fn channels(&self) -> usize {
        self.features.dims().last().copied().unwrap_or_default()
    }

    /// Refuses what does not have the channels and the grid of a network.
    pub(crate) fn check(&self, channels: usize, resolution: usize) -> Result<()> {
        if self.channels() != channels || self.voxels.resolution() != resolution {
            candle_core::bail!(
                "features {:?} on a grid of {} meet a network of {channels} channels on a grid of {resolution}",
                self.features.dims(),
                self.voxels.resolution()
            );
        }
        Ok(())
    }
}
