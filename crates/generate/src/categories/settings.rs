//! How a thing of one category is painted, cut out and sculpted.

use serde::{Deserialize, Serialize};

use crate::shaping::Template;

/// What a cut-out must look like to be sculpted from; shares are of the picture's pixels, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MattingLimits {
    /// The least share that may be the object.
    pub least_coverage: f32,
    /// The largest share that may be the object.
    pub most_coverage: f32,
    /// The largest share of the picture's outermost pixels that the object may touch.
    pub most_border: f32,
    /// The largest share of the object's outline, filled, that may be holes.
    pub most_holes: f32,
    /// The most separate pieces of a size worth counting.
    pub most_islands: u32,
}

/// One stage of TRELLIS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageSettings {
    /// Steps of its sampler.
    pub steps: u32,
    /// Strength of its guidance: 0 is none.
    pub guidance: f64,
}

/// Everything that depends on the category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// The most candidates of a prompt; fewer are made where one passes before, or time is over.
    pub candidates: u32,
    /// The words around the prompt.
    pub template: Template,
    /// Steps of the text-to-image model.
    pub image_steps: u32,
    /// What the cut-out must look like.
    pub matting: MattingLimits,
    /// TRELLIS' first stage, the rough shape.
    pub structure: StageSettings,
    /// TRELLIS' second stage, the detail.
    pub latent: StageSettings,
}
