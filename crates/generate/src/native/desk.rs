//! A place at the studio from which requests are made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use super::studio::Studio;
use crate::generator::{Generation, Generator, Request};
use crate::seats::Seat;

/// One of several generators that share a studio's devices. It has a vacancy when a device has.
#[derive(Debug)]
pub struct Desk {
    studio: Arc<Studio>,
    /// The device this desk may count on.
    seat: Mutex<Option<Seat>>,
}

impl Desk {
    /// A desk at `studio`.
    #[must_use]
    pub fn new(studio: Arc<Studio>) -> Self {
        Self {
            studio,
            seat: Mutex::new(None),
        }
    }

    fn seat(&self) -> MutexGuard<'_, Option<Seat>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generator for Desk {
    fn label(&self) -> &str {
        self.studio.label()
    }

    fn vacancy(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.seat().is_some() {
                return;
            }
            let seat = self.studio.shared().vacancies.take().await;
            *self.seat() = Some(seat);
        })
    }

    fn start(&self, request: Request) -> Generation {
        let seat = self.seat().take();
        self.studio.begin(request, seat)
    }
}
