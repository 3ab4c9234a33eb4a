//! OpenAI's CLIP out of files, one half at a time.

use std::path::PathBuf;

use candle_core::{DType, Device};

use super::{ClipText, ClipTextConfig, ClipVision, ClipVisionConfig};
use crate::store::{Precision, Store, StoreError, Weights, WeightsError};
use crate::tokenizer::{ClipTokenizer, TokenizerError};

/// The model's name in the manifest.
const MODEL: &str = "clip-vit-l14";

/// The most bytes of a tokenizer that are read; the published one has 2.2 million.
const MOST_TOKENIZER: u64 = 64 << 20;

/// Where a CLIP lies: of ViT-L/14 1.7 GB, of which 0.5 are the text half and 1.2 the image half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipFiles {
    /// Both halves, or the text half alone.
    pub weights: PathBuf,
    /// Its `tokenizer.json` or `merges.txt`.
    pub tokenizer: PathBuf,
}

/// Why a half cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// Its file is no file of weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tokenizer's file cannot be read.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It reads no words.
    #[error("{}: {error}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: TokenizerError,
    },
    /// The file holds something else.
    #[error("{}: it holds no {half} half of OpenAI's CLIP", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// `text` or `image`.
        half: &'static str,
    },
    /// The tensors are of other shapes, or there is no room for them.
    #[error("{}: {}", path.display(), first_line(error))]
    Network {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: candle_core::Error,
    },
}

/// What follows on further lines is a backtrace.
fn first_line(error: &candle_core::Error) -> String {
    let words = error.to_string();
    words.lines().next().unwrap_or_default().to_owned()
}

impl ClipFiles {
    /// ViT-L/14 in the weights store.
    ///
    /// # Errors
    /// When it is not here.
    pub fn of(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            weights: store.path(MODEL, "model.safetensors")?,
            tokenizer: store.path(MODEL, "tokenizer.json")?,
        })
    }

    /// The text half and its tokenizer, on `device` in single precision.
    ///
    /// # Errors
    /// When a file cannot be read, or is of another network.
    pub fn text(&self, device: &Device) -> Result<(ClipText, ClipTokenizer), ClipError> {
        let tokenizer = self.read_tokenizer()?;
        let weights = Weights::open([&self.weights])?;
        let config = ClipTextConfig::found_in(&weights).ok_or_else(|| self.other("text"))?;
        let builder = weights.builder(Precision::As(DType::F32), device);
        let text = ClipText::load(&config, &builder).map_err(|error| self.network(error))?;
        Ok((text, tokenizer))
    }

    /// The image half, on `device` in single precision.
    ///
    /// # Errors
    /// When the file cannot be read, or holds none.
    pub fn vision(&self, device: &Device) -> Result<ClipVision, ClipError> {
        let weights = Weights::open([&self.weights])?;
        let config = ClipVisionConfig::found_in(&weights).ok_or_else(|| self.other("image"))?;
        let builder = weights.builder(Precision::As(DType::F32), device);
        ClipVision::load(&config, &builder).map_err(|error| self.network(error))
    }

    fn read_tokenizer(&self) -> Result<ClipTokenizer, ClipError> {
        let path = &self.tokenizer;
        let wrong = |what: String| ClipError::File {
            path: path.clone(),
            what,
        };
        let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
        if size.len() > MOST_TOKENIZER {
            return Err(wrong(format!("{} bytes are no tokenizer", size.len())));
        }
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        ClipTokenizer::from_bytes(&bytes).map_err(|error| ClipError::Tokenizer {
            path: path.clone(),
            error,
        })
    }

    fn other(&self, half: &'static str) -> ClipError {
        ClipError::Other {
            path: self.weights.clone(),
            half,
        }
    }

    fn network(&self, error: candle_core::Error) -> ClipError {
        ClipError::Network {
            path: self.weights.clone(),
            error,
        }
    }
}
