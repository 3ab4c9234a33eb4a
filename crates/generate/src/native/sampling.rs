//! How TRELLIS samples: as published, as the operator or the prompt's category says, and in the time
//! that is left.

use std::fmt;
use std::time::Duration;

use models::trellis::SamplerSettings;
use models::trellis::sampler::steps_within;

/// Fewer steps than this give no object worth sending, so time is not saved below them.
const FEWEST_STEPS: u32 = 6;

/// A new measurement counts for so much.
const NEW: f64 = 0.3;

/// What of a sampler's settings is to be otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SamplerOverrides {
    /// How many steps.
    pub steps: Option<u32>,
    /// How strong guidance is.
    pub guidance: Option<f64>,
    /// From which to which time there is guidance.
    pub interval: Option<(f64, f64)>,
    /// How much of the steps go to noisy times.
    pub rescale_t: Option<f64>,
}

impl SamplerOverrides {
    /// These, and where they say nothing, `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            steps: self.steps.or(others.steps),
            guidance: self.guidance.or(others.guidance),
            interval: self.interval.or(others.interval),
            rescale_t: self.rescale_t.or(others.rescale_t),
        }
    }

    /// `settings` with these changes.
    #[must_use]
    pub fn over(&self, settings: SamplerSettings) -> SamplerSettings {
        SamplerSettings {
            steps: self.steps.unwrap_or(settings.steps),
            guidance: self.guidance.unwrap_or(settings.guidance),
            interval: self.interval.unwrap_or(settings.interval),
            rescale_t: self.rescale_t.unwrap_or(settings.rescale_t),
        }
    }
}

impl fmt::Display for SamplerOverrides {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.steps.map(|steps| format!("{steps} steps")),
            self.guidance.map(|guidance| format!("guidance {guidance}")),
            self.interval
                .map(|(from, to)| format!("guided in {from}..{to}")),
            self.rescale_t.map(|rescale| format!("rescale {rescale}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        formatter.write_str(&parts.join(", "))
    }
}

/// How both flows are sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Samplers {
    /// The structure.
    pub structure: SamplerSettings,
    /// The latent on it.
    pub latent: SamplerSettings,
}

/// How long a device takes, as measured: one call of each flow (a guided step is two calls), and
/// everything that is no step. Zero until it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// A call of the structure's flow.
    pub structure_call: Duration,
    /// A call of the latent's flow.
    pub latent_call: Duration,
    /// Loading, conditioning and decoding.
    pub rest: Duration,
}

impl Pace {
    /// After `time` for all calls of the structure's flow, of the latent's, and for the rest.
    pub fn measured(
        &mut self,
        samplers: &Samplers,
        structure: Duration,
        latent: Duration,
        rest: Duration,
    ) {
        let blend = |known: Duration, new: Duration| match known {
            Duration::ZERO => new,
            known => known.mul_f64(1.0 - NEW) + new.mul_f64(NEW),
        };
        let call = |time: Duration, calls: u32| time / calls.max(1);
        let structure = call(structure, samplers.structure.calls());
        let latent = call(latent, samplers.latent.calls());
        self.structure_call = blend(self.structure_call, structure);
        self.latent_call = blend(self.latent_call, latent);
        self.rest = blend(self.rest, rest);
    }

    /// How long sampling so will take.
    #[must_use]
    pub fn of(&self, samplers: &Samplers) -> Duration {
        self.structure_call * samplers.structure.calls()
            + self.latent_call * samplers.latent.calls()
            + self.rest
    }

