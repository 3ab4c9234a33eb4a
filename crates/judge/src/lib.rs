//! Judges a splat cloud as the validator would, part by part and in words, before it is sent.
//!
//! What needs a network is `not scored` while that network is not here, and then there is no score
//! either: a guess would be worse than none. Gates, views and their structural similarity need no
//! network; a [`models::Scorer`] brings the rest.

#![forbid(unsafe_code)]

mod assess;
mod calibration;
mod gates;
mod measure;
mod outliers;
mod picture;
mod prompt;
mod score;
mod ssim;
mod table;
mod verdict;

pub use assess::{Assessment, Judge, JudgeConfig, Policy};
pub use calibration::{Calibration, Curve, Estimate, Observation, SPREAD};
pub use measure::{NotScored, Timing};
pub use outliers::filtered_geometric_mean;
pub use prompt::Prompt;
pub use score::{final_score, image_alignment, likeness, quality, text_alignment};
pub use ssim::{SsimError, adjacent_similarities, ssim};
pub use table::Table;
pub use verdict::{Gate, Part, Parts, Verdict};
