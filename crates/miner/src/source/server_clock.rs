//! Where a peer's clock stands against ours, as far as the dates of its replies tell.

use crate::clock::UnixMillis;

/// A `date` is cut to the second, and the SDK's axon takes it from a clock it looks at once a second:
/// it may be this old.
const OLDEST_DATE: UnixMillis = 2000;
/// Nobody's clock is believed to be further off.
const LARGEST_OFFSET: UnixMillis = 600_000;

/// Bounds on how far a peer's clock is ahead of ours, in milliseconds. Each reply gives some; together
/// they close in on the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ServerClock {
    bounds: Option<(UnixMillis, UnixMillis)>,
}

impl ServerClock {
    /// A reply to a call `sent` and `received` (by our clock) carried `date`.
    pub(crate) fn learn(&mut self, sent: UnixMillis, received: UnixMillis, date: UnixMillis) {
        // When it was written its clock showed `date` or up to two seconds more, and ours something
        // from `sent` to `received`.
        let low = date.saturating_sub(received);
        let high = date.saturating_add(OLDEST_DATE).saturating_sub(sent);
        let (low, high) = (
            low.clamp(-LARGEST_OFFSET, LARGEST_OFFSET),
            high.clamp(-LARGEST_OFFSET, LARGEST_OFFSET),
        );
        self.bounds = match self.bounds {
            Some((least, most)) if low.max(least) <= high.min(most) => {
                Some((low.max(least), high.min(most)))
            }
            // The first, or one of the clocks was set since.
            _ => Some((low, high)),
        };
    }

    /// How far the peer's clock is surely ahead of ours: what is added to our time to get one that its
    /// clock shows already. 0 while nothing speaks against the two agreeing; `None` before any reply.
    pub(crate) fn offset(&self) -> Option<UnixMillis> {
        let (low, high) = self.bounds?;
        Some(if low <= 0 && high >= 0 { 0 } else { low })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What replies tell of a clock that is `ahead`, asked every `step` ms, 40 ms away, with a date
    /// that is up to a second late beyond its cut.
    fn told(ahead: UnixMillis, step: UnixMillis, replies: UnixMillis) -> UnixMillis {
        let mut clock = ServerClock::default();
        for reply in 0..replies {
            let sent = 1_700_000_000_000 + reply * step;
            let theirs = sent + 20 + ahead;
            let date = (theirs - (reply * 331) % 1000) / 1000 * 1000;
            clock.learn(sent, sent + 40, date);
            let offset = clock.offset().unwrap();
            assert!(offset <= ahead.max(0), "never early: {offset} of {ahead}");
        }
        clock.offset().unwrap()
    }

    #[test]
    fn clocks_that_agree_are_taken_to_agree() {
        assert_eq!(ServerClock::default().offset(), None);
        for ahead in [0, 15, -15] {
            assert_eq!(told(ahead, 1, 1), 0);
            let offset = told(ahead, 300_123, 200);
            assert!((-60..=0).contains(&offset), "{ahead}: {offset}");
        }
    }

    #[test]
    fn a_clock_that_differs_is_closed_in_on_and_never_overtaken() {
        for ahead in [5000, -5000, 60_000, -60_000] {
            let first = told(ahead, 1, 1);
            assert!((ahead - 3000..=ahead).contains(&first), "{ahead}: {first}");
            let closer = told(ahead, 300_123, 200);
            assert!((ahead - 100..=ahead).contains(&closer), "{ahead}: {closer}");
        }
    }

    #[test]
    fn a_clock_that_was_set_is_learnt_anew_and_nonsense_is_bounded() {
        let mut clock = ServerClock::default();
        clock.learn(0, 40, 10_000);
        assert_eq!(clock.offset(), Some(9960));
        clock.learn(100_000, 100_040, 70_000);
        assert_eq!(clock.offset(), Some(-30_040));
        clock.learn(0, 1, UnixMillis::MAX);
        assert_eq!(clock.offset(), Some(LARGEST_OFFSET));
        clock.learn(UnixMillis::MAX, UnixMillis::MAX, UnixMillis::MIN);
        assert_eq!(clock.offset(), Some(-LARGEST_OFFSET));
    }
}
