//! How many answers are still wanted, where a run is limited to a number of them.

use std::sync::Arc;

use tokio::sync::watch;

/// Counts answers against a limit. A source reserves one before it pulls, so that no more tasks are
/// pulled than will be answered.
#[derive(Debug)]
pub(crate) struct Quota {
    limit: u64,
    counts: watch::Sender<Counts>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    answered: u64,
    reserved: u64,
}

impl Quota {
    /// `None` sets no limit.
    pub(crate) fn new(limit: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.unwrap_or(u64::MAX),
            counts: watch::Sender::default(),
        })
    }

    /// Waits until another answer is wanted.
    pub(crate) async fn reserve(self: &Arc<Self>) -> Reservation {
        let mut changes = self.counts.subscribe();
        loop {
            let taken = self.counts.send_if_modified(|counts| {
                let wanted = counts.answered.saturating_add(counts.reserved) < self.limit;
                counts.reserved += u64::from(wanted);
                wanted
            });
            if taken {
                return Reservation {
                    quota: Arc::clone(self),
                };
            }
            // The sender lives in `self`: this cannot fail.
            let _ = changes.changed().await;
        }
    }

    /// One more answer.
    pub(crate) fn answered(&self) {
        self.counts.send_modify(|counts| counts.answered += 1);
    }

    /// Waits until all that were wanted are given.
    pub(crate) async fn reached(&self) {
        // The sender lives in `self`: this cannot fail.
        let _ = self
            .counts
            .subscribe()
            .wait_for(|counts| counts.answered >= self.limit)
            .await;
    }
}

/// The right to one more answer; dropped, it is somebody else's.
#[derive(Debug)]
pub(crate) struct Reservation {
    quota: Arc<Quota>,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.quota
            .counts
            .send_modify(|counts| counts.reserved = counts.reserved.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_is_reserved_than_wanted_and_what_is_dropped_is_free_again() {
        let quota = Quota::new(Some(2));
        let first = quota.reserve().await;
        let second = quota.reserve().await;
        let wait = Duration::from_secs(1);
        tokio::time::timeout(wait, quota.reserve())
            .await
            .unwrap_err();
        drop(first);
        let third = quota.reserve().await;
        quota.answered();
        drop(second);
        tokio::time::timeout(wait, quota.reserve())
            .await
            .unwrap_err();
        tokio::time::timeout(wait, quota.reached())
            .await
            .unwrap_err();
        quota.answered();
        drop(third);
        quota.reached().await;
    }
}
