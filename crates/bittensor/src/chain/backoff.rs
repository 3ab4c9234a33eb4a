//! How long to wait before connecting again.

use std::time::Duration;

/// Doubles the pause with each failure, and forgets them once a connection has proved itself.
#[derive(Debug)]
pub(super) struct Backoff {
    shortest: Duration,
    longest: Duration,
    failures: u32,
    last: Duration,
}

impl Backoff {
    pub(super) const fn new(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest,
            failures: 0,
            last: Duration::ZERO,
        }
    }

    /// The pause after a connection that stood for `lived` (zero if it never did). `jitter` in 0..1
    /// shortens it by up to a half, so that the clients of a node that went down do not all come
    /// back at once.
    ///
    /// A node that accepts and drops us soon is not forgiven: its connection must outlive twice the
    /// last pause, so the rate of reconnection is bounded by the shortest pause whatever it does.
    pub(super) fn pause(&mut self, lived: Duration, jitter: f64) -> Duration {
        if lived >= self.shortest.max(self.last * 2) {
            self.failures = 0;
        }
        let whole = self
            .shortest
            .saturating_mul(2u32.saturating_pow(self.failures))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        self.last = whole;
        whole.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_to_the_longest() {
        let mut backoff = Backoff::new(SECOND, SECOND * 60);
        let pauses: Vec<u64> = (0..9)
            .map(|_| backoff.pause(Duration::ZERO, 0.0).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        for _ in 0..100 {
            backoff.pause(Duration::ZERO, 0.0);
        }
        assert_eq!(backoff.pause(Duration::ZERO, 1.0), SECOND * 30);
    }

    #[test]
    fn only_a_connection_that_lasted_is_forgiven() {
        let mut backoff = Backoff::new(SECOND, SECOND * 60);
        for _ in 0..4 {
            backoff.pause(Duration::ZERO, 0.0);
        }
        assert_eq!(backoff.pause(SECOND * 15, 0.0), SECOND * 16);
        assert_eq!(backoff.pause(SECOND * 32, 0.0), SECOND);
    }
}
