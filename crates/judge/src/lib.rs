//! Judges a splat cloud as the validator would, part by part and in words, before it is sent.

mod prompt;
mod verdict;

pub use prompt::Prompt;
pub use verdict::{Gate, Part, Parts, Verdict};
