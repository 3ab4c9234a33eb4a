//! The sampler of both flows: Euler steps along the velocity, with guidance inside an interval of time.
//!
//! microsoft/TRELLIS `trellis/pipelines/samplers/{flow_euler,guidance_interval_mixin}.py`. Time runs
//! from 1 (noise) to 0.

use std::ops::ControlFlow;

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// More steps than this for one asset are a slip of the keyboard.
pub const MOST_STEPS: u32 = 1000;

/// How a flow is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SamplerSettings {
    /// Euler steps, 1 to [`MOST_STEPS`].
    pub steps: u32,
    /// How far the velocity is pushed away from the unconditional one: 0 is not at all.
    #[serde(rename = "cfg_strength")]
    pub guidance: f64,
    /// From which to which time there is guidance, both included; each 0 to 1.
    #[serde(rename = "cfg_interval")]
    pub interval: (f64, f64),
    /// Above 1, more of the steps are spent where there is most noise; 1 spreads them evenly.
    pub rescale_t: f64,
}

/// Why sampler settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SamplerSettingsError {
    /// No or too many steps.
    #[error("{0} steps: give 1 to {MOST_STEPS}")]
    Steps(u32),
    /// Guidance is negative, endless or no number.
    #[error("a guidance of {0}: give 0 (none) to 100")]
    Guidance(f64),
    /// The interval lies outside of time, or ends before it begins.
    #[error("a guidance interval from {0} to {1}: give two times from 0 to 1, the lower first")]
    Interval(f64, f64),
    /// The rescaling is not positive, endless or no number.
    #[error("a time rescaling of {0}: give more than 0, at most 100; 1 changes nothing")]
    Rescale(f64),
}

impl SamplerSettings {
    /// Whether every number can be used.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self) -> std::result::Result<(), SamplerSettingsError> {
        if !(1..=MOST_STEPS).contains(&self.steps) {
            return Err(SamplerSettingsError::Steps(self.steps));
        }
        if !(0.0..=100.0).contains(&self.guidance) {
            return Err(SamplerSettingsError::Guidance(self.guidance));
        }
        let (low, high) = self.interval;
        if !(0.0..=1.0).contains(&low) || !(low..=1.0).contains(&high) {
            return Err(SamplerSettingsError::Interval(low, high));
        }
        if !(self.rescale_t > 0.0 && self.rescale_t <= 100.0) {
            return Err(SamplerSettingsError::Rescale(self.rescale_t));
        }
        Ok(())
    }

    /// The times between the steps, from 1 to 0: one more than there are steps.
    #[must_use]
    pub fn times(&self) -> Vec<f64> {
        // As NumPy's linspace rounds: whether a time on the interval's edge is guided hangs on it.
        let step = -1.0 / f64::from(self.steps);
        let even = (0..self.steps).map(|index| 1.0 + f64::from(index) * step);
        even.chain([0.0])
            .map(|t| self.rescale_t * t / (1.0 + (self.rescale_t - 1.0) * t))
            .collect()
    }

    /// How many times the network is run: twice in a step with guidance.
    #[must_use]
    pub fn calls(&self) -> u32 {
        let times = self.times();
        let guided = times.iter().take(self.steps as usize);
        let guided = guided.filter(|time| self.guides(**time)).count();
        self.steps + u32::try_from(guided).unwrap_or(u32::MAX)
    }

    fn guides(&self, time: f64) -> bool {
        let (low, high) = self.interval;
        self.guidance != 0.0 && low <= time && time <= high
    }
}

/// With which condition a flow is asked for its velocity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditioned {
    /// What was asked for.
    Yes,
    /// Nothing in particular.
    No,
}

