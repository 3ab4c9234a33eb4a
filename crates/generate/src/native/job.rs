//! A request on its way through a studio.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::line::Readiness;
use super::works::{Manner, Subject};
use crate::generator::{GenerateError, GenerationSink, Request};
use crate::seats::Seat;

/// A request and everybody who works on it; its generation ends with the last of them.
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) request: Request,
    pub(super) sink: GenerationSink,
    /// Empty until the host is done with it.
    pub(super) subject: OnceLock<(Subject, Manner)>,
    /// The device it counts on, until the last candidate is made.
    seat: Mutex<Option<Seat>>,
    /// What its candidates have come to so far.
    luck: Mutex<Luck>,
    /// Candidates that are made but not handed over.
    unsent: AtomicUsize,
}

/// Whether anything came of a request's seeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Luck {
    #[default]
    Unknown,
    /// Of one at least.
    Good,
    /// Of none; why not of the last.
    Bad(String),
}

impl Job {
    pub(super) fn new(id: u64, request: Request, sink: GenerationSink, seat: Option<Seat>) -> Self {
        Self {
            id,
            request,
            sink,
            subject: OnceLock::new(),
            seat: Mutex::new(seat),
            luck: Mutex::default(),
            unsent: AtomicUsize::new(0),
        }
    }

    /// Nothing more will be begun for it: its device is vacant, and if nothing came of any seed its reader
    /// is told why.
    pub(super) fn leave(&self, label: &str) {
        *lock(&self.seat) = None;
        if let Luck::Bad(reason) = &*lock(&self.luck) {
            self.sink.fail_now(GenerateError::Backend {
                backend: label.to_owned(),
                reason: reason.clone(),
            });
        }
    }

    /// A candidate was made, and is to be handed over.
    pub(super) fn had_luck(&self) {
        *lock(&self.luck) = Luck::Good;
        self.unsent.fetch_add(1, Ordering::SeqCst);
    }

    /// A candidate was handed over.
    pub(super) fn was_sent(&self) {
        self.unsent.fetch_sub(1, Ordering::SeqCst);
    }

    /// Nothing came of a seed.
    pub(super) fn had_no_luck(&self, reason: String) {
        let mut luck = lock(&self.luck);
        if *luck != Luck::Good {
            *luck = Luck::Bad(reason);
        }
    }

    /// Whether another candidate can be begun while `running` are in work.
    pub(super) fn readiness(&self, running: u32) -> Readiness {
        // Room for this one and for an error.
        let needed = running as usize + self.unsent.load(Ordering::SeqCst) + 2;
        if self.sink.is_cancelled() {
            Readiness::Abandoned
        } else if self.subject.get().is_none() || !self.sink.has_room_for(needed) {
            Readiness::Held
        } else {
            Readiness::Ready
        }
    }
}

/// What a thread that crashed has left is as good as before: each change is whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
