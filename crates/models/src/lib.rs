//! The networks of Splatsmith, on candle, and the store of their weights.
//!
//! A network reads like its reference, and its parts bear the names of the published checkpoints'
//! keys, so that loading needs no table of names. Everything runs on the CPU in `f32`, and on a GPU
//! in `f16` or `bf16` as its [`VarBuilder`](candle_nn::VarBuilder) says.

#![forbid(unsafe_code)]

mod normalise;
pub mod ops;
mod resize;

pub use normalise::{CLIP, IMAGENET, LPIPS, Normalisation, VALIDATOR_CLIP};
pub use resize::{Filter, resize, resize_by};
