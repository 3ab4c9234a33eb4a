//! Which task next: tasks wait here between a validator and a generator.
//!
//! The one whose free time ends first goes first. A task leaves as a [`Lease`], and a lease that
//! is dropped, for whatever reason, puts its task back: nothing is lost with the code that worked
//! on it. Sources take a place before they pull, so that no task is pulled long before it can
//! start.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

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
    _permit: Option<OwnedSemaphorePermit>,
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
    /// Wakes a generator that found nothing.
    arrived: Notify,
    places: Arc<Semaphore>,
    finished: AtomicU64,
    events: EventSender,
}

#[derive(Debug, Default)]
struct Waiting {
    orders: BTreeMap<(UnixMillis, u64), Order>,
    arrivals: u64,
}

impl Planner {
    /// With room for `places` tasks between pull and answer.
    pub(crate) fn new(places: usize, events: EventSender) -> Self {
        Self {
            shared: Arc::new(Shared {
                waiting: Mutex::default(),
                arrived: Notify::new(),
                places: Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS))),
                finished: AtomicU64::new(0),
                events,
            }),
        }
    }

    /// Waits for room, first come first served.
    pub(crate) async fn place(&self) -> Place {
        loop {
            // Never closed; if it were, waiting is all that is left to do.
            if let Ok(permit) = Arc::clone(&self.shared.places).acquire_owned().await {
                return Place {
                    _permit: Some(permit),
                };
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Makes room where there is none, for a task that must not wait to be pulled.
    pub(crate) fn squeeze(&self) -> Place {
        let permit = Arc::clone(&self.shared.places).try_acquire_owned();
        Place {
            _permit: permit.ok(),
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
        self.shared.arrived.notify_one();
        self.shared.events.emit(Event::Queue { length });
    }

    /// Waits for the most urgent task.
    pub(crate) async fn lease(&self) -> Lease {
        loop {
            if let Some(order) = self.pop() {
                return Lease {
                    order: Some(order),
                    planner: self.clone(),
                };
            }
            self.shared.arrived.notified().await;
        }
    }

    fn pop(&self) -> Option<Order> {
        let (order, length) = {
            let mut waiting = self.shared.lock();
            // Those whose source has gone have no one to deliver them.
            waiting.orders.retain(|_, order| !order.is_abandoned());
            let (_, order) = waiting.orders.pop_first()?;
            (order, waiting.orders.len())
        };
        if length > 0 {
            // A permit to wake is stored only once: pass it on.
            self.shared.arrived.notify_one();
        }
        self.shared.events.emit(Event::Queue { length });
        Some(Order {
            leases: order.leases + 1,
            ..order
        })
    }
}

impl Shared {
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
pub(crate) mod tests {
    use super::*;
    use crate::ledger::{Answer, SourceId, TaskKey, TaskState};

    pub(crate) fn task(key: i64) -> OpenTask {
        OpenTask {
            key: TaskKey::for_test(key),
            source: SourceId::place("test", 0),
            id: key.to_string(),
            kind: subnet17::TaskKind::Text,
            prompt: "a chair".into(),
            threshold: 0.6,
            throttle: Duration::from_secs(30),
            pulled_at: 0,
            state: TaskState::Assigned,
            answer: Answer::Empty,
            attempts: 0,
            doubt_until: 0,
            ticket: None,
            wanted_seed: None,
            reason: None,
        }
    }

    pub(crate) async fn order(
        planner: &Planner,
        key: i64,
        pulled_at: UnixMillis,
    ) -> (Order, oneshot::Receiver<()>) {
        let (made, is_made) = oneshot::channel();
        let order = Order {
            uid: 1,
            task: OpenTask {
                pulled_at,
                ..task(key)
            },
            made,
            _place: planner.place().await,
            leases: 0,
        };
        (order, is_made)
    }

    fn id(lease: &Lease) -> &str {
        lease.order().map_or("", |order| &order.task.id)
    }

    #[tokio::test]
    async fn the_most_urgent_task_goes_first() {
        let planner = Planner::new(8, EventSender::default());
        let mut waits = Vec::new();
        for (key, pulled_at) in [(1, 300), (2, 100), (3, 200), (4, 100)] {
            let (order, is_made) = order(&planner, key, pulled_at).await;
            planner.push(order);
            waits.push(is_made);
        }
        let mut leased = Vec::new();
        for _ in 0..4 {
            let lease = planner.lease().await;
            leased.push(id(&lease).to_owned());
            lease.commit();
        }
        assert_eq!(leased, ["2", "4", "3", "1"]);
        for is_made in waits {
            is_made.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_dropped_lease_goes_back_in_line_until_it_is_worn_out() {
        let planner = Planner::new(8, EventSender::default());
        let (order, mut is_made) = order(&planner, 1, 0).await;
        planner.push(order);
        for _ in 0..MOST_LEASES {
            let lease = planner.lease().await;
            assert!(!lease.is_worn_out());
            drop(lease);
        }
        planner.lease().await.give_back();
        let lease = planner.lease().await;
        assert!(lease.is_worn_out());
        is_made.try_recv().unwrap_err();
        lease.commit();
        is_made.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_panicking_worker_gives_its_task_to_another() {
        let planner = Planner::new(8, EventSender::default());
        let (order, _is_made) = order(&planner, 1, 0).await;
        planner.push(order);
        let lease = planner.lease().await;
        let other = tokio::spawn({
            let planner = planner.clone();
            async move { id(&planner.lease().await).to_owned() }
        });
        let crash = tokio::spawn(async move {
            let _lease = lease;
            panic!("the device caught fire");
        });
        crash.await.unwrap_err();
        assert_eq!(other.await.unwrap(), "1");
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_room_again_once_an_answer_is_made() {
        let planner = Planner::new(1, EventSender::default());
        let (order, _is_made) = order(&planner, 1, 0).await;
        planner.push(order);
        let wait = Duration::from_secs(1);
        tokio::time::timeout(wait, planner.place())
            .await
            .unwrap_err();
        planner.lease().await.commit();
        planner.place().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_whose_source_has_gone_is_not_worked_on() {
        let planner = Planner::new(1, EventSender::default());
        let (order, is_made) = order(&planner, 1, 0).await;
        planner.push(order);
        drop(is_made);
        let wait = Duration::from_secs(1);
        tokio::time::timeout(wait, planner.lease())
            .await
            .unwrap_err();
        planner.place().await;
    }
}
