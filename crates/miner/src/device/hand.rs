//! One hand of a generator: leases a task, has a cloud made that passes, hands it on, takes the next.
//!
//! Writing happens beside the loop, so that the generator never waits for a disk. A hand that fails
//! rests, longer each time, while its task goes to another; while it rests, or its generator says that it
//! could begin nothing, no task is pulled on its account.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use generate::{GenerateError, Generator, Recipe};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::PLACES_PER_HAND;
use super::record::Record;
use crate::clock;
use crate::context::Context;
use crate::event::{Activity, Event};
use crate::finish::{self, Finished};
use crate::planner::{Bench, Lease, Order};

/// How often a generator without work is asked whether it could begin some.
const LOOK: Duration = Duration::from_secs(30);

/// What a generator may take to say so before people are told that it is waited for.
const MOMENT: Duration = Duration::from_millis(500);

/// Works on one task at a time for a generator that works on one or more.
#[derive(Clone)]
pub(super) struct Hand {
    /// Its number in the events.
    pub(super) number: usize,
    /// Which of the generator's hands it is, from 0; it works while the capacity is above that.
    pub(super) place: usize,
    pub(super) generator: Arc<dyn Generator>,
    /// Shared by all of them.
    pub(super) record: Arc<Record>,
    pub(super) context: Arc<Context>,
}

/// Why a hand ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The generator works on fewer requests at a time by now.
    Dismissed,
    /// For good.
    Stopped,
}

/// What came of a lease.
enum Work {
    /// An answer, to be finished beside the loop.
    Done(Lease, Finished),
    /// A task that failed too often is given up. Says nothing good about the generator.
    GivenUp(Lease, Finished),
    /// The generator failed.
    Failed(Lease, String),
    /// The generator takes no more requests.
    Stopped(Lease),
}

impl Hand {
    /// Works until told to stop, until the generator has stopped, or until it has no use for this hand.
    pub(super) async fn run(self) -> End {
        let stop = self.context.stop.clone();
        let mut finishing = JoinSet::new();
        let mut bench = None;
        let end = loop {
            self.reap(&mut finishing);
            self.report(Activity::Idle);
            let lease = self.lease(&mut bench);
            let lease = match stop.run_until_cancelled(lease).await {
                None => break End::Stopped,
                Some(None) => break End::Dismissed,
                Some(Some(lease)) => lease,
            };
            let begun = Instant::now();
            match stop.run_until_cancelled(self.work(lease)).await {
                None => break End::Stopped,
                Some(Work::Done(lease, finished)) => {
                    self.record.made(begun.elapsed());
                    finishing.spawn(self.finish(lease, finished));
                }
                Some(Work::GivenUp(lease, finished)) => {
                    finishing.spawn(self.finish(lease, finished));
                }
                Some(Work::Failed(lease, reason)) => {
                    bench = None;
                    let rest = self.record.failed(lease);
                    self.report(Activity::BackingOff {
                        until_ms: clock::now() + clock::millis(rest),
                        reason,
                    });
                    stop.run_until_cancelled(tokio::time::sleep(rest)).await;
                }
                Some(Work::Stopped(lease)) => {
                    lease.give_back();
                    let label = self.generator.label();
                    self.context
                        .alarm(None, format!("{label} has stopped and makes nothing more"));
                    break End::Stopped;
                }
            }
        };
        drop(bench);
        // What is made already is worth the moment it takes to write it down.
        while finishing.join_next().await.is_some() {}
        self.report(match end {
            End::Dismissed => Activity::Closed,
            End::Stopped => Activity::Stopped,
        });
        end
    }

    /// The next task, once the generator can begin one. Of those that wait, the one that has taken least
    /// for its answers goes first. `None` once the generator has no use for this hand.
    async fn lease(&self, bench: &mut Option<Bench>) -> Option<Lease> {
        let planner = &self.context.planner;
        let mut capacity = self.generator.capacity();
        loop {
            self.vacancy(bench).await;
            if self.place > 0 && *capacity.borrow() <= self.place {
                return None;
            }
            bench.get_or_insert_with(|| planner.bench(PLACES_PER_HAND));
            let lease = planner.lease_by_pace(self.record.pace());
            tokio::select! {
                biased;
                () = falls_to(&mut capacity, self.place) => {}
                lease = tokio::time::timeout(LOOK, lease) => {
                    if let Ok(lease) = lease {
                        return Some(lease);
                    }
                }
            }
        }
    }

    /// Waits until the generator could begin something; if it cannot now, without room for its tasks.
    async fn vacancy(&self, bench: &mut Option<Bench>) {
        let mut vacancy = self.generator.vacancy();
        tokio::select! {
            biased;
            () = &mut vacancy => return,
            () = std::future::ready(()) => *bench = None,
        }
        if tokio::time::timeout(MOMENT, &mut vacancy).await.is_err() {
            self.report(Activity::Waiting);
            vacancy.await;
            self.report(Activity::Idle);
        }
    }

    fn finish(&self, lease: Lease, finished: Finished) -> impl Future<Output = ()> + use<> {
        finish::finish(Arc::clone(&self.context), self.number, lease, finished)
    }

    pub(super) fn report(&self, activity: Activity) {
        self.context.events.emit(Event::Device {
            device: self.number,
            activity,
        });
    }

    fn reap(&self, finishing: &mut JoinSet<()>) {
        while let Some(ended) = finishing.try_join_next() {
            if let Err(error) = ended {
                // Its lease went back in line when it unwound.
                self.context
                    .alarm(None, format!("finishing an answer crashed: {error}"));
            }
        }
    }

    async fn work(&self, lease: Lease) -> Work {
        let Some(order) = lease.order() else {
            return Work::Failed(lease, "an empty lease".to_owned());
        };
        if lease.is_worn_out() {
            let reason = format!("generating failed {} times", order.leases - 1);
            return Work::GivenUp(lease, nothing(reason));
        }
        self.report(self.generating(order, "", 0, 0));
        match self.make(order).await {
            Ok(finished) => Work::Done(lease, finished),
            Err(GenerateError::Prompt(reason)) => {
                let reason = format!("the prompt cannot be used: {reason}");
                Work::Done(lease, nothing(reason))
            }
            Err(GenerateError::Stopped(_)) => Work::Stopped(lease),
            Err(error) => Work::Failed(lease, error.to_string()),
        }
    }

    pub(super) fn generating(
        &self,
        order: &Order,
        stage: &'static str,
        done: u32,
        total: u32,
    ) -> Activity {
        Activity::Generating {
            uid: order.uid,
            task: order.task.id.clone(),
            stage,
            done,
            total,
        }
    }
}

/// An answer of which nothing was made.
fn nothing(reason: String) -> Finished {
    Finished::Empty {
        reason,
        recipe: Recipe::default(),
    }
}

/// Completes when the generator works on `place` requests at a time, or fewer; never for its first place.
async fn falls_to(capacity: &mut watch::Receiver<usize>, place: usize) {
    let falls = capacity.wait_for(|capacity| place > 0 && *capacity <= place);
    if falls.await.is_err() {
        // It stays as it is.
        std::future::pending::<()>().await;
    }
}
