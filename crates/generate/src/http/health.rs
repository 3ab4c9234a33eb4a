//! Whether a server is there, without asking it for a cloud.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Response, StatusCode};
use splat::Cloud;
use tokio::sync::watch;
use tokio::time::Instant;

use super::MOST_AT_ONCE;
use super::endpoint::{Endpoint, no_answer, read_up_to};
use crate::generator::GenerateError;

/// Where base miners and pods say how they are (three-gen-subnet `generation/serve.py`).
const HEALTH_PATH: &str = "/health";

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It says that it is well.
    Well {
        /// On how many requests it works at a time, if it says so.
        generators: Option<usize>,
    },
    /// It answers, but has no such path: nothing is known but that it is there.
    Unknown,
    /// It says that it is not well, with this status.
    Unwell(u16),
    /// It does not answer; why, in one line.
    Silent(String),
}

/// How long a server that was well is believed to be.
const CONFIDENCE: Duration = Duration::from_secs(20);

/// How long the number of generators is believed that a server has told.
const BELIEF: Duration = Duration::from_secs(25);

/// How much of what a server says of itself is worth reading, in bytes.
const WORDS: u64 = 16 * 1024;

/// How long a server has to say how it is.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long one that is not well is left alone at first; each time twice as long.
const FIRST_REST: Duration = Duration::from_secs(1);

/// And at most.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// What is known of a server by what it said and did last.
#[derive(Debug)]
pub(super) struct Known {
    /// A std mutex: held for a moment only.
    moments: Mutex<Moments>,
    capacity: watch::Sender<usize>,
    /// Of those who want to know how it is one asks.
    asking: tokio::sync::Mutex<()>,
    /// On how many requests it is taken to work at a time where it does not say.
    at_once: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    /// When it was last known to be well; `None` before that, and from a failure on.
    well: Option<Instant>,
    /// When it was last asked how many generators it has; `None` for one that does not say.
    counted: Option<Instant>,
}

impl Known {
    pub(super) fn new(at_once: usize) -> Self {
        let at_once = at_once.clamp(1, MOST_AT_ONCE);
        Self {
            moments: Mutex::default(),
            capacity: watch::Sender::new(at_once),
            asking: tokio::sync::Mutex::default(),
            at_once,
        }
    }

    /// Remembers whether it can be relied on. An unusable prompt says nothing about it.
    pub(super) fn heard(&self, answer: &Result<Cloud, GenerateError>) {
        let failed = answer.as_ref().is_err_and(GenerateError::is_retryable);
        self.moments().well = (!failed).then(Instant::now);
    }

    /// It says that it is well, and perhaps how many generators it has.
    fn says(&self, generators: Option<usize>) {
        let now = Instant::now();
        *self.moments() = Moments {
            well: Some(now),
            counted: generators.map(|_| now),
        };
        let capacity = generators.unwrap_or(self.at_once).clamp(1, MOST_AT_ONCE);
        self.capacity.send_if_modified(|known| {
            let before = std::mem::replace(known, capacity);
            before != capacity
        });
    }

    /// Whether it was known to be well a short time ago.
    fn is_well(&self) -> bool {
        let well = self.moments().well;
        well.is_some_and(|at| at.elapsed() < CONFIDENCE)
    }

    /// Whether the number of generators it once told is to be asked for again.
    fn is_to_be_counted(&self) -> bool {
        let counted = self.moments().counted;
        counted.is_some_and(|at| at.elapsed() >= BELIEF)
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Endpoint {
    /// On how many requests it works at a time, as it said last.
    pub(super) fn capacity(&self) -> watch::Receiver<usize> {
        self.known.capacity.subscribe()
    }

    /// Completes at once where there is no reason for doubt, else when the server says that it is well,
    /// or at least that it is there.
    pub(super) async fn well(&self) {
        if self.known.is_well() && !self.known.is_to_be_counted() {
            return;
        }
        let _asking = self.known.asking.lock().await;
        if self.known.is_well() {
            self.count().await;
        } else {
            self.recovery().await;
        }
    }

    /// Asks again how many generators it has, if that was long ago. What it makes tells that it is well,
    /// whatever it says.
    async fn count(&self) {
        if !self.known.is_to_be_counted() {
            return;
        }
        if let Health::Well { generators } = self.health(PATIENCE).await {
            self.known.says(generators);
        } else {
            self.known.moments().counted = Some(Instant::now());
        }
    }

    async fn recovery(&self) {
        let label = self.label();
        let mut rest = FIRST_REST;
        // What it makes for somebody else tells too.
        while !self.known.is_well() {
            let trouble = match self.health(PATIENCE).await {
                Health::Well { generators } => {
                    self.known.says(generators);
                    break;
                }
                Health::Unknown => {
                    self.known.says(None);
                    break;
                }
                Health::Unwell(status) => format!("it answers {status} to {HEALTH_PATH}"),
                Health::Silent(why) => why,
            };
            if rest == FIRST_REST {
                tracing::warn!("{label} gets no work until it is well: {trouble}");
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
        if rest > FIRST_REST {
            tracing::info!("{label} is well again");
        }
    }

    pub(super) async fn health(&self, timeout: Duration) -> Health {
        match self.get(HEALTH_PATH).timeout(timeout).send().await {
            Ok(response) => match response.status() {
                status if status.is_success() => Health::Well {
                    generators: generators(response).await,
                },
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Health::Unknown,
                status => Health::Unwell(status.as_u16()),
            },
            Err(error) if error.is_timeout() => {
                Health::Silent(format!("no answer within {} s", timeout.as_secs()))
            }
            Err(error) => Health::Silent(no_answer(&error)),
        }
    }
}

/// How many generators a server says it has. Only our own say so; what others say is theirs.
async fn generators(response: Response) -> Option<usize> {
    let said = read_up_to(response, WORDS, |_| ()).await.ok()?;
    let said: serde_json::Value = serde_json::from_slice(&said).ok()?;
    let count = usize::try_from(said.get("generators")?.as_u64()?).ok()?;
    (count > 0).then_some(count)
}
