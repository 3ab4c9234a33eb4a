//! The judge: from a cloud to a verdict and the views it rests on.

use std::sync::Arc;

use models::Scorer;
use render::{Camera, Image, Orbit, Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE};
use splat::Cloud;

use crate::{
    gates,
    measure::{Measured, Measurement, Timing},
    prompt::Prompt,
    verdict::{Gate, Part, Parts, Verdict},
};

/// What the judge is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgeConfig {
    /// The score from which a validator accepts; it sends it with every task. 0.6 in service
    /// (three-gen-subnet `neurons/validator/config.py`).
    pub score_threshold: f64,
    /// The mean CLIP cosine of four views that the screening asks for.
    pub clip_threshold: f64,
    /// The splats that the screening asks for.
    pub splat_floor: usize,
    /// Whose opinion decides.
    pub policy: Policy,
}

/// Whose opinion decides: that of the validator's score, or that of the screening miners have used,
/// four views by CLIP and a least number of splats. The gates decide in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The score; the screening warns.
    #[default]
    Score,
    /// The screening; the score is reported.
    Screening,
    /// Both.
    Both,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self {
            score_threshold: 0.6,
            clip_threshold: 0.2,
            splat_floor: 150_000,
            policy: Policy::default(),
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
    /// How long drawing and each part took, in the order it was done.
    pub timings: Vec<Timing>,
}

/// Judges clouds. Cheap to share; every call is independent, keeps all cores busy through rayon and
/// belongs on a blocking thread.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    config: JudgeConfig,
    scorer: Option<Arc<Scorer>>,
}

impl Judge {
    /// A judge without networks: it passes what passes every gate.
    #[must_use]
    pub fn new(config: JudgeConfig) -> Self {
        Self {
            config,
            scorer: None,
        }
    }

    /// A judge with networks: it passes what passes every gate and reaches the threshold, and nothing
    /// that it could not score.
    #[must_use]
    pub fn with_scorer(config: JudgeConfig, scorer: Arc<Scorer>) -> Self {
        Self {
            config,
            scorer: Some(scorer),
        }
    }

    /// Whether it has networks, all or some.
    #[must_use]
    pub fn scores(&self) -> bool {
        self.scorer.is_some()
    }

    /// Judges a cloud that is already as the 2025 validator wants it (profile `pull-2025`: raw +Y
    /// up) against the prompt it was made for.
    ///
    /// The cloud is judged as it is given: to judge what a validator will decode, hand in what the
    /// SPZ codec makes of it (8-bit rotations, for one, are never quite the identity).
    ///
    /// It never fails: whatever is wrong with the cloud is a gate that does not pass, and whatever
    /// cannot be measured a part that is not scored.
    #[must_use]
    pub fn assess(&self, cloud: &Cloud, prompt: &Prompt) -> Assessment {
        let mut gates = gates::of_cloud(cloud);
        // The validator scores 0 before it looks at a single view.
        let refused = gates
            .iter()
            .any(|gate| !gate.pass && gates::is_validators(gate.name));
        let scorer = self.scorer.as_deref().filter(|_| !refused);
        let mut measurement = Measurement::new(scorer, prompt);
        let (views, scene) = measurement.timed("views", || draw(cloud, &mut gates));
        gates.push(gates::visible(&views));
        let measured = measurement.of(&views, || scene.as_ref().map_or_else(Vec::new, closer));
        self.conclude(cloud.len(), gates, views, measured, refused)
    }

    /// Scores views that are there already: the numbers behind the score, and it itself with
    /// [`Parts::score`].
    #[must_use]
    pub fn score(&self, views: &[Image], prompt: &Prompt) -> Parts {
        let measurement = Measurement::new(self.scorer.as_deref(), prompt);
        measurement.of(views, || views.to_vec()).parts
    }

    fn conclude(
        &self,
        count: usize,
        mut gates: Vec<Gate>,
        views: Vec<Image>,
        measured: Measured,
        refused: bool,
    ) -> Assessment {
        let Measured {
            parts,
            not_scored,
            timings,
            similarities,
            cosines,
        } = measured;
        if !similarities.is_empty() {
            gates.push(gates::similarity_defined(&similarities, parts.ssim));
        }
        if !cosines.is_empty() {
            gates.push(gates::alignment_defined(&cosines, parts.alignment));
        }
        let mut warnings = gates::screening(count, parts.clip, &self.config);
        if self.config.policy != Policy::Score {
            gates.append(&mut warnings);
        }
        let score = if refused { Some(0.0) } else { parts.score() };
        let reached = match score {
            Some(score) => score >= self.config.score_threshold,
            None => !self.scores(),
        };
        let screened = parts.clip != Part::NotScored || !self.scores();
        let decided = match self.config.policy {
            Policy::Score => reached,
            Policy::Screening => screened,
            Policy::Both => reached && screened,
        };
        let verdict = Verdict {
            pass: decided && gates.iter().all(|gate| gate.pass),
            score,
            threshold: self.config.score_threshold,
            gates,
            warnings,
            parts,
            not_scored,
        };
        Assessment {
            verdict,
            views,
            timings,
        }
    }
}

/// The validator's views and the scene they are of, or none and a gate that says why.
fn draw(cloud: &Cloud, gates: &mut Vec<Gate>) -> (Vec<Image>, Option<Scene>) {
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT));
    gates.push(gates::drawable(scene.as_ref().err()));
    match (scene, render::validator_cameras(VALIDATOR_SIZE)) {
        (Ok(scene), Ok(cameras)) => {
            let views = render::render_views(&scene, &cameras, WHITE);
            (views, Some(scene))
        }
        _ => (Vec::new(), None),
    }
}

/// Azimuth and elevation of the CLIP gate's views: front, side, top, and angled from above.
const CLOSER: [(f64, f64); 4] = [(0.0, 0.0), (90.0, 0.0), (0.0, -90.0), (45.0, -30.0)];

/// The four views that the CLIP gate looks at.
fn closer(scene: &Scene) -> Vec<Image> {
    let cameras: Vec<Camera> = CLOSER
        .into_iter()
        .filter_map(|(azimuth_deg, elevation_deg)| {
            Camera::orbit(Orbit {
                azimuth_deg,
                elevation_deg,
                ..Orbit::default()
            })
            .ok()
        })
        .collect();
    render::render_views(scene, &cameras, WHITE)
}
