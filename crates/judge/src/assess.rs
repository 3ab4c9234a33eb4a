//! The judge: from a cloud to a verdict and the views it rests on.

use render::{Image, Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE};
use splat::Cloud;

use crate::{
    gates,
    outliers::filtered_geometric_mean,
    prompt::Prompt,
    ssim::adjacent_similarities,
    verdict::{Gate, Part, Parts, Verdict},
};

/// What the judge is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgeConfig {
    /// The score from which a validator accepts; it sends it with every task. 0.6 in service
    /// (three-gen-subnet `neurons/validator/config.py`).
    pub score_threshold: f64,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self {
            score_threshold: 0.6,
        }
    }
}

/// A verdict with the views it was reached on.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// What was found.
    pub verdict: Verdict,
    /// The validator's sixteen views at 518×518, in order of azimuth; none if nothing could be
    /// drawn.
    pub views: Vec<Image>,
}

/// Judges clouds. Cheap to share; every call is independent, keeps all cores busy through rayon and
/// belongs on a blocking thread.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    config: JudgeConfig,
}

impl Judge {
    /// A judge that passes what reaches the configured threshold.
    #[must_use]
    pub fn new(config: JudgeConfig) -> Self {
        Self { config }
    }

    /// Judges a cloud that is already as the 2025 validator wants it (profile `pull-2025`: raw +Y
    /// up) against the prompt it was made for.
    ///
    /// The cloud is judged as it is given: to judge what a validator will decode, hand in what the
    /// SPZ codec makes of it (8-bit rotations, for one, are never quite the identity).
    ///
    /// It never fails: whatever is wrong with the cloud is a gate that does not pass.
    #[must_use]
    pub fn assess(&self, cloud: &Cloud, prompt: &Prompt) -> Assessment {
        // Alignment needs a network that reads the prompt; without it no part looks at it.
        let _ = prompt;
        let mut gates = gates::of_cloud(cloud);
        // The validator scores 0 before it looks at a single view.
        let refused = gates
            .iter()
            .any(|gate| !gate.pass && gates::is_validators(gate.name));
        let views = draw(cloud, &mut gates);
        self.conclude(gates, views, refused)
    }

    fn conclude(&self, mut gates: Vec<Gate>, views: Vec<Image>, refused: bool) -> Assessment {
        gates.push(gates::visible(&views));
        let mut ssim = Part::NotScored;
        if let Ok(similarities) = adjacent_similarities(&views) {
            gates.push(gates::similarity_defined(&similarities));
            ssim = filtered_geometric_mean(&similarities).map_or(Part::NotScored, Part::Scored);
        }
        let score = refused.then_some(0.0);
        let pass = gates.iter().all(|gate| gate.pass)
            && score.is_none_or(|score| score >= self.config.score_threshold);
        let verdict = Verdict {
            pass,
            score,
            threshold: self.config.score_threshold,
            gates,
            parts: Parts {
                iqa: Part::NotScored,
                alignment: Part::NotScored,
                ssim,
                lpips: Part::NotScored,
                clip: Part::NotScored,
            },
        };
        Assessment { verdict, views }
    }
}

/// The validator's views, or none and a gate that says why.
fn draw(cloud: &Cloud, gates: &mut Vec<Gate>) -> Vec<Image> {
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT));
    gates.push(gates::drawable(scene.as_ref().err()));
    match (scene, render::validator_cameras(VALIDATOR_SIZE)) {
        (Ok(scene), Ok(cameras)) => render::render_views(&scene, &cameras, WHITE),
        _ => Vec::new(),
    }
}
