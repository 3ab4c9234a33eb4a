//! TRELLIS: from an image or words to a cloud of Gaussians.
//!
//! microsoft/TRELLIS. A pipeline is five networks, used one after another: one that sees the image (or
//! reads the words), a flow that samples which voxels of a coarse grid are occupied, its decoder, a flow
//! that samples a latent on each of those voxels, and the decoder that makes 32 Gaussians of each.
//!
//! [`Trellis`] is the whole of it; the networks stand alone too.
//!
//! Each network has a file of its own and the names of its checkpoint. Blocks run in the type of the
//! [`VarBuilder`](candle_nn::VarBuilder); what the reference keeps in single precision (embedders, first
//! and last layers, norms) is read and run in single precision whatever that is.

mod attention;
mod condition;
mod conditioner;
mod config;
mod embedding;
mod error;
mod files;
mod gaussian_decoder;
mod gaussians;
mod lanczos;
mod parts;
mod pipeline;
mod pipeline_config;
mod preprocess;
mod resample;
pub mod sampler;
mod sparse_residual;
mod sparse_structure_decoder;
mod sparse_structure_flow;
mod sparse_tensor;
mod structured_latent_config;
mod structured_latent_flow;
mod transformer;
mod voxels;
mod windows;

pub use condition::{image_condition, no_image_condition, text_condition};
pub use config::{ConfigError, PositionMode, block_dtype};
pub use error::TrellisError;
pub use files::{FileError, Origin};
pub use gaussian_decoder::{AttentionMode, GaussianDecoder, GaussianDecoderConfig};
pub use gaussians::{Factors, Gaussians, RepresentationConfig, ScalingActivation};
pub use parts::{Keep, PartSizes, Parts};
pub use pipeline::{Condition, Settings, Stage, Trellis, Watch};
pub use pipeline_config::{
    ConditionModel, NetworkPlace, Networks, PipelineConfig, PipelineConfigError,
};
pub use preprocess::{PrepareError, Rgb, SIDE, prepare_image, shrink};
pub use resample::{downsample, upsample};
pub use sampler::{SamplerSettings, SamplerSettingsError};
pub use sparse_structure_decoder::{
    NormType, SparseStructureDecoder, SparseStructureDecoderConfig,
};
pub use sparse_structure_flow::{SparseStructureFlow, SparseStructureFlowConfig};
pub use sparse_tensor::SparseTensor;
pub use structured_latent_config::StructuredLatentFlowConfig;
pub use structured_latent_flow::StructuredLatentFlow;
pub use voxels::Voxels;
pub use windows::shifted_windows;