/// Follows a flow from `noise`, `(batch, …)`, to a sample of the same form. `velocity` is the flow: of
/// the state and 1000 times the time. `on_step` is told how many steps are done and the new state, and
/// may break off: then there is no sample.
///
/// # Errors
/// What `velocity` fails with.
pub fn sample(
    settings: &SamplerSettings,
    noise: &Tensor,
    mut velocity: impl FnMut(&Tensor, f64, Conditioned) -> Result<Tensor>,
    mut on_step: impl FnMut(u32, &Tensor) -> ControlFlow<()>,
) -> Result<Option<Tensor>> {
    let mut x = noise.clone();
    for (done, (time, next)) in (1..).zip(pairs(&settings.times())) {
        let mut v = velocity(&x, 1000.0 * time, Conditioned::Yes)?;
        if settings.guides(time) {
            let without = velocity(&x, 1000.0 * time, Conditioned::No)?;
            let strength = settings.guidance;
            v = ((v * (1.0 + strength))? - (without * strength)?)?;
        }
        x = (x - (v * (time - next))?)?;
        if on_step(done, &x).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(x))
}

fn pairs(times: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    times.iter().copied().zip(times.iter().copied().skip(1))
}

/// The most steps of `settings` whose calls fit into `seconds`, when one call takes `call` seconds; at
/// least `fewest`, at most those of `settings`.
#[must_use]
pub fn steps_within(settings: &SamplerSettings, seconds: f64, call: f64, fewest: u32) -> u32 {
    let fits = |steps: &u32| {
        let calls = SamplerSettings {
            steps: *steps,
            ..*settings
        }
        .calls();
        f64::from(calls) * call <= seconds
    };
    let fewest = fewest.clamp(1, settings.steps.max(1));
    (fewest..=settings.steps).rev().find(fits).unwrap_or(fewest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: SamplerSettings = SamplerSettings {
        steps: 25,
        guidance: 5.0,
        interval: (0.5, 1.0),
        rescale_t: 3.0,
    };

    #[test]
    fn counts_the_calls_of_the_published_settings() {
        assert_eq!(PUBLISHED.calls(), 44);
        let twelve = SamplerSettings {
            steps: 12,
            ..PUBLISHED
        };
        assert_eq!(twelve.calls(), 22);
        let unguided = SamplerSettings {
            guidance: 0.0,
            ..PUBLISHED
        };
        assert_eq!(unguided.calls(), 25);
    }

    #[test]
    fn spends_more_steps_where_there_is_noise() {
        let times = PUBLISHED.times();
        assert_eq!((times[0], times[25]), (1.0, 0.0));
        assert!(times.is_sorted_by(|a, b| a > b));
        let noisy = times.iter().filter(|time| **time > 0.5).count();
        assert!(noisy > 17, "{noisy}");
    }

    #[test]
    fn fits_steps_into_a_budget() {
        assert_eq!(steps_within(&PUBLISHED, 44.0, 1.0, 4), 25);
        let steps = steps_within(&PUBLISHED, 22.0, 1.0, 4);
        assert_eq!(steps, 12);
        assert_eq!(steps_within(&PUBLISHED, 0.0, 1.0, 4), 4);
        assert_eq!(steps_within(&PUBLISHED, 0.0, 1.0, 400), 25);
    }

    #[test]
    fn refuses_what_cannot_be_sampled() {
        for wrong in [
            SamplerSettings {
                steps: 0,
                ..PUBLISHED
            },
            SamplerSettings {
                steps: 1001,
                ..PUBLISHED
            },
            SamplerSettings {
                guidance: f64::NAN,
                ..PUBLISHED
            },
            SamplerSettings {
                guidance: -1.0,
                ..PUBLISHED
            },
            SamplerSettings {
                interval: (0.9, 0.5),
                ..PUBLISHED
            },
            SamplerSettings {
                interval: (0.5, f64::NAN),
                ..PUBLISHED
            },
            SamplerSettings {
                rescale_t: 0.0,
                ..PUBLISHED
            },
            SamplerSettings {
                rescale_t: f64::INFINITY,
                ..PUBLISHED
            },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        assert_eq!(PUBLISHED.check(), Ok(()));
    }

    #[test]
    fn ends_where_it_is_told_to() {
        let noise =
            Tensor::zeros(3, candle_core::DType::F32, &candle_core::Device::Cpu).expect("noise");
        let mut calls = 0;
        let sampled = sample(
            &PUBLISHED,
            &noise,
            |x, _, _| {
                calls += 1;
                Ok(x.clone())
            },
            |done, _| {
                if done == 2 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert!(sampled.expect("no error").is_none());
        assert_eq!(calls, 4);
    }
}
