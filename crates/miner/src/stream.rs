//! The stream of events: one way in, any number of listeners, and the counts beside it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::clock;
use crate::event::{Event, Stamped};
use crate::summary::{Summary, Tally};

/// Where events go in, and where anybody can listen. Cheap to clone.
///
/// Sending never waits: a listener that is slow misses events (and is told so by the channel),
/// while the counts, which are kept here, miss none.
#[derive(Debug, Clone)]
pub struct EventSender {
    channel: broadcast::Sender<Stamped>,
    /// A std mutex: held for a few additions only, never across an await.
    tally: Arc<Mutex<Tally>>,
}

impl EventSender {
    /// A stream of which slow listeners can be `capacity` events behind (at least 1).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            channel: broadcast::Sender::new(capacity.max(1)),
            tally: Arc::default(),
        }
    }

    /// Listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Stamped> {
        self.channel.subscribe()
    }

    /// The counts so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .summary()
    }

    /// Tells everybody.
    pub fn emit(&self, event: Event) {
        let stamped = Stamped {
            at_ms: clock::now(),
            event,
        };
        self.tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .observe(&stamped);
        // Nobody listening is no error.
        let _ = self.channel.send(stamped);
    }
}

impl Default for EventSender {
    fn default() -> Self {
        Self::new(1024)
    }
}