    /// `samplers` with as many steps as fit into the time `left`, each flow giving up the same share of
    /// its steps; never fewer than six, and none where nothing is known yet.
    #[must_use]
    pub fn within(&self, samplers: Samplers, left: Duration) -> Samplers {
        let whole = self.of(&samplers);
        if whole <= left {
            return samplers;
        }
        let sampling = (whole - self.rest).as_secs_f64();
        let share = left.saturating_sub(self.rest).as_secs_f64() / sampling.max(f64::EPSILON);
        let fitted = |settings: SamplerSettings, call: Duration| {
            let call = call.as_secs_f64();
            let time = f64::from(settings.calls()) * call * share;
            SamplerSettings {
                steps: steps_within(&settings, time, call, FEWEST_STEPS),
                ..settings
            }
        };
        Samplers {
            structure: fitted(samplers.structure, self.structure_call),
            latent: fitted(samplers.latent, self.latent_call),
        }
    }
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
    const SAMPLERS: Samplers = Samplers {
        structure: PUBLISHED,
        latent: PUBLISHED,
    };

    /// 44 calls of each flow: 4.4 s and 8.8 s, and 2 s.
    fn pace() -> Pace {
        Pace {
            structure_call: Duration::from_millis(100),
            latent_call: Duration::from_millis(200),
            rest: Duration::from_secs(2),
        }
    }

    fn steps(samplers: Samplers) -> (u32, u32) {
        (samplers.structure.steps, samplers.latent.steps)
    }

    #[test]
    fn as_many_steps_as_fit() {
        assert_eq!(pace().of(&SAMPLERS), Duration::from_millis(15_200));
        let all = pace().within(SAMPLERS, Duration::from_millis(15_200));
        assert_eq!(all, SAMPLERS);
        let half = pace().within(SAMPLERS, Duration::from_millis(8_600));
        assert_eq!(steps(half), (12, 12), "half of the calls");
        assert!(pace().of(&half) <= Duration::from_millis(8_600));
        assert_eq!(half.latent.guidance, 5.0);
    }

    #[test]
    fn whatever_the_time_there_are_enough_steps_for_an_object() {
        for left in [0, 1, 2000, 3000] {
            let few = pace().within(SAMPLERS, Duration::from_millis(left));
            assert_eq!(steps(few), (FEWEST_STEPS, FEWEST_STEPS), "{left} ms");
        }
        let three = SamplerSettings {
            steps: 3,
            ..PUBLISHED
        };
        let asked = Samplers {
            structure: three,
            latent: PUBLISHED,
        };
        assert_eq!(
            steps(pace().within(asked, Duration::ZERO)),
            (3, FEWEST_STEPS)
        );
    }

    #[test]
    fn before_anything_is_measured_nothing_is_given_up() {
        let unknown = Pace::default().within(SAMPLERS, Duration::ZERO);
        assert_eq!(unknown, SAMPLERS);
    }

    #[test]
    fn fits_every_time_between() {
        // Below, not even the fewest steps fit.
        for left in (5_500..16_000).step_by(250) {
            let left = Duration::from_millis(left);
            let fitted = pace().within(SAMPLERS, left);
            assert!(pace().of(&fitted) <= left, "{left:?}: {:?}", steps(fitted));
        }
    }

    #[test]
    fn measurements_blend() {
        let mut pace = Pace::default();
        let [four, eight, two] = [4400, 8800, 2000].map(Duration::from_millis);
        pace.measured(&SAMPLERS, four, eight, two);
        assert_eq!(pace, self::pace());
        pace.measured(&SAMPLERS, four * 2, eight, two);
        assert_eq!(pace.structure_call, Duration::from_millis(130));
        assert_eq!(pace.latent_call, Duration::from_millis(200));
    }

    #[test]
    fn only_what_is_said_is_changed() {
        let unchanged = SamplerOverrides::default().over(PUBLISHED);
        assert_eq!(unchanged, PUBLISHED);
        let overrides = SamplerOverrides {
            steps: Some(12),
            interval: Some((0.0, 0.5)),
            ..SamplerOverrides::default()
        };
        let changed = overrides.over(PUBLISHED);
        assert_eq!((changed.steps, changed.interval), (12, (0.0, 0.5)));
        assert_eq!((changed.guidance, changed.rescale_t), (5.0, 3.0));
        assert_eq!(overrides.to_string(), "12 steps, guided in 0..0.5");
    }
}
