//! FLUX.1-schnell: pictures from words.
//!
//! [`TextToImage`] is the whole of it, in two halves that may lie on different devices and come and go:
//! [`TextEncoders`] (T5 and CLIP) make an [`Encoded`] prompt, once; the [`Painter`] (flow transformer and
//! autoencoder) makes a [`Picture`] of it for every seed. So T5 may stay in main memory and run there, or
//! be dropped before the flow begins.
//!
//! The networks read like their references and bear the names of the published checkpoints' keys. All of
//! them compute in single precision on the CPU and in `bf16` on a GPU; weights stay as they are stored,
//! `bf16` in main memory or packed by ggml included. Guidance is off, as schnell was distilled without.

mod autoencoder;
mod blocks;
mod error;
mod latent;
mod layers;
mod open;
mod painter;
mod positions;
mod t5;
mod text;
mod tokens;
mod transformer;
mod upwards;

pub use autoencoder::{AutoencoderConfig, Decoder};
pub use error::FluxError;
pub use latent::{schedule, start, unpack};
pub use layers::Layers;
pub use open::{FlowWeights, FluxChoice, FluxFiles, T5Weights, TextToImage};
pub use painter::{FluxSettings, Painter, Picture};
pub use t5::{T5Config, T5Encoder, t5_name};
pub use text::{Encoded, TextEncoders};
pub use tokens::{T5_TOKENS, T5Tokenizer};
pub use transformer::{Surroundings, Transformer, TransformerConfig};

/// The shortest side of a picture, in pixels.
pub const SMALLEST_SIDE: u32 = 64;

/// The longest side of a picture, in pixels. Attention grows with the fourth power of the side, and
/// TRELLIS sees 518 pixels.
pub const LARGEST_SIDE: u32 = 1536;

/// The most steps that are taken.
pub const MOST_STEPS: u32 = 50;
