//! The network that sees or reads what is asked for, ready to be asked.

use std::path::Path;

use candle_core::{DType, Device};

use super::files::{FileError, Origin};
use super::pipeline_config::ConditionModel;
use crate::clip::{ClipText, ClipTextConfig};
use crate::dinov2::{Dinov2, Dinov2Config};
use crate::store::Precision;
use crate::tokenizer::ClipTokenizer;

/// The network that sees or reads.
pub(super) enum Conditioner {
    Image(Box<Dinov2>),
    Text(Box<ClipText>, Box<ClipTokenizer>),
}

/// Why it could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{0}")]
    Network(#[from] candle_core::Error),
    #[error("{0}")]
    Form(String),
}

impl Conditioner {
    /// In single precision everywhere, as the reference runs it.
    pub(super) fn load(
        origin: &Origin,
        model: &ConditionModel,
        device: &Device,
    ) -> Result<Self, LoadError> {
        let weights = origin.condition_weights(model)?;
        let builder = weights.builder(Precision::As(DType::F32), device);
        match model {
            ConditionModel::Image(name) => {
                let config = Dinov2Config::found_in(&weights)
                    .ok_or_else(|| LoadError::Form(format!("{name}: this is no DINOv2")))?;
                Ok(Self::Image(Box::new(Dinov2::load(&config, &builder)?)))
            }
            ConditionModel::Text(name) => {
                let config = ClipTextConfig::found_in(&weights)
                    .ok_or_else(|| LoadError::Form(format!("{name}: this is no CLIP")))?;
                let tokenizer = tokenizer(&origin.tokenizer(name)?)?;
                let network = ClipText::load(&config, &builder)?;
                Ok(Self::Text(Box::new(network), Box::new(tokenizer)))
            }
        }
    }
}

fn tokenizer(path: &Path) -> Result<ClipTokenizer, LoadError> {
    let wrong = |what: String| LoadError::Form(format!("{}: {what}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    ClipTokenizer::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))
}
