//! What a cut-out must look like to be sculpted from.

use serde::{Deserialize, Serialize};

use crate::categories::MattingLimits;

/// The limits of the gate. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CutoutLimits {
    /// The least share of the picture that may be the object.
    pub least_coverage: f32,
    /// The largest share of the picture that may be the object.
    pub most_coverage: f32,
    /// The largest share of the picture's outermost pixels that the object may touch.
    pub most_border: f32,
    /// The largest share of the object's outline, filled, that may be holes.
    pub most_holes: f32,
    /// The most separate pieces of a size worth counting.
    pub most_islands: u32,
    /// The largest share of the object that may look like the ground it was cut from, without an edge
    /// between them.
    pub most_backdrop: f32,
    /// The largest share of what is not clear that may be half transparent.
    pub most_soft: f32,
}

impl Default for CutoutLimits {
    fn default() -> Self {
        Self {
            least_coverage: 0.03,
            most_coverage: 0.85,
            most_border: 0.02,
            most_holes: 0.25,
            most_islands: 3,
            most_backdrop: 0.12,
            most_soft: 0.35,
        }
    }
}

impl From<MattingLimits> for CutoutLimits {
    /// What a category says, and the usual for what is the same for all.
    fn from(category: MattingLimits) -> Self {
        Self {
            least_coverage: category.least_coverage,
            most_coverage: category.most_coverage,
            most_border: category.most_border,
            most_holes: category.most_holes,
            most_islands: category.most_islands,
            ..Self::default()
        }
    }
}
