//! The outcome of judging: every part with its value, its limit, and why.

use serde::Serialize;

use crate::{measure::NotScored, score};

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

impl From<Option<f64>> for Part {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::NotScored, Self::Scored)
    }
}

/// The parts of the validator's score, and the CLIP gate beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parts {
    /// DINOv2 quality, mean over 16 views, 0 to 1.
    pub iqa: Part,
    /// Alignment of the views with the prompt: 0 to about 1, more where words fit very well.
    pub alignment: Part,
    /// Structural similarity of adjacent views, −1 to 1.
    pub ssim: Part,
    /// Perceptual likeness of adjacent views: 1 less their LPIPS distance.
    pub lpips: Part,
    /// Mean CLIP cosine of four views with the prompt.
    pub clip: Part,
}

impl Parts {
    /// Nothing measured.
    pub(crate) const NONE: Self = Self {
        iqa: Part::NotScored,
        alignment: Part::NotScored,
        ssim: Part::NotScored,
        lpips: Part::NotScored,
        clip: Part::NotScored,
    };

    /// The validator's score of them, where all four are known.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        Some(score::final_score(
            self.iqa.value()?,
            self.alignment.value()?,
            self.ssim.value()?,
            self.lpips.value()?,
        ))
    }
}

/// What judging found: `pass` holds only if every gate passes and the score reaches its threshold.
/// Where no network was asked there is no score, and the gates decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The decision.
    pub pass: bool,
    /// The validator's final score: 0 where one of its own gates fails, and `None` while a network
    /// it needs is not here.
    pub score: Option<f64>,
    /// The score from which the cloud would be accepted.
    pub threshold: f64,
    /// Conditions on the cloud, in the order they were checked.
    pub gates: Vec<Gate>,
    /// Conditions that are reported and do not decide, held or not.
    pub warnings: Vec<Gate>,
    /// The numbers behind the score.
    pub parts: Parts,
    /// Why parts that were to be measured have no number; empty where no network was asked.
    pub not_scored: Vec<NotScored>,
}

impl Verdict {
    /// The first gate that does not pass.
    #[must_use]
    pub fn failed_gate(&self) -> Option<&Gate> {
        self.gates.iter().find(|gate| !gate.pass)
    }

    /// How alike neighbouring views are, from 0 to 1, as the validator weighs it (it makes up 0.025
    /// of the score): `σ(35 · (ssim − 0.83))`. `None` where there were no views to compare.
    ///
    /// three-gen-subnet `validation/engine/validation_engine.py`, `_compute_final_score`.
    #[must_use]
    pub fn consistency(&self) -> Option<f64> {
        self.parts
            .ssim
            .value()
            .map(|ssim| f64::from(score::sigmoid(ssim, 35.0, 0.83)))
    }

    /// The outcome in a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        match (self.failed_gate(), self.score) {
            (Some(gate), _) => format!("{}: {}", gate.name, gate.why),
            (None, None) if !self.not_scored.is_empty() => {
                let parts: Vec<&str> = self.not_scored.iter().map(|missing| missing.part).collect();
                format!("not scored, for want of {}", parts.join(", "))
            }
            (None, None) => "all gates pass; the networks for a score are not here".to_owned(),
            (None, Some(score)) if score >= self.threshold => {
                format!("{score:.3} reaches the threshold of {:.3}", self.threshold)
            }
            (None, Some(score)) if self.pass => format!(
                "{score:.3} is below the threshold of {:.3}, which does not decide",
                self.threshold
            ),
            (None, Some(score)) => {
                format!("{score:.3} is below the threshold of {:.3}", self.threshold)
            }
        }
    }
}
