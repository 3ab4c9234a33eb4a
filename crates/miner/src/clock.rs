//! Wall-clock time as the ledger and the validators count it.
//!
//! Cooldowns are Unix times on the validator's clock, so they are waited for against the system
//! clock, in slices: a suspended machine or a stepped clock is noticed within one slice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub type UnixMillis = i64;

/// The longest sleep before the wall clock is looked at again.
const SLICE: Duration = Duration::from_secs(10);

/// The present.
pub(crate) fn now() -> UnixMillis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}

/// A duration in the ledger's unit; absurdly long ones saturate.
pub(crate) fn millis(duration: Duration) -> UnixMillis {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How long it is until `until`: zero when that has passed.
pub(crate) fn remaining(until: UnixMillis) -> Duration {
    Duration::from_millis(u64::try_from(until.saturating_sub(now())).unwrap_or(0))
}

/// Sleeps until the wall clock shows `until`.
pub(crate) async fn sleep_until(until: UnixMillis) {
    loop {
        let left = remaining(until);
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(SLICE)).await;
    }
}
