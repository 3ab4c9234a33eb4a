//! TRELLIS: from an image or words to a cloud of Gaussians.
//!
//! microsoft/TRELLIS. A pipeline is five networks, used one after another: one that sees the image (or
//! reads the words), a flow that samples which voxels of a coarse grid are occupied, its decoder, a flow
//! that samples a latent on each of those voxels, and the decoder that makes 32 Gaussians of each.

mod pipeline_config;
pub mod sampler;

pub use pipeline_config::{
    ConditionModel, NetworkPlace, Networks, PipelineConfig, PipelineConfigError,
};
pub use sampler::{SamplerSettings, SamplerSettingsError};
