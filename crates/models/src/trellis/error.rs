//! Why a pipeline gave nothing.

use super::PrepareError;
use super::files::FileError;
use super::pipeline_config::PipelineConfigError;
use super::sampler::SamplerSettingsError;

/// Why no Gaussians came out.
#[derive(Debug, thiserror::Error)]
pub enum TrellisError {
    /// A file is missing or damaged.
    #[error(transparent)]
    File(#[from] FileError),
    /// `pipeline.json` cannot be used.
    #[error("{file}: {error}")]
    Config {
        /// Where it lies.
        file: String,
        /// What is wrong.
        error: PipelineConfigError,
    },
    /// A network does not fit its configuration, or failed while it ran.
    #[error("{part}: {}", first_line(error))]
    Network {
        /// Which.
        part: &'static str,
        /// What happened.
        error: candle_core::Error,
    },
    /// The image cannot be used.
    #[error(transparent)]
    Image(#[from] PrepareError),
    /// The pipeline is asked with the other kind of prompt.
    #[error("this pipeline is asked with {0}")]
    Kind(&'static str),
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SamplerSettingsError),
    /// No voxel is occupied.
    #[error("nothing came of it: no voxel is occupied; another seed may do better")]
    Empty,
    /// Too many voxels are occupied.
    #[error("{voxels} voxels are occupied, at most {most} are allowed; another seed may do better")]
    TooLarge {
        /// How many.
        voxels: usize,
        /// How many may be.
        most: usize,
    },
    /// Numbers have left their range.
    #[error("{0} gave numbers that are not finite")]
    NotFinite(&'static str),
    /// Whoever watched ended it.
    #[error("cancelled")]
    Cancelled,
}

impl TrellisError {
    /// Whether the device had no room: with fewer networks on it another attempt may succeed.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Network { error, .. } if crate::device::is_out_of_memory(error))
    }
}

/// What candle says first; a backtrace follows where one is asked for.
fn first_line(error: &candle_core::Error) -> String {
    let words = error.to_string();
    words.lines().next().unwrap_or_default().to_owned()
}

/// An error of a part.
pub(super) fn failed(part: &'static str) -> impl Fn(candle_core::Error) -> TrellisError {
    move |error| TrellisError::Network { part, error }
}
