//! Judges a splat cloud as the validator would, part by part and in words, before it is sent.
//!
//! What needs a network is `not scored` while that network is not here, and then there is no score
//! either: a guess would be worse than none. Gates, views and their structural similarity need no
//! network.

#![forbid(unsafe_code)]

mod assess;
mod gates;
mod outliers;
mod prompt;
mod ssim;
mod table;
mod verdict;

pub use assess::{Assessment, Judge, JudgeConfig};
pub use outliers::filtered_geometric_mean;
pub use prompt::Prompt;
pub use ssim::{SsimError, adjacent_similarities, ssim};
pub use table::Table;
pub use verdict::{Gate, Part, Parts, Verdict};
