//! Makes splat clouds from prompts: the `Generator` trait, its backends, and best-of-N under a
//! budget.

#![forbid(unsafe_code)]

pub mod best_of;
mod generator;
mod http;
mod sketch;

pub use generator::{
    Candidate, GenerateError, Generation, GenerationEvent, GenerationSink, Generator, Request,
};
pub use http::{HttpBackend, HttpError, HttpOptions};
pub use sketch::{SketchBackend, SketchOptions};
