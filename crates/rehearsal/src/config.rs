//! What a rehearsal is told, and why it may refuse.

use std::sync::Arc;

use bittensor::PublicKey;
use judge::Judge;
use subnet17::Rules;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::faults::FaultPlan;
use crate::validator::Scored;

/// The most validators a rehearsal has; the real subnet has 256 slots.
const VALIDATORS_MAX: u16 = 256;
/// The fastest clock a metagraph may announce.
const SPEED_MAX: f64 = 1000.0;

/// What a rehearsal is told.
#[derive(Debug, Clone)]
pub struct RehearsalConfig {
    /// How many validators, 1 to 256.
    pub validators: u16,
    /// How many times faster than real their clock rules run, above 0 and up to 1000. The wire
    /// counts whole seconds: beyond 100 or so nothing gets faster any more.
    pub speed: f64,
    /// Decides keys, tasks and pictures: two rehearsals of one seed ask the same.
    pub seed: u64,
    /// What goes wrong on purpose; `None` for a good line.
    pub faults: Option<FaultPlan>,
    /// The rules before they are sped up; [`Rules::PULL_2025`] unless a benchmark wants no cooldown.
    pub rules: Rules,
    /// The registered miners; `None` registers everybody.
    pub miners: Option<Vec<PublicKey>>,
    /// Judges what is submitted.
    pub judge: Arc<Judge>,
    /// Where to show what was scored, with the views the score rests on (13 MB a piece). When the
    /// channel is full, some is not shown.
    pub scored: Option<mpsc::Sender<Scored>>,
}

impl RehearsalConfig {
    /// Eight validators, twenty times faster than real, seed 0, no faults, everybody registered.
    #[must_use]
    pub fn new(judge: Arc<Judge>) -> Self {
        Self {
            validators: 8,
            speed: 20.0,
            seed: 0,
            faults: None,
            rules: Rules::PULL_2025,
            miners: None,
            judge,
            scored: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), RehearsalError> {
        if !(1..=VALIDATORS_MAX).contains(&self.validators) {
            return Err(RehearsalError::Validators(self.validators));
        }
        if !(self.speed > 0.0 && self.speed <= SPEED_MAX) {
            return Err(RehearsalError::Speed(self.speed));
        }
        match self.faults {
            Some(plan) if !(0.0..=1.0).contains(&plan.rate) => {
                Err(RehearsalError::FaultRate(plan.rate))
            }
            _ => Ok(()),
        }
    }

    /// The rules as these validators keep them: sped up, and so rounded that the earliest next pull
    /// after an accepted answer is a whole number of seconds away, as 270 s are on the real network.
    /// Otherwise the whole seconds of `cooldown_until` would end before the validator's own pause
    /// between accepted answers, and a miner that keeps to the wire would be ignored.
    pub(crate) fn effective_rules(&self) -> Rules {
        let rules = self.rules.sped_up(self.speed);
        let pause = rules.cooldown.saturating_sub(rules.throttle);
        let whole = std::time::Duration::from_secs(pause.as_secs());
        Rules {
            throttle: rules.cooldown.saturating_sub(whole),
            ..rules
        }
    }
}

/// Why a rehearsal cannot start.
#[derive(Debug, Error)]
pub enum RehearsalError {
    /// None, or more than a subnet holds.
    #[error("{0} validators cannot rehearse: give 1 to {VALIDATORS_MAX}")]
    Validators(u16),
    /// Not a speed.
    #[error("speed {0} is out of range: give a number above 0 and up to {SPEED_MAX}")]
    Speed(f64),
    /// Not a share.
    #[error("fault rate {0} is out of range: give a share from 0 to 1")]
    FaultRate(f64),
    /// No port can be had.
    #[error("cannot open a port on loopback: {0}")]
    Port(#[from] std::io::Error),
    /// An image prompt cannot be made.
    #[error("cannot make an image prompt: {0}")]
    Studio(String),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config() -> RehearsalConfig {
        RehearsalConfig::new(Arc::new(Judge::default()))
    }

    #[test]
    fn each_flaw_is_refused_with_a_remedy() {
        let refusal = |change: fn(&mut RehearsalConfig)| {
            let mut config = config();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(config().check().is_ok());
        assert!(refusal(|c| c.validators = 0).contains("1 to 256"));
        assert!(refusal(|c| c.speed = 0.0).contains("above 0"));
        assert!(refusal(|c| c.speed = f64::NAN).contains("above 0"));
        let plan = |c: &mut RehearsalConfig| c.faults = Some(FaultPlan::of_each_kind(0, 1.5));
        assert!(refusal(plan).contains("0 to 1"));
    }

    #[test]
    fn the_pause_after_an_accepted_answer_is_whole_seconds_at_any_speed() {
        for speed in [1.0, 7.0, 20.0, 33.0, 100.0, 1000.0] {
            let rules = RehearsalConfig { speed, ..config() }.effective_rules();
            let pause = rules.cooldown - rules.throttle;
            assert_eq!(pause.subsec_nanos(), 0, "{speed}");
            let exact = Duration::from_secs(270).div_f64(speed);
            assert!(
                pause <= exact && exact - pause < Duration::from_secs(1),
                "{speed}"
            );
        }
        assert_eq!(
            RehearsalConfig {
                speed: 1.0,
                ..config()
            }
            .effective_rules(),
            Rules::PULL_2025
        );
    }
}
