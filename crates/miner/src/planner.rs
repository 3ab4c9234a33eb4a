//! Which task next: tasks wait here between a validator and a generator.
//!
//! The one whose free time ends first goes first. A task leaves as a [`Lease`], and a lease that
//! is dropped, for whatever reason, puts its task back: nothing is lost with the code that worked
//! on it. Sources take a place before they pull, and there are places only for generators that can
//! work, so that no task is pulled long before it can start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use generate::{Seat, Seats};
use tokio::sync::{oneshot, watch};

use crate::clock::{self, UnixMillis};
use crate::event::Event;
use crate::ledger::OpenTask;
use crate::stream::EventSender;

/// How often a task is leased before it is given up.
const MOST_LEASES: u32 = 5;

/// Room for another task. Held from before its pull until its answer is made.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` for one beyond those there are.
    _seat: Option<Seat>,
}

/// The places of a generator that can work; they go with this.
#[derive(Debug)]
pub(crate) struct Bench {
    places: usize,
    seats: Seats,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.seats.remove(self.places);
    }
}

/// A task that waits for its answer.
#[derive(Debug)]
pub(crate) struct Order {
    pub uid: u16,
    pub task: OpenTask,
    /// Told once the ledger holds an answer. Dropped without a word if none could be made.
    pub made: oneshot::Sender<()>,
    /// Only held: it frees the room when the order is done with.
    pub _place: Place,
    /// How often the task was leased.
    pub leases: u32,
}

impl Order {
    /// Until then more time costs nothing.
    pub(crate) fn answer_by(&self) -> UnixMillis {
        self.task.pulled_at + clock::millis(self.task.throttle)
    }

    /// Whether nobody waits for it any more.
    fn is_abandoned(&self) -> bool {
        self.made.is_closed()
    }
}

/// The tasks that wait. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Planner {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// By the end of the free time, then by arrival. A std mutex: never held across an await.
    waiting: Mutex<Waiting>,
    /// Wakes generators that found nothing.
    changed: watch::Sender<()>,
    places: Seats,
    finished: AtomicU64,
    events: EventSender,
}

#[derive(Debug, Default)]
struct Waiting {
    orders: BTreeMap<(UnixMillis, u64), Order>,
    arrivals: u64,
    /// The generators that wait: those that take less time for an answer first, then by arrival.
    idle: BTreeSet<(Duration, u64)>,
}

/// A generator in line for work; it leaves the line with this.
struct Idle<'a> {
    shared: &'a Shared,
    key: (Duration, u64),
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.shared.lock().idle.remove(&self.key);
        self.shared.changed.send_replace(());
    }
}

impl Planner {
    /// Without room for tasks until a generator makes some.
    pub(crate) fn new(events: EventSender) -> Self {
        Self {
            shared: Arc::new(Shared {
                waiting: Mutex::default(),
                changed: watch::Sender::new(()),
                places: Seats::new(0),
                finished: AtomicU64::new(0),
                events,
            }),
        }
    }

    /// Waits for room, first come first served.
    pub(crate) async fn place(&self) -> Place {
        Place {
            _seat: Some(self.shared.places.take().await),
        }
    }

    /// Makes room for so many tasks between pull and answer, for as long as the result lives.
    pub(crate) fn bench(&self, places: usize) -> Bench {
        self.shared.places.add(places);
        Bench {
            places,
            seats: self.shared.places.clone(),
        }
    }

    /// Makes room where there is none, for a task that must not wait to be pulled.
    pub(crate) fn squeeze(&self) -> Place {
        Place {
            _seat: self.shared.places.try_take(),
        }
    }

    /// How many tasks the generators have been done with.
    pub(crate) fn finished(&self) -> u64 {
        self.shared.finished.load(Ordering::Relaxed)
    }

    /// Puts a task in line.
    pub(crate) fn push(&self, order: Order) {
        let length = {
            let mut waiting = self.shared.lock();
            let key = (order.answer_by(), waiting.arrivals);
            waiting.arrivals += 1;
            waiting.orders.insert(key, order);
            waiting.orders.len()
        };
        self.shared.changed.send_replace(());
        self.shared.events.emit(Event::Queue { length });
    }

    /// Waits for the most urgent task.
    #[cfg(test)]
    pub(crate) async fn lease(&self) -> Lease {
        self.lease_by_pace(Duration::ZERO).await
    }

    /// Waits for the most urgent task, behind generators that wait too and take less than `pace` for an
    /// answer: of several that are idle the fastest works.
    pub(crate) async fn lease_by_pace(&self, pace: Duration) -> Lease {
        let idle = self.shared.idle(pace);
        let mut changed = self.shared.changed.subscribe();
        loop {
            if let Some(order) = self.pop(&idle) {
                return Lease {
                    order: Some(order),
                    planner: self.clone(),
                };
            }
            // The sender is in what this holds.
            let _ = changed.changed().await;
        }
    }

    /// The most urgent task, if there are more tasks than generators that go first.
    fn pop(&self, idle: &Idle<'_>) -> Option<Order> {
        let (order, length) = {
            let mut waiting = self.shared.lock();
            // Those whose source has gone have no one to deliver them.
            waiting.orders.retain(|_, order| !order.is_abandoned());
            if waiting.idle.range(..idle.key).count() >= waiting.orders.len() {
                return None;
            }
            waiting.idle.remove(&idle.key);
            let (_, order) = waiting.orders.pop_first()?;
            (order, waiting.orders.len())
        };
        self.shared.events.emit(Event::Queue { length });
        Some(Order {
            leases: order.leases + 1,
            ..order
        })
    }
}

impl Shared {
    fn idle(&self, pace: Duration) -> Idle<'_> {
        let mut waiting = self.lock();
        let key = (pace, waiting.arrivals);
        waiting.arrivals += 1;
        waiting.idle.insert(key);
        Idle { shared: self, key }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that is being worked on. Dropped before it is committed, it goes back in line.
#[derive(Debug)]
pub(crate) struct Lease {
    /// `None` once committed.
    order: Option<Order>,
    planner: Planner,
}

impl Lease {
    /// The task, until it is committed.
    pub(crate) fn order(&self) -> Option<&Order> {
        self.order.as_ref()
    }

    /// Whether the task failed so often that it should not be tried again.
    pub(crate) fn is_worn_out(&self) -> bool {
        self.order
            .as_ref()
            .is_some_and(|order| order.leases > MOST_LEASES)
    }

    /// The ledger holds the answer: tells the source.
    pub(crate) fn commit(mut self) {
        if let Some(order) = self.order.take() {
            self.planner.shared.finished.fetch_add(1, Ordering::Relaxed);
            // A source that has gone finds the answer in the ledger.
            let _ = order.made.send(());
        }
    }

    /// Puts the task back without holding this lease against it: not its fault.
    pub(crate) fn give_back(mut self) {
        if let Some(mut order) = self.order.take() {
            order.leases = order.leases.saturating_sub(1);
            self.planner.push(order);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(order) = self.order.take() {
            self.planner.push(order);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
