//! How much of a device's memory is used while something is made.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How often is looked: rarely enough to be in nobody's way. What a stage lets go of stays with its process
/// until the device is next waited for, so that little is missed in between.
const LOOK: Duration = Duration::from_millis(5);

/// Says how many bytes of a device are free, from any thread; `None` where that cannot be asked.
#[derive(Clone)]
pub struct FreeMemory(Arc<dyn Fn() -> Option<u64> + Send + Sync>);

impl fmt::Debug for FreeMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} bytes free", (self.0)())
    }
}

impl FreeMemory {
    /// What `ask` says.
    pub fn new(ask: impl Fn() -> Option<u64> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Bytes that are free now.
    #[must_use]
    pub fn now(&self) -> Option<u64> {
        (self.0)()
    }
}

/// Looks at a device's free memory, from a thread of its own, until it is dropped.
#[derive(Debug)]
pub(super) struct Gauge {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    free: FreeMemory,
    /// The fewest bytes that were free since somebody asked. Held while the device is asked, so that
    /// no answer counts for what comes after.
    fewest: Mutex<Option<u64>>,
    is_over: AtomicBool,
}

impl Shared {
    /// Looks once, and tells the fewest bytes so far; with `anew`, only what is seen now counts from
    /// now on.
    fn look(&self, anew: bool) -> Option<u64> {
        let mut fewest = self.fewest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.free.now();
        let found = fewest.into_iter().chain(now).min();
        *fewest = if anew { now } else { found };
        found
    }
}

impl Gauge {
    /// Begins to look; `None` where a device does not tell, or the operating system gives no thread.
    pub(super) fn start(free: &FreeMemory) -> Option<Self> {
        free.now()?;
        let shared = Arc::new(Shared {
            free: free.clone(),
            fewest: Mutex::new(None),
            is_over: AtomicBool::new(false),
        });
        let looking = Arc::clone(&shared);
        let look = move || {
            while !looking.is_over.load(Ordering::Relaxed) {
                looking.look(false);
                thread::sleep(LOOK);
            }
        };
        let named = thread::Builder::new().name("device-memory".to_owned());
        named.spawn(look).ok()?;
        Some(Self { shared })
    }

    /// The fewest bytes that were free since this was last asked, or since the begin; both moments
    /// included.
    pub(super) fn fewest(&self) -> Option<u64> {
        self.shared.look(true)
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::time::Instant;

    use super::*;

    fn stand_in(bytes: u64) -> (Arc<AtomicU64>, FreeMemory) {
        let free = Arc::new(AtomicU64::new(bytes));
        let asked = Arc::clone(&free);
        let ask = move || Some(asked.load(Ordering::SeqCst));
        (free, FreeMemory::new(ask))
    }

    #[test]
    fn what_was_held_in_between_is_seen_and_counts_once() {
        let (free, memory) = stand_in(100);
        let gauge = Gauge::start(&memory).expect("a gauge");
        assert_eq!(gauge.fewest(), Some(100));
        free.store(40, Ordering::SeqCst);
        // Until it has been looked at, however long the machine takes for that.
        let begun = Instant::now();
        while gauge.shared.fewest.lock().expect("no panic").as_ref() != Some(&40) {
            assert!(begun.elapsed() < Duration::from_secs(120), "nobody looks");
            thread::yield_now();
        }
        free.store(90, Ordering::SeqCst);
        assert_eq!(gauge.fewest(), Some(40));
        assert_eq!(gauge.fewest(), Some(90));
    }

    #[test]
    fn nobody_looks_where_nothing_is_told_or_when_it_is_over() {
        assert!(Gauge::start(&FreeMemory::new(|| None)).is_none());
        let (_, memory) = stand_in(1);
        let gauge = Gauge::start(&memory).expect("a gauge");
        let shared = Arc::downgrade(&gauge.shared);
        drop(gauge);
        let begun = Instant::now();
        while shared.strong_count() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(120), "it goes on");
            thread::yield_now();
        }
    }
}
