//! Waiting longer after each failure in a row, and never at the same beat as others.

use std::time::Duration;

use rand::RngExt;

/// Doubles from `first` to `longest`; each wait is drawn from its upper half.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// How many failures there were in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// One more failure: how long to wait.
    pub(crate) fn fail(&mut self) -> Duration {
        let doublings = self.failures.min(20);
        self.failures = self.failures.saturating_add(1);
        let full = self
            .first
            .saturating_mul(1 << doublings)
            .min(self.longest.max(self.first));
        full.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// It worked again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_over_after_success() {
        let mut backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(10));
        for full in [2.0, 4.0, 8.0, 10.0, 10.0] {
            let wait = backoff.fail().as_secs_f64();
            assert!((full / 2.0..=full).contains(&wait), "{wait} of {full}");
        }
        backoff.reset();
        assert!(backoff.fail() <= Duration::from_secs(2));
    }
}
