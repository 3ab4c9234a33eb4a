//! Seats that come and go: room for as much work as there is somebody to do it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// As a semaphore, whose permits can be taken away while they are in use: then they go when they are given
/// back. First come, first served. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Seats {
    free: Arc<Semaphore>,
    /// Those that are taken away and still in use. Held for a few additions only.
    owed: Arc<Mutex<usize>>,
}

/// One seat, given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    permit: Option<OwnedSemaphorePermit>,
    seats: Seats,
}

impl Seats {
    /// So many.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))),
            owed: Arc::default(),
        }
    }

    /// So many more; those that were taken away in use stay.
    pub fn add(&self, count: usize) {
        let mut owed = self.owed();
        let stay = count.min(*owed);
        *owed -= stay;
        self.free.add_permits(count - stay);
    }

    /// So many fewer: first those that are free, the others as they are given back.
    pub fn remove(&self, count: usize) {
        let mut owed = self.owed();
        *owed += count - self.free.forget_permits(count);
    }

    /// Waits for a free one.
    pub async fn take(&self) -> Seat {
        // Never closed; if it were, waiting is all that is left to do.
        let Ok(permit) = Arc::clone(&self.free).acquire_owned().await else {
            return std::future::pending().await;
        };
        self.seat(permit)
    }

    /// One that is free at once.
    #[must_use]
    pub fn try_take(&self) -> Option<Seat> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(self.seat(permit))
    }

    fn seat(&self, permit: OwnedSemaphorePermit) -> Seat {
        Seat {
            permit: Some(permit),
            seats: self.clone(),
        }
    }

    fn owed(&self) -> MutexGuard<'_, usize> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut owed = self.seats.owed();
        if let Some(permit) = self.permit.take()
            && *owed > 0
        {
            *owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_goes_when_it_is_given_back() {
        let seats = Seats::new(3);
        let (first, second) = (seats.try_take(), seats.try_take());
        assert!(first.is_some() && second.is_some());
        seats.remove(2);
        assert!(seats.try_take().is_none(), "the free one went at once");
        drop(first);
        assert!(seats.try_take().is_none(), "the other when it came back");
        drop(second);
        let last = seats.try_take();
        assert!(last.is_some());
        assert!(seats.try_take().is_none());
    }

    #[test]
    fn what_comes_back_in_time_stays() {
        let seats = Seats::new(2);
        let both = (seats.try_take(), seats.try_take());
        seats.remove(2);
        seats.add(1);
        drop(both);
        let one = seats.try_take();
        assert!(one.is_some() && seats.try_take().is_none());
        seats.add(2);
        assert!(seats.try_take().is_some());
        drop(one);
        assert_eq!(seats.free.available_permits(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_served_by_a_new_one() {
        let seats = Seats::new(0);
        let waiting = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        seats.add(1);
        let seat = waiting.await;
        assert!(seat.is_ok() && seats.try_take().is_none());
    }
}
