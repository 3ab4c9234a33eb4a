//! The networks of Splatsmith, on candle, and the store of their weights.
//!
//! A network reads like its reference, and its parts bear the names of the published checkpoints'
//! keys, so that loading needs no table of names. Everything runs on the CPU in `f32`, and on a GPU
//! in `f16` or `bf16` as its [`VarBuilder`](candle_nn::VarBuilder) says.

#![cfg_attr(not(feature = "cuda"), forbid(unsafe_code))]

mod birefnet;
mod clip;
mod convnext;
mod device;
mod dinov2;
pub mod flux;
mod layers;
mod lpips;
mod matting;
mod noise;
mod normalise;
mod open_clip;
pub mod ops;
mod quality;
mod resize;
pub mod scorer;
pub mod store;
mod tokenizer;
pub mod trellis;

pub use birefnet::{BIREFNET_STEP, BiRefNet, BiRefNetConfig, SwinConfig, TileOrder};
/// Where networks run.
pub use candle_core::Device;
pub use clip::{
    ClipError, ClipFiles, ClipText, ClipTextConfig, ClipVision, ClipVisionConfig, EmbedError,
};
pub use convnext::{ConvNext, ConvNextConfig};
pub use device::{GPU_KIND, device, free_memory, gpu, is_out_of_memory};
pub use dinov2::{Dinov2, Dinov2Config};
pub use lpips::{Impressions, Lpips};
pub use matting::{Matting, MattingError, MattingOutput, OnnxMatting, OnnxSettings};
pub use noise::noise;
pub use normalise::{CLIP, IMAGENET, LPIPS, Normalisation, VALIDATOR_CLIP};
pub use open_clip::{TextTower, TextTowerConfig};
pub use ops::Activation;
pub use quality::QualityNet;
pub use resize::{Filter, resize, resize_by};
pub use scorer::Scorer;
pub use tokenizer::{ClipTokenizer, TokenizerError};
