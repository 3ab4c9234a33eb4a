//! What all requests share: the rooms work is done in, once they are ready, and what is in hand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::{Request, State};
use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::ToSchema;

use crate::batch::Batch;
use crate::jobs::Jobs;
use crate::receive;
use crate::refusal::Refusal;
use crate::server::ServeConfig;
use crate::shelf::Shelf;
use crate::validation::Court;
use crate::workshop::Workshop;

/// Bodies read at a time. A large one is 20 MB, a usual one a hundredth of that.
const DESKS: usize = 32;

/// What all requests share.
pub(crate) struct House {
    rooms: OnceLock<Rooms>,
    closing: CancellationToken,
    desks: Semaphore,
    connections: AtomicUsize,
    /// Assets on their way to whoever asked for them.
    pub(crate) answers: Arc<Shelf>,
    pub(crate) jobs: Jobs,
    pub(crate) batch: Batch,
    /// Work that no connection waits for.
    pub(crate) tasks: TaskTracker,
}

struct Rooms {
    workshop: Arc<Workshop>,
    court: Arc<Court>,
}

/// A connection, counted while it lasts.
pub(crate) struct Guest(Arc<House>);

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl House {
    pub(crate) fn new(config: &ServeConfig, batch: Batch) -> Arc<Self> {
        Arc::new(Self {
            rooms: OnceLock::new(),
            closing: CancellationToken::new(),
            desks: Semaphore::new(DESKS),
            connections: AtomicUsize::new(0),
            answers: Shelf::new(config.most_unsent),
            jobs: Jobs::new(config.jobs),
            batch,
            tasks: TaskTracker::new(),
        })
    }

    /// The generators are ready. Only the first call counts.
    pub(crate) fn open(&self, workshop: Workshop, court: Court) {
        let rooms = Rooms {
            workshop: Arc::new(workshop),
            court: Arc::new(court),
        };
        let _ = self.rooms.set(rooms);
    }

    /// Takes nothing new from now on.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        self.jobs.close();
        self.batch.close();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Where clouds are made.
    pub(crate) fn workshop(&self) -> Result<&Arc<Workshop>, Refusal> {
        let rooms = self.rooms.get().ok_or(Refusal::WarmingUp)?;
        Ok(&rooms.workshop)
    }

    /// Where clouds are made, for `request`, whose body is read and forgotten if nothing new is made
    /// now.
    pub(crate) async fn workshop_for(
        &self,
        request: Request,
    ) -> Result<(&Arc<Workshop>, Request), Refusal> {
        let admitted = self.admit().and_then(|()| {
            if self.answers.is_full() {
                return Err(Refusal::Unread);
            }
            self.workshop()
        });
        match admitted {
            Ok(workshop) => Ok((workshop, request)),
            Err(refusal) => {
                receive::discard(request).await;
                Err(refusal)
            }
        }
    }

    /// Where clouds are judged, for `request`: as [`House::workshop_for`].
    pub(crate) async fn court_for(
        &self,
        request: Request,
    ) -> Result<(&Arc<Court>, Request), Refusal> {
        let rooms = self
            .admit()
            .and_then(|()| self.rooms.get().ok_or(Refusal::WarmingUp));
        match rooms {
            Ok(rooms) => Ok((&rooms.court, request)),
            Err(refusal) => {
                receive::discard(request).await;
                Err(refusal)
            }
        }
    }

    /// Whether anything new is taken.
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
        if self.is_closing() {
            Err(Refusal::Closing)
        } else {
            Ok(())
        }
    }

    /// Where a body is read.
    pub(crate) fn desk(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        let soon = std::time::Duration::from_secs(2);
        self.desks.try_acquire().map_err(|_| Refusal::Busy(soon))
    }

    /// Counts a connection.
    pub(crate) fn welcome(self: &Arc<Self>) -> Guest {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Guest(Arc::clone(self))
    }

    /// Whether nothing is in hand, and nothing waits that was promised before the end.
    pub(crate) fn is_done(&self) -> bool {
        self.tasks.is_empty() && !self.jobs.owes() && !self.batch.owes()
    }

    /// What is in hand.
    pub(crate) fn load(&self) -> Load {
        let workshop = self.workshop().ok();
        let jobs = self.jobs.count();
        Load {
            state: match (self.is_closing(), workshop) {
                (true, _) => LoadState::Draining,
                (false, None) => LoadState::WarmingUp,
                (false, Some(_)) => LoadState::Open,
            },
            generators: workshop.map_or(0, |workshop| workshop.generators()),
            generating: workshop.map_or(0, |workshop| workshop.line().served()),
            waiting: workshop.map_or(0, |workshop| workshop.line().waiting()),
            connections: self.connections.load(Ordering::Relaxed),
            unsent_bytes: self.answers.held(),
            jobs_unfinished: jobs.unfinished,
            jobs_kept: jobs.kept,
            job_bytes: jobs.bytes,
        }
    }
}

/// Whether a server takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadState {
    /// The generators are being made ready.
    WarmingUp,
    /// It does.
    Open,
    /// It finishes what it has, and ends.
    Draining,
}

/// What a server has in hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Load {
    /// Whether it takes requests.
    pub state: LoadState,
    /// Generators there are.
    pub generators: usize,
    /// Generators at work.
    pub generating: usize,
    /// Requests, jobs and prompts of a batch that wait for one.
    pub waiting: usize,
    /// Open connections, the one that asks included.
    pub connections: usize,
    /// Bytes of assets that are on their way to whoever asked for them.
    pub unsent_bytes: usize,
    /// Jobs that wait or run.
    pub jobs_unfinished: usize,
    /// Jobs that are known, those included.
    pub jobs_kept: usize,
    /// Bytes of the results of jobs, those on their way included.
    pub job_bytes: usize,
}

/// What is in hand.
///
/// For balancers, which send the next request where the least is.
#[utoipa::path(
    get, path = "/v1/load", tag = "jobs",
    responses((status = 200, description = "counts", body = Load))
)]
pub(crate) async fn load(State(house): State<Arc<House>>) -> Json<Load> {
    Json(house.load())
}
