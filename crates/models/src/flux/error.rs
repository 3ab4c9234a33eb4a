//! Why there is no picture.

use std::path::{Path, PathBuf};

use crate::clip::EmbedError;
use crate::store::{StoreError, WeightsError};
use crate::tokenizer::TokenizerError;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum FluxError {
    /// A file is not here, or not what it should be.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of weights cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file's content is of another network.
    #[error("{part} cannot be used: {why}")]
    Unfit {
        /// Which part of FLUX.
        part: &'static str,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// A file is of another network, or no tokenizer.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A tokenizer cannot be read, or the text cannot be cut.
    #[error(transparent)]
    Tokens(#[from] TokenizerError),
    /// A picture of that size is not painted.
    #[error(
        "a picture of {width}×{height} pixels is not painted; sides are multiples of 16 from {} to {}",
        super::SMALLEST_SIDE,
        super::LARGEST_SIDE
    )]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// So many steps are not taken.
    #[error("{0} steps are not taken; FLUX.1-schnell takes 1 to {max}, and was made for 4", max = super::MOST_STEPS)]
    Steps(u32),
    /// Whoever watched said to stop.
    #[error("painting was cancelled")]
    Cancelled,
    /// The picture is not made of numbers.
    #[error(
        "the picture came out without numbers; check the weights with `splatsmith models verify`"
    )]
    NotANumber,
    /// The device failed or has no room.
    #[error("{part} failed: {error}")]
    Network {
        /// Which part of FLUX.
        part: &'static str,
        /// What the device says.
        error: candle_core::Error,
    },
}

impl FluxError {
    pub(super) fn unfit(part: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Unfit { part, why }
    }

    /// What is wrong with a file's content is said of that file.
    pub(super) fn in_file(path: &Path) -> impl Fn(Self) -> Self {
        move |error| match error {
            Self::Unfit { .. } | Self::Tokens(_) => Self::File {
                path: path.to_owned(),
                what: error.to_string(),
            },
            other => other,
        }
    }

    /// Of the network that is `part`.
    pub(super) fn of(part: &'static str) -> impl Fn(candle_core::Error) -> Self {
        move |error| Self::Network { part, error }
    }
}

impl From<EmbedError> for FluxError {
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::Tokens(error) => Self::Tokens(error),
            EmbedError::Network(error) => Self::Network {
                part: "CLIP's text half",
                error,
            },
        }
    }
}
