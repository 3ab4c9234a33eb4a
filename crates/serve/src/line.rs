//! A line of requests: so many are served at a time, so many more may wait, and the rest is sent away.

use tokio::sync::{Semaphore, SemaphorePermit};

/// The line. Whoever gives up waiting leaves it.
#[derive(Debug)]
pub(crate) struct Line {
    /// Those served and those waiting.
    room: Semaphore,
    /// Those served.
    counters: Semaphore,
}

/// A turn; it ends with this.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _counter: SemaphorePermit<'a>,
    _room: SemaphorePermit<'a>,
}

impl Line {
    /// Serves `counters` at a time and lets `waiting` more wait.
    pub(crate) fn new(counters: usize, waiting: usize) -> Self {
        Self {
            room: Semaphore::new(counters.saturating_add(waiting).min(Semaphore::MAX_PERMITS)),
            counters: Semaphore::new(counters),
        }
    }

    /// Waits for a turn; `None` if the line is full.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let room = self.room.try_acquire().ok()?;
        let counter = self.counters.acquire().await.ok()?;
        Some(Turn {
            _counter: counter,
            _room: room,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_full_line_sends_away_and_who_leaves_makes_room() {
        let line = Line::new(1, 1);
        let first = line.turn().await.unwrap();
        let second = timeout(Duration::from_millis(10), line.turn());
        let waiting = async {
            tokio::task::yield_now().await;
            line.turn().await.is_none()
        };
        let (second, sent_away) = tokio::join!(second, waiting);
        assert!(second.is_err(), "it waits");
        assert!(sent_away);
        let (served, ()) = tokio::join!(line.turn(), async { drop(first) });
        assert!(served.is_some());
    }
}
