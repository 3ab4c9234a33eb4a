//! Makes splat clouds from prompts: the `Generator` trait, its backends, and best-of-N under a
//! budget.

mod generator;

pub use generator::{
    Candidate, GenerateError, Generation, GenerationEvent, GenerationSink, Generator, Request,
};
