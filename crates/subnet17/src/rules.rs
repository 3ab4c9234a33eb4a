//! The numbers the validators go by, and what a miner may conclude from them.

use std::time::Duration;

/// The subnet owner's validator, through which the subnet's own clients' orders come
/// (`neurons/common/owner.py`). The official miner asks it every fifth time, whatever its stake
/// (`neurons/miner/validator_selector.py`).
pub const OWNER_HOTKEY: &str = "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B";

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
    /// After this a validator gives up on a submission that its validation service is still at: the
    /// task is over then, at no penalty. Nothing is set in `neurons/validator/validation_service.py`, so
    /// it is aiohttp's own limit on a whole request (`ClientTimeout.total`).
    pub longest_validation: Duration,
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
    /// A miner that was given no new task for this long is in no duel (`duels.inactivity_time`). Only
    /// being given a new task counts: a pull that is too early, or brings the assigned task again, is
    /// answered before the duels hear of it (`pull_task`, `validator.py`; `get_next_task`,
    /// `duels/duels_task_storage.py`).
    pub duel_activity: Duration,
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
        longest_validation: Duration::from_secs(300),
        violation_grace: 100,
        violation_penalty: Duration::from_secs(10),
        acceptance_threshold: 0.6,
        unregistered: Duration::from_secs(3600),
        observation_window: Duration::from_secs(4 * 3600),
        duel_activity: Duration::from_secs(1200),
        fidelity_alpha: 0.05,
        least_stake: 1000.0,
    };

    /// What validating may take however fast the clock rules run.
    pub const LEAST_VALIDATION: Duration = Duration::from_secs(30);

    /// The same rules with every duration divided by `speed`, for a test network whose clock rules run
    /// faster. Validating is work, which runs no faster: it keeps up to [`Rules::LEAST_VALIDATION`]. A
    /// speed that is not above 0 and finite changes nothing.
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
            longest_validation: faster(self.longest_validation)
                .max(self.longest_validation.min(Self::LEAST_VALIDATION)),
            violation_penalty: faster(self.violation_penalty),
            unregistered: faster(self.unregistered),
            observation_window: faster(self.observation_window),
            duel_activity: faster(self.duel_activity),
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

    /// From one new task to the next at most, so that duels go on: a twentieth before they would end.
    pub fn longest_pull_gap(&self) -> Duration {
        self.duel_activity.mul_f64(0.95)
    }

    /// From an assignment to its answer at most, so that the cooldown after it is over in time for the
    /// next pull (`reset_task`, `miner_data.py`).
    pub fn longest_answer(&self) -> Duration {
        let cooldown = self.cooldown.saturating_sub(self.throttle);
        self.longest_pull_gap().saturating_sub(cooldown)
    }

    /// Whether a pull that brought no task, and `left` of cooldown on the validator's clock, is the
    /// answer to a hotkey that is not registered: a whole [`unregistered`](Self::unregistered) period
    /// from now, which no other ruling sets, and no violations, because nobody counts them for a
    /// stranger (`_check_miner_registered`, `validator.py`).
    pub fn says_unregistered(&self, left: Duration, violations: u64) -> bool {
        let tolerance = Duration::from_secs(60).min(self.unregistered / 4);
        violations == 0 && left.abs_diff(self.unregistered) <= tolerance
    }

    /// The latest moment at which a validator that may or may not have processed a submission can
    /// still be cooling this miner down: the worst ruling, made at the latest moment it can have been
    /// made, `ruled_by`.
    pub fn in_doubt_until(&self, ruled_by: f64) -> f64 {
        ruled_by + self.cooldown.as_secs_f64() + self.penalty.as_secs_f64()
    }

    /// The latest moment at which a validator rules on a submission that was taken up at
    /// `taken_up_by` at the latest. It does not matter to it whether anybody still waits for the reply.
    pub fn ruled_by(&self, taken_up_by: f64) -> f64 {
        taken_up_by + self.longest_validation.as_secs_f64()
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
        assert_eq!(RULES.ruled_by(1000.0), 1300.0);
    }

    #[test]
    fn duels_go_on_for_a_miner_that_keeps_to_the_longest_gaps() {
        assert_eq!(RULES.longest_pull_gap(), Duration::from_secs(1140));
        assert_eq!(RULES.longest_answer(), Duration::from_secs(870));
        let next = RULES.cycle(RULES.longest_answer());
        assert!(next <= RULES.longest_pull_gap() && next < RULES.duel_activity);
    }

    #[test]
    fn only_a_whole_hour_without_violations_says_unregistered() {
        let says =
            |left, violations| RULES.says_unregistered(Duration::from_secs(left), violations);
        assert!(says(3600, 0) && says(3590, 0) && says(3659, 0));
        // The longest ruling there is, and a cooldown that violations have drawn out.
        assert!(!says(900, 0) && !says(3600, 101) && !says(3700, 0) && !says(0, 0));
        let fast = RULES.sped_up(100.0);
        assert!(fast.says_unregistered(Duration::from_secs(36), 0));
        assert!(!fast.says_unregistered(Duration::from_secs(9), 0));
    }

    #[test]
    fn speed_divides_every_duration_and_nothing_else() {
        let fast = RULES.sped_up(20.0);
        assert_eq!(fast.cooldown, Duration::from_secs(15));
        assert_eq!(fast.throttle, Duration::from_millis(1500));
        assert_eq!(fast.penalty, Duration::from_secs(30));
        assert_eq!(fast.validation_lock, Duration::from_millis(1500));
        assert_eq!(fast.longest_validation, Duration::from_secs(30));
        assert_eq!(fast.violation_penalty, Duration::from_millis(500));
        assert_eq!(fast.unregistered, Duration::from_secs(180));
        assert_eq!(fast.observation_window, Duration::from_secs(720));
        assert_eq!(fast.duel_activity, Duration::from_secs(60));
        assert_eq!(fast.violation_grace, 100);
        assert_eq!(fast.acceptance_threshold, 0.6);
        assert_eq!(fast.throttle_on_wire(), 1);
        let longest = |rules: Rules, speed| rules.sped_up(speed).longest_validation.as_secs();
        assert_eq!((longest(RULES, 2.0), longest(RULES, 1000.0)), (150, 30));
        let short = Rules {
            longest_validation: Duration::from_secs(12),
            ..RULES
        };
        assert_eq!(longest(short, 1000.0), 12, "it never grows with the speed");
        for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(RULES.sped_up(nonsense), RULES);
        }
        assert_eq!(RULES.sped_up(1e-300).cooldown, Duration::MAX);
    }
}
