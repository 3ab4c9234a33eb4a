//! How one device is.

use std::time::{Duration, Instant};

/// The longest a device rests before it is tried again.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// How one device is.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    first_rest: Duration,
    /// How long it rests after its next failure.
    next_rest: Duration,
    resting: Option<Instant>,
    /// The request it failed at last: one that makes any device fail says little about this one.
    failed_at: Option<u64>,
    is_gone: bool,
}

impl Standing {
    pub(super) fn new(first_rest: Duration) -> Self {
        Self {
            first_rest,
            next_rest: first_rest,
            resting: None,
            failed_at: None,
            is_gone: false,
        }
    }

    pub(super) fn is_well(&self, now: Instant) -> bool {
        !self.is_gone && self.rests_until(now).is_none()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone
    }

    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.resting.filter(|until| *until > now)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::new(self.first_rest);
    }

    /// Rests, twice as long as last time unless it failed at the same request.
    pub(super) fn failed(&mut self, job: u64, now: Instant) {
        if self.failed_at == Some(job) {
            self.resting = Some(now + self.first_rest);
            return;
        }
        self.failed_at = Some(job);
        self.resting = Some(now + self.next_rest);
        self.next_rest = (self.next_rest * 2).min(LONGEST_REST);
    }

    pub(super) fn gone(&mut self) {
        self.is_gone = true;
    }
}
