//! A line of requests: so many are served at a time, so many more may wait, and the rest is sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The line. Clones are the same line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Those served and those waiting.
    room: Arc<Semaphore>,
    /// Those served.
    counters: Arc<Semaphore>,
    all_counters: usize,
    waiting: Arc<AtomicUsize>,
}

/// A place in line, kept while a body is read. Whoever gives it up leaves the line.
#[derive(Debug)]
pub(crate) struct Place {
    line: Line,
    room: OwnedSemaphorePermit,
}

/// A turn; it ends with this.
#[derive(Debug)]
pub(crate) struct Turn {
    _counter: OwnedSemaphorePermit,
    _room: Option<OwnedSemaphorePermit>,
}

/// One who waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Line {
    /// Serves `counters` at a time and lets `waiting` more wait.
    pub(crate) fn new(counters: usize, waiting: usize) -> Self {
        let room = counters.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self {
            room: Arc::new(Semaphore::new(room)),
            counters: Arc::new(Semaphore::new(counters)),
            all_counters: counters,
            waiting: Arc::default(),
        }
    }

    /// A place; `None` if the line is full.
    pub(crate) fn place(&self) -> Option<Place> {
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        Some(Place {
            line: self.clone(),
            room,
        })
    }

    /// Waits for a turn however long the line is: for work that was bounded when it was accepted.
    pub(crate) async fn turn(&self) -> Option<Turn> {
        let _waiting = Waiting::new(&self.waiting);
        let counter = Arc::clone(&self.counters).acquire_owned().await.ok()?;
        Some(Turn {
            _counter: counter,
            _room: None,
        })
    }

    /// Those who have their turn.
    pub(crate) fn served(&self) -> usize {
        self.all_counters
            .saturating_sub(self.counters.available_permits())
    }

    /// Those who wait for theirs.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Place {
    /// Waits for the turn; first come, first served. `None` only if the line is no more.
    pub(crate) async fn turn(self) -> Option<Turn> {
        let turn = self.line.turn().await?;
        Some(Turn {
            _room: Some(self.room),
            ..turn
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
        let first = line.place().unwrap().turn().await.unwrap();
        assert_eq!((line.served(), line.waiting()), (1, 0));
        let second = line.place().unwrap();
        assert!(line.place().is_none(), "sent away");
        let second = timeout(Duration::from_millis(10), second.turn()).await;
        assert!(second.is_err(), "it waited, and left");
        assert_eq!((line.served(), line.waiting()), (1, 0));
        let third = line.place().unwrap().turn();
        let (third, ()) = tokio::join!(third, async { drop(first) });
        assert!(third.is_some());
        assert_eq!(line.served(), 1);
        drop(third);
        assert_eq!(line.served(), 0);
    }

    #[tokio::test]
    async fn accepted_work_waits_behind_a_full_line() {
        let line = Line::new(1, 0);
        let first = line.place().unwrap().turn().await.unwrap();
        assert!(line.place().is_none());
        let accepted = line.turn();
        let (accepted, waiting) = tokio::join!(accepted, async {
            let waiting = line.waiting();
            drop(first);
            waiting
        });
        assert!(accepted.is_some());
        assert_eq!(waiting, 1);
    }
}
