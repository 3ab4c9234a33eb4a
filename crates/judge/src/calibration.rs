//! From our score to the probability that a validator accepts, learnt from its answers.
//!
//! Our score and a validator's differ a little (precisions, drivers, its version of the renderer), so
//! a score is turned into a probability before anything is decided by it. That is Platt's scaling: the
//! log-odds of acceptance are a line in the score. Isotonic regression would need hundreds of answers
//! before it beat a line (Niculescu-Mizil and Caruana, *Predicting good probabilities with supervised
//! learning*, ICML 2005, find about a thousand), says only 0 or 1 beyond what it has seen, and there
//! are dozens a day. The line's two numbers are those of highest posterior probability:
//!
//! - Without answers they are what the rule says: even odds at the validator's threshold, and odds that
//!   rise by e² each [`SPREAD`] of score.
//! - Answers of all validators move them (the pooled curve); this is a ridge on logistic regression.
//! - Each validator's own curve starts from the pooled one and is moved by its own answers: with few
//!   it stays there, with many it is its own (partial pooling, Gelman and Hill, *Data analysis using
//!   regression and multilevel models*, chapter 12).
//!
//! The slope is never negative: a better score never means a smaller probability. Only what was sent
//! was answered, so nothing is learnt below the line that decides; there the prior holds.

use std::collections::BTreeMap;

/// How far our score and a validator's may be apart, in score: the unit in which the slope is counted.
pub const SPREAD: f64 = 0.05;

/// How many answers the prior share of accepted ones is worth, half of them accepted: with none of our
/// own, `2q / (1 + 2q)` is ½, and the line lies at the validator's threshold.
const PRIOR_ANSWERS: f64 = 4.0;

/// Mean and precision (1/variance) of the line's level before any answer, in log-odds.
const LEVEL: (f64, f64) = (0.0, 1.0);

/// Mean and precision of its slope before any answer, in log-odds for each [`SPREAD`].
const SLOPE: (f64, f64) = (2.0, 1.0);

/// Precision of a validator's level and slope around the pooled ones: they differ by about ⅔.
const OWN: (f64, f64) = (2.0, 2.0);

/// Newton's steps at most; a handful are needed.
const STEPS: usize = 64;

/// One answer of a validator to what we sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Our score of it, 0 to 1.
    pub score: f64,
    /// The score from which the validator said it accepts.
    pub threshold: f64,
    /// Whether it did.
    pub accepted: bool,
}

impl Observation {
    /// How far the score lies above the threshold, in [`SPREAD`]s.
    fn height(&self) -> f64 {
        height(self.score, self.threshold)
    }

    fn is_usable(&self) -> bool {
        self.score.is_finite() && self.threshold.is_finite()
    }
}

fn height(score: f64, threshold: f64) -> f64 {
    (score.clamp(0.0, 1.0) - threshold) / SPREAD
}

/// The probability of acceptance as a function of our score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Log-odds at the threshold.
    level: f64,
    /// Log-odds for each [`SPREAD`] above it, never negative.
    slope: f64,
}

impl Default for Curve {
    /// What holds before any answer.
    fn default() -> Self {
        Self {
            level: LEVEL.0,
            slope: SLOPE.0,
        }
    }
}

impl Curve {
    /// The probability that a validator with `threshold` accepts what we score `score`; 0 for a score
    /// that is no number.
    #[must_use]
    pub fn probability(&self, score: f64, threshold: f64) -> f64 {
        if score.is_nan() || threshold.is_nan() {
            return 0.0;
        }
        sigmoid(self.level + self.slope * height(score, threshold))
    }

    /// The score from which the probability is at least `probability`; `None` where no score from 0
    /// to 1 has it.
    #[must_use]
    pub fn score_at(&self, probability: f64, threshold: f64) -> Option<f64> {
        if probability <= self.probability(0.0, threshold) {
            return Some(0.0);
        }
        let odds = (probability / (1.0 - probability)).ln();
        let score = threshold + SPREAD * (odds - self.level) / self.slope;
        (score <= 1.0 && self.slope > 0.0).then(|| score.max(0.0))
    }

    /// The curve of highest posterior probability, given `observations` and normal priors of these
    /// means and precisions on level and slope.
    fn fitted(observations: &[Observation], mean: Self, precision: (f64, f64)) -> Self {
        // Sums of floating-point numbers depend on their order; the curve does not.
        let mut points: Vec<(f64, bool)> = observations
            .iter()
            .filter(|observation| observation.is_usable())
            .map(|observation| (observation.height(), observation.accepted))
            .collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let posterior = Posterior {
            points: &points,
            mean,
            precision,
        };
        let free = posterior.highest(mean, true);
        if free.slope >= 0.0 {
            return free;
        }
        // The posterior is log-concave: its highest point with a slope of at least 0 has a slope of 0.
        posterior.highest(Self { slope: 0.0, ..free }, false)
    }
}

/// The negative logarithm of the posterior probability of a curve, which is convex.
struct Posterior<'a> {
    points: &'a [(f64, bool)],
    mean: Curve,
    precision: (f64, f64),
}

