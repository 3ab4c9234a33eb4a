//! The validator's eye for quality: DINOv2 and one linear layer on its class token.
//!
//! three-gen-subnet `validation/engine/models/quality_model.py`. The file `quality_scorer.safetensors`
//! holds the whole network as the validator wraps it: `backbone.…`, the head `score_head`, and an
//! `emb_head` that scoring does not use.

use candle_core::{DType, Device, IndexOp, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use crate::dinov2::{Dinov2, Dinov2Config};
use crate::layers::Linear;

/// DINOv2 with the head that says how good a picture looks.
#[derive(Debug, Clone)]
pub struct QualityNet {
    backbone: Dinov2,
    score_head: Linear,
}

impl QualityNet {
    /// Reads the network from `scorer`; weights of the backbone that are not there are taken from
    /// `pretrained`, where given, as the validator leaves them at (`load_model(strict=False)`).
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(
        config: &Dinov2Config,
        scorer: &VarBuilder<'_>,
        pretrained: Option<&VarBuilder<'_>>,
    ) -> Result<Self> {
        let backbone = match pretrained {
            None => Dinov2::load(config, &scorer.pp("backbone"))?,
            Some(pretrained) => {
                let overlay = Overlay {
                    above: scorer.pp("backbone"),
                    below: pretrained.clone(),
                };
                let (dtype, device) = (scorer.dtype(), scorer.device().clone());
                let weights = VarBuilder::from_backend(Box::new(overlay), dtype, device);
                Dinov2::load(config, &weights)?
            }
        };
        Ok(Self {
            backbone,
            score_head: Linear::load(config.hidden_size, 1, &scorer.pp("score_head"))?,
        })
    }

    /// The logit of each picture: `(batch, 3, height, width)`, normalised as
    /// [`IMAGENET`](crate::IMAGENET), to `(batch)`. Its sigmoid is the score.
    ///
    /// # Errors
    /// When `images` has another form.
    pub fn logits(&self, images: &Tensor) -> Result<Tensor> {
        let class = self.backbone.forward(images)?.i((.., 0))?.contiguous()?;
        self.score_head.forward(&class)?.squeeze(1)
    }
}

/// Weights laid over others of the same names.
struct Overlay<'a> {
    above: VarBuilder<'a>,
    below: VarBuilder<'a>,
}

impl<'a> Overlay<'a> {
    fn holder(&self, name: &str) -> &VarBuilder<'a> {
        if self.above.contains_tensor(name) {
            &self.above
        } else {
            &self.below
        }
    }
}

impl SimpleBackend for Overlay<'_> {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let found = self.get_unchecked(name, dtype, device)?;
        if found.shape() == &shape {
            Ok(found)
        } else {
            candle_core::bail!("{name} has the shape {:?}, not {shape:?}", found.shape())
        }
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.holder(name)
            .get_unchecked_dtype(name, dtype)?
            .to_device(device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.above.contains_tensor(name) || self.below.contains_tensor(name)
    }
}
