//! How far each view is from the next.

use candle_core::{DType, Result};
use candle_nn::VarBuilder;

use super::Views;
use crate::lpips::Lpips;
use crate::resize::{Filter, resize};

/// Side at which the validator compares views, in pixels (three-gen-subnet
/// `validation/engine/metrics/similarity_scorer.py`).
const SIDE: usize = 256;

/// LPIPS on AlexNet.
#[derive(Debug, Clone)]
pub struct Distance {
    net: Lpips,
    dtype: DType,
}

impl Distance {
    /// Reads the network; see [`Lpips::load`].
    ///
    /// # Errors
    /// When a weight is missing or has another shape than AlexNet's.
    pub fn load(backbone: &VarBuilder<'_>, heads: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            net: Lpips::load(backbone, heads)?,
            dtype: backbone.dtype(),
        })
    }

    /// The distance of each view from the next, and of the last from the first; 0 for equal ones.
    /// Each view is looked at once.
    ///
    /// # Errors
    /// When the device fails.
    pub fn neighbours(&self, views: &Views) -> Result<Vec<f32>> {
        let small = resize(views.tensor(), SIDE, SIDE, Filter::Bicubic)?.clamp(0.0, 1.0)?;
        let seen = self.net.impressions(&small.to_dtype(self.dtype)?)?;
        let distances = self.net.distances(&seen, &seen.next()?)?;
        distances.to_dtype(DType::F32)?.to_vec1()
    }
}
