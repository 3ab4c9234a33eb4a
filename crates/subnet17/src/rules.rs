//! The numbers the validators go by, and what a miner may conclude from them.

use std::time::Duration;

/// Clock rules of a validator. Defaults of `neurons/validator/config.py` unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// From one task to the next (`generation.task_cooldown`).
    pub cooldown: Duration,
    /// Up to this much of the working time counts towards the cooldown (`generation.throttle_period`).
    pub throttle: Duration,
    /// More cooldown for a rejected result or a bad signature (`generation.cooldown_penalty`).
    pub penalty: Duration,
    /// For this long after a submission is taken up, another is ignored
    /// (`validation.validation_lock_duration`).
    pub validation_lock: Duration,
    /// Early pulls that cost nothing (`generation.cooldown_violations_threshold`).
    pub violation_grace: u64,
    /// More cooldown for each early pull beyond those (`generation.cooldown_violation_penalty`).
    pub violation_penalty: Duration,
    /// Score below which a result is rejected (`generation.quality_threshold`).
    pub acceptance_threshold: f64,
    /// Cooldown told to a hotkey that is not registered (`_check_miner_registered`, `validator.py`).
    pub unregistered: Duration,
    /// Accepted results count for this long (`calculate_reward`, `miner_data.py`).
    pub observation_window: Duration,
    /// Share of the newest score in the moving average (`validation.moving_average_alpha`).
    pub fidelity_alpha: f64,
    /// Least stake a validator needs for the official miner to call it
    /// (`neuron.min_stake_to_set_weights`, `miner/validator_selector.py`).
    pub least_stake: f64,
}

impl Rules {
    /// The pull protocol as it ran until December 2025.
    pub const PULL_2025: Self = Self {
        cooldown: Duration::from_secs(300),
        throttle: Duration::from_secs(30),
        penalty: Duration::from_secs(600),
        validation_lock: Duration::from_secs(30),
        violation_grace: 100,
        violation_penalty: Duration::from_secs(10),
        acceptance_threshold: 0.6,
        unregistered: Duration::from_secs(3600),
        observation_window: Duration::from_secs(4 * 3600),
        fidelity_alpha: 0.05,
        least_stake: 1000.0,
    };

    /// The same rules with every duration divided by `speed`, for a test network whose clock rules run
    /// faster. A speed that is not above 0 and finite changes nothing.
    pub fn sped_up(&self, speed: f64) -> Self {
        if !(speed > 0.0 && speed.is_finite()) {
            return *self;
        }
        let faster = |time: Duration| {
            Duration::try_from_secs_f64(time.as_secs_f64() / speed).unwrap_or(Duration::MAX)
        };
        Self {
            cooldown: faster(self.cooldown),
            throttle: faster(self.throttle),
            penalty: faster(self.penalty),
            validation_lock: faster(self.validation_lock),
            violation_penalty: faster(self.violation_penalty),
            unregistered: faster(self.unregistered),
            observation_window: faster(self.observation_window),
            ..*self
        }
    }

    /// `throttle_period` as the wire carries it: whole seconds.
    pub fn throttle_on_wire(&self) -> u64 {
        self.throttle.as_secs()
    }

    /// The moment, on our clock, from which a pull is no violation. `clock_offset` is how many seconds
    /// the validator's clock is ahead of ours. A validator compares `time.time() < cooldown_until`
    /// (`is_on_cooldown`, `neurons/validator/miner_data.py`).
    pub fn earliest_pull(cooldown_until: i64, clock_offset: f64) -> f64 {
        cooldown_until as f64 - clock_offset
    }

    /// The moment until which an answer to a task assigned at `assigned_at` costs no time: the next
    /// pull comes no sooner for an earlier one, and a second later for every second after it
    /// (`reset_task`, `neurons/validator/miner_data.py`).
    pub fn answer_by(&self, assigned_at: f64) -> f64 {
        assigned_at + self.throttle.as_secs_f64()
    }

    /// From one pull to the next if the answer is taken up `answered_after` the assignment.
    pub fn cycle(&self, answered_after: Duration) -> Duration {
        self.cooldown
            .max(answered_after + self.cooldown.saturating_sub(self.throttle))
    }

    /// The latest moment at which a validator that may or may not have processed a submission can
    /// still be cooling this miner down: the worst ruling, made when the doubt arose (not when the
    /// submission was sent: a validator may have taken all of the time-out to judge it).
    pub fn in_doubt_until(&self, doubt_since: f64) -> f64 {
        doubt_since + self.cooldown.as_secs_f64() + self.penalty.as_secs_f64()
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::PULL_2025
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules::PULL_2025;

    #[test]
    fn a_cycle_is_300_seconds_up_to_the_throttle_and_then_grows_by_the_second() {
        let cycle = |seconds| RULES.cycle(Duration::from_secs(seconds)).as_secs();
        assert_eq!((cycle(0), cycle(1), cycle(30)), (300, 300, 300));
        assert_eq!((cycle(31), cycle(60), cycle(120)), (301, 330, 390));
    }

    #[test]
    fn the_questions_of_a_miner() {
        assert_eq!(Rules::earliest_pull(1000, 0.0), 1000.0);
        assert_eq!(Rules::earliest_pull(1000, 2.5), 997.5);
        assert_eq!(RULES.answer_by(1000.5), 1030.5);
        assert_eq!(RULES.in_doubt_until(1000.0), 1900.0);
    }

    #[test]
    fn speed_divides_every_duration_and_nothing_else() {
        let fast = RULES.sped_up(20.0);
        assert_eq!(fast.cooldown, Duration::from_secs(15));
        assert_eq!(fast.throttle, Duration::from_millis(1500));
        assert_eq!(fast.penalty, Duration::from_secs(30));
        assert_eq!(fast.validation_lock, Duration::from_millis(1500));
        assert_eq!(fast.violation_penalty, Duration::from_millis(500));
        assert_eq!(fast.unregistered, Duration::from_secs(180));
        assert_eq!(fast.observation_window, Duration::from_secs(720));
        assert_eq!(fast.violation_grace, 100);
        assert_eq!(fast.acceptance_threshold, 0.6);
        assert_eq!(fast.throttle_on_wire(), 1);
        for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(RULES.sped_up(nonsense), RULES);
        }
        assert_eq!(RULES.sped_up(1e-300).cooldown, Duration::MAX);
    }
}
