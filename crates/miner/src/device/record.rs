//! What is known of a generator from what its hands were at: its pace, and how much to rely on it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::ledger::TaskKey;
use crate::planner::Lease;

/// One generator's record, shared by its hands.
pub(super) struct Record {
    first_rest: Duration,
    /// A std mutex: held for a moment only.
    known: Mutex<Known>,
}

struct Known {
    /// The time an answer takes; zero while it is not known.
    pace: Duration,
    failures: Failures,
}

/// Tells a generator that fails from a task that makes generators fail.
struct Failures {
    backoff: Backoff,
    last: Option<TaskKey>,
    /// Whether it failed on different tasks in a row: then it is not the tasks.
    at_fault: bool,
    rests_until: Option<Instant>,
}

impl Record {
    /// A generator nothing is known of, which rests for `first_rest` after its first failure.
    pub(super) fn new(first_rest: Duration) -> Self {
        Self {
            first_rest,
            known: Mutex::new(Known {
                pace: Duration::ZERO,
                failures: Failures::none(first_rest),
            }),
        }
    }

    /// The time an answer takes; zero while that is not known.
    pub(super) fn pace(&self) -> Duration {
        self.known().pace
    }

    /// It made something in so much time.
    pub(super) fn made(&self, taken: Duration) {
        let mut known = self.known();
        known.pace = blended(known.pace, taken);
        known.failures = Failures::none(self.first_rest);
    }

    /// Puts the task back and says how long whoever failed on it rests. Hands that fail together rest
    /// together.
    pub(super) fn failed(&self, lease: Lease) -> Duration {
        let task = lease.order().map(|order| order.task.key);
        let (at_fault, rest) = self.known().failures.add(task);
        if at_fault {
            lease.give_back();
        } else {
            drop(lease);
        }
        rest
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn none(first_rest: Duration) -> Self {
        Self {
            backoff: Backoff::new(first_rest, first_rest * 60),
            last: None,
            at_fault: false,
            rests_until: None,
        }
    }

    fn add(&mut self, task: Option<TaskKey>) -> (bool, Duration) {
        self.at_fault |= self.last.is_some() && self.last != task;
        self.last = task;
        let now = Instant::now();
        let rest = match self.rests_until {
            Some(until) if until > now => until - now,
            _ => self.backoff.fail(),
        };
        self.rests_until = Some(now + rest);
        (self.at_fault, rest)
    }
}

/// The time an answer takes, of which the newest counts a third; zero is not known yet.
fn blended(known: Duration, newest: Duration) -> Duration {
    if known.is_zero() {
        newest
    } else {
        (known * 2 + newest) / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::Planner;
    use crate::planner::tests::order;
    use crate::stream::EventSender;

    #[tokio::test]
    async fn a_dead_generator_is_not_held_against_the_tasks() {
        let planner = Planner::new(EventSender::default());
        let _bench = planner.bench(2);
        let (first, _first_made) = order(&planner, 1, 1).await;
        let (second, _second_made) = order(&planner, 2, 2).await;
        planner.push(first);
        let record = Record::new(Duration::from_secs(1));
        while !planner.lease().await.is_worn_out() {
            record.failed(planner.lease().await);
        }
        planner.lease().await.commit();
        planner.push(second);
        for _ in 0..100 {
            let lease = planner.lease().await;
            assert!(!lease.is_worn_out());
            record.failed(lease);
        }
    }

    #[test]
    fn a_generator_that_goes_on_failing_rests_longer_and_longer() {
        let mut failures = Failures::none(Duration::from_secs(1));
        let mut rest = Duration::ZERO;
        for _ in 0..100 {
            failures.rests_until = None;
            rest = failures.add(None).1;
        }
        assert!(rest >= Duration::from_secs(30) && rest <= Duration::from_secs(60));
    }

    #[test]
    fn hands_that_fail_together_rest_together() {
        let mut failures = Failures::none(Duration::from_secs(3600));
        let (_, first) = failures.add(Some(TaskKey::for_test(1)));
        for task in 2..9 {
            let (at_fault, rest) = failures.add(Some(TaskKey::for_test(task)));
            assert!(at_fault && rest <= first);
        }
        assert_eq!(failures.backoff.failures(), 1);
    }

    #[test]
    fn the_newest_answer_counts_a_third_of_the_pace() {
        let record = Record::new(Duration::from_secs(1));
        let pace = || record.pace().as_secs();
        assert_eq!(pace(), 0);
        record.made(Duration::from_secs(30));
        assert_eq!(pace(), 30);
        record.made(Duration::from_secs(3));
        assert_eq!(pace(), 21);
    }
}
