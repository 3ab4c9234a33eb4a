//! How good each view looks.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

use super::Views;
use crate::dinov2::Dinov2Config;
use crate::normalise::IMAGENET;
use crate::quality::QualityNet;
use crate::resize::{Filter, resize};

/// Views in one pass of the network: more make nothing faster, and each takes memory for its scores
/// of 1370² pairs of patches.
const AT_ONCE: usize = 4;

/// DINOv2 with the validator's head.
#[derive(Debug, Clone)]
pub struct Quality {
    net: QualityNet,
    side: usize,
    dtype: DType,
}

impl Quality {
    /// Reads the network; see [`QualityNet::load`].
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(
        config: &Dinov2Config,
        scorer: &VarBuilder<'_>,
        pretrained: Option<&VarBuilder<'_>>,
    ) -> Result<Self> {
        Ok(Self {
            net: QualityNet::load(config, scorer, pretrained)?,
            side: config.image_size,
            dtype: scorer.dtype(),
        })
    }

    /// The quality of each view, from 0 to 1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn scores(&self, views: &Views) -> Result<Vec<f32>> {
        let views = views.tensor();
        let count = views.dim(0)?;
        let mut scores = Vec::with_capacity(count);
        for first in (0..count).step_by(AT_ONCE) {
            let some = views.narrow(0, first, AT_ONCE.min(count - first))?;
            scores.extend(self.some(&some)?);
        }
        Ok(scores)
    }

    fn some(&self, views: &Tensor) -> Result<Vec<f32>> {
        let images = resize(views, self.side, self.side, Filter::Bilinear)?;
        let images = IMAGENET.apply(&images)?.to_dtype(self.dtype)?;
        let logits = self.net.logits(&images)?.to_dtype(DType::F32)?;
        candle_nn::ops::sigmoid(&logits)?.to_vec1()
    }
}