impl Posterior<'_> {
    fn value(&self, curve: Curve) -> f64 {
        let likelihood: f64 = self
            .points
            .iter()
            .map(|&(height, accepted)| {
                let odds = curve.level + curve.slope * height;
                softplus(if accepted { -odds } else { odds })
            })
            .sum();
        let (level, slope) = (curve.level - self.mean.level, curve.slope - self.mean.slope);
        likelihood + 0.5 * (self.precision.0 * level * level + self.precision.1 * slope * slope)
    }

    /// Newton's method with halved steps, from `start`; the slope stays as it is unless it is `free`.
    fn highest(&self, start: Curve, free: bool) -> Curve {
        let mut curve = start;
        for _ in 0..STEPS {
            let Some(step) = self.step(curve, free) else {
                break;
            };
            let here = self.value(curve);
            let next = (0..STEPS)
                .map(|halvings| curve.moved(step, 0.5_f64.powi(halvings as i32)))
                .find(|&next| self.value(next) < here);
            let Some(next) = next else { break };
            curve = next;
        }
        curve
    }

    /// Newton's step in level and slope; `None` where there is none to make.
    fn step(&self, curve: Curve, free: bool) -> Option<(f64, f64)> {
        let (mut g0, mut g1) = (
            self.precision.0 * (curve.level - self.mean.level),
            self.precision.1 * (curve.slope - self.mean.slope),
        );
        let (mut h00, mut h01, mut h11) = (self.precision.0, 0.0, self.precision.1);
        for &(height, accepted) in self.points {
            let probability = sigmoid(curve.level + curve.slope * height);
            let error = probability - f64::from(u8::from(accepted));
            let weight = probability * (1.0 - probability);
            g0 += error;
            g1 += error * height;
            h00 += weight;
            h01 += weight * height;
            h11 += weight * height * height;
        }
        let step = if free {
            let determinant = h00 * h11 - h01 * h01;
            (
                (h11 * g0 - h01 * g1) / determinant,
                (h00 * g1 - h01 * g0) / determinant,
            )
        } else {
            (g0 / h00, 0.0)
        };
        (step.0.is_finite() && step.1.is_finite() && step != (0.0, 0.0)).then_some(step)
    }
}

impl Curve {
    fn moved(self, step: (f64, f64), share: f64) -> Self {
        Self {
            level: self.level - share * step.0,
            slope: self.slope - share * step.1,
        }
    }
}

/// What is known of one validator, or of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The probability of acceptance by score.
    pub curve: Curve,
    /// The share of our answers that are accepted, 0 to 1: what a turn is worth.
    pub accepted_share: f64,
    /// How many answers this validator gave; the rest is the others' and the prior's.
    pub answers: usize,
}

impl Default for Estimate {
    /// What holds before any answer.
    fn default() -> Self {
        Self {
            curve: Curve::default(),
            accepted_share: 0.5,
            answers: 0,
        }
    }
}

/// What the answers of all validators teach, validator by validator.
#[derive(Debug, Clone, Default)]
pub struct Calibration<K> {
    pooled: Estimate,
    own: BTreeMap<K, Estimate>,
}

impl<K: Ord> Calibration<K> {
    /// Learns from answers of validators, in whatever order.
    pub fn learn(answers: impl IntoIterator<Item = (K, Observation)>) -> Self {
        let mut by_validator: BTreeMap<K, Vec<Observation>> = BTreeMap::new();
        for (validator, observation) in answers {
            if observation.is_usable() {
                by_validator.entry(validator).or_default().push(observation);
            }
        }
        let all: Vec<Observation> = by_validator.values().flatten().copied().collect();
        let pooled = Estimate {
            curve: Curve::fitted(&all, Curve::default(), (LEVEL.1, SLOPE.1)),
            accepted_share: share(&all, 0.5),
            answers: all.len(),
        };
        let own = by_validator.into_iter().map(|(validator, observations)| {
            let estimate = Estimate {
                curve: Curve::fitted(&observations, pooled.curve, OWN),
                accepted_share: share(&observations, pooled.accepted_share),
                answers: observations.len(),
            };
            (validator, estimate)
        });
        Self {
            own: own.collect(),
            pooled,
        }
    }

    /// What is known of `validator`: of one that has never answered, what all the others teach.
    #[must_use]
    pub fn of(&self, validator: &K) -> Estimate {
        self.own.get(validator).copied().unwrap_or(Estimate {
            answers: 0,
            ..self.pooled
        })
    }

    /// Over all validators.
    #[must_use]
    pub fn pooled(&self) -> Estimate {
        self.pooled
    }
}

/// The share of accepted answers, as if [`PRIOR_ANSWERS`] had come before with a share of `prior`.
fn share(observations: &[Observation], prior: f64) -> f64 {
    let accepted = observations
        .iter()
        .filter(|observation| observation.accepted)
        .count() as f64;
    (accepted + PRIOR_ANSWERS * prior) / (observations.len() as f64 + PRIOR_ANSWERS)
}

fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// ln(1 + eˣ), without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
