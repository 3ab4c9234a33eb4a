//! The outcome of judging: every part with its value, its limit, and why.

use serde::Serialize;

/// A yes-or-no condition on the cloud itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// A stable name for scripts, such as `splat_count`.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// What it is held against.
    pub limit: f64,
    /// Whether the cloud passes.
    pub pass: bool,
    /// One sentence: what was measured, what is allowed, and whose rule it is.
    pub why: String,
}

/// One number of the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// Measured.
    Scored(f64),
    /// The network it needs is not here; written as `null`, said as `not scored`.
    NotScored,
}

impl Part {
    /// The number, if there is one.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Scored(value) => Some(value),
            Self::NotScored => None,
        }
    }
}

/// The parts of the validator's score, and the CLIP gate beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parts {
    /// DINOv2 quality, mean over 16 views, 0 to 1.
    pub iqa: Part,
    /// Alignment of the views with the prompt.
    pub alignment: Part,
    /// Structural similarity of adjacent views, −1 to 1.
    pub ssim: Part,
    /// Perceptual distance of adjacent views.
    pub lpips: Part,
    /// Mean CLIP cosine of four views with the prompt.
    pub clip: Part,
}

/// What judging found: `pass` holds only if every gate passes and the score, where there is one,
/// reaches its threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The decision.
    pub pass: bool,
    /// The validator's final score, or `None` while a network it needs is not here.
    pub score: Option<f64>,
    /// Conditions on the cloud, in the order they were checked.
    pub gates: Vec<Gate>,
    /// The numbers behind the score.
    pub parts: Parts,
}
