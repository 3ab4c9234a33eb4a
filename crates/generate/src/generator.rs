//! The seam between whoever wants a cloud and whatever makes one.
//!
//! A backend owns its device on a thread of its own; callers are async and may go away at any
//! time. So a generation is a channel: the backend pushes progress and candidates into a
//! [`GenerationSink`], the caller reads a [`Generation`], and dropping the `Generation` is the
//! cancellation: the backend sees `is_cancelled` between steps and stops.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use judge::Prompt;
use serde::Serialize;
use splat::{Cloud, Frame};
use thiserror::Error;
use tokio::sync::{mpsc, watch};

/// The most candidates a request gets, whoever asks: no budget pays for more.
pub const MOST_CANDIDATES: u32 = 64;

/// How many events may be unread.
const UNREAD: usize = 16;

/// Of these, progress leaves so many to candidates: nothing that matters waits behind it.
const ROOM_FOR_CANDIDATES: usize = 8;

/// One prompt to be made into clouds.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to make.
    pub prompt: Prompt,
    /// The same seed and prompt give the same cloud; candidate `n` uses `seed + n` (wrapping).
    pub seed: u64,
    /// How many candidates to make, at least 1; `None` for as many as the prompt's category is made with.
    pub candidates: Option<u32>,
    /// After this the backend starts no further candidate; the first one is always finished.
    pub deadline: Option<Instant>,
}

impl Request {
    /// How many candidates a backend makes that tells no categories apart.
    pub(crate) fn candidates_of_any_kind(&self) -> u32 {
        self.candidates.unwrap_or(1).max(1)
    }
}

/// One generated cloud, in whatever frame and size its backend makes.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The splats.
    pub cloud: Cloud,
    /// Which way is up in `cloud`; an output profile turns it as its interface wants.
    pub frame: Frame,
    /// The seed that made them.
    pub seed: u64,
    /// Time spent on this candidate alone.
    pub elapsed: Duration,
    /// What a person should know, such as words that were not understood.
    pub notes: Vec<String>,
    /// How it was made, for the record.
    pub recipe: Recipe,
    /// What the time went into, stage by stage, where the backend measures it.
    pub stages: Vec<StageTime>,
}

/// How a candidate was made: kept with the asset, so that what is accepted can be told by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// The kind of thing the prompt asks for, where the backend tells kinds apart.
    pub category: Option<String>,
    /// What it was made with, by name: `"latent.steps": "12"`.
    pub settings: BTreeMap<String, String>,
}

/// What one stage of a candidate took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageTime {
    /// Such as `structure`.
    pub stage: &'static str,
    /// From its begin to its end, loading what it needs included.
    pub time: Duration,
    /// What it took of the device, where that can be asked.
    pub memory: Option<StageMemory>,
}

impl StageTime {
    /// A stage whose memory nobody looks at.
    #[must_use]
    pub const fn new(stage: &'static str, time: Duration) -> Self {
        Self {
            stage,
            time,
            memory: None,
        }
    }
}

/// How much of a device's memory a stage took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageMemory {
    /// The most bytes that were held at once, what stays from other stages included, beside what was
    /// there before anything was loaded.
    pub peak: u64,
    /// As many as the device's plan foresees once everything that stays has been loaded; `None` without
    /// a plan.
    pub planned: Option<u64>,
}

/// What a generation reports while it runs.
#[derive(Debug, Clone)]
pub enum GenerationEvent {
    /// `done` of `total` steps of a stage are finished.
    Progress {
        /// Such as `cutout` or `splats`.
        stage: &'static str,
        /// Finished steps.
        done: u32,
        /// All steps of this stage.
        total: u32,
    },
    /// A finished candidate.
    Candidate(Box<Candidate>),
}

/// Why a prompt could not be made into a cloud.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The prompt itself is unusable; another attempt would fail alike.
    #[error("the prompt cannot be used: {0}")]
    Prompt(String),
    /// The backend failed; another attempt may succeed.
    #[error("{backend}: {reason}")]
    Backend {
        /// Which backend.
        backend: String,
        /// What happened, in one line.
        reason: String,
    },
    /// The backend has stopped and takes no more requests.
    #[error("{0} has stopped")]
    Stopped(String),
}

impl GenerateError {
    /// Whether trying again, perhaps elsewhere, may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Prompt(_))
    }
}

/// Makes splat clouds from prompts.
pub trait Generator: Send + Sync + 'static {
    /// A short name for people, such as `sketch` or `http://10.0.0.7:8093`.
    fn label(&self) -> &str;

    /// Whether this backend is for rehearsals only and must not mine a live network unasked.
    fn is_rehearsal_only(&self) -> bool {
        false
    }

    /// Completes when a request could be begun at once. Whoever has several generators to choose from
    /// waits for this before giving one to it, and asks again now and then while there is none; whoever has
    /// one need not. Can be given up and begun again.
    fn vacancy(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// On how many requests it works at a time, at least 1, as far as is known by now: what is begun beyond
    /// that waits. It may change at any time.
    fn capacity(&self) -> watch::Receiver<usize> {
        watch::channel(1).1
    }

    /// Starts making `request.candidates` clouds. Returns at once; dropping the result cancels.
    fn start(&self, request: Request) -> Generation;
}

/// The reading end of a running generation. Ends (`None`) when the backend is finished.
#[derive(Debug)]
pub struct Generation {
    events: mpsc::Receiver<Result<GenerationEvent, GenerateError>>,
}

impl Generation {
    /// A connected pair. Small on purpose: a backend that runs ahead of its reader waits.
    #[must_use]
    pub fn channel() -> (GenerationSink, Self) {
        let (sender, events) = mpsc::channel(UNREAD);
        (GenerationSink { sender }, Self { events })
    }

    /// The next event; an error is the last thing a generation says.
    pub async fn next(&mut self) -> Option<Result<GenerationEvent, GenerateError>> {
        self.events.recv().await
    }

    /// As [`Generation::next`], for threads outside the async runtime.
    pub fn blocking_next(&mut self) -> Option<Result<GenerationEvent, GenerateError>> {
        self.events.blocking_recv()
    }
}

/// The writing end, held by the backend.
#[derive(Debug, Clone)]
pub struct GenerationSink {
    sender: mpsc::Sender<Result<GenerationEvent, GenerateError>>,
}

impl GenerationSink {
    /// Whether nobody listens any more, so that the work should stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.sender.is_closed()
    }

    /// Whether so many more events can be handed over without waiting for the reader.
    #[must_use]
    pub(crate) fn has_room_for(&self, events: usize) -> bool {
        self.sender.capacity() >= events
    }

    /// Reports progress; lost without harm when the reader is slow or gone.
    pub fn progress(&self, stage: &'static str, done: u32, total: u32) {
        if self.sender.capacity() <= ROOM_FOR_CANDIDATES {
            return;
        }
        let _ = self
            .sender
            .try_send(Ok(GenerationEvent::Progress { stage, done, total }));
    }

    /// Hands over a candidate, waiting for room. Returns `false` when nobody listens any more.
    /// For device threads; async backends use [`GenerationSink::send`].
    pub fn blocking_candidate(&self, candidate: Candidate) -> bool {
        self.sender
            .blocking_send(Ok(GenerationEvent::Candidate(Box::new(candidate))))
            .is_ok()
    }

    /// Ends the generation with an error, from a device thread.
    pub fn blocking_fail(&self, error: GenerateError) {
        let _ = self.sender.blocking_send(Err(error));
    }

    /// Ends a generation that never began, from anywhere: nothing can be in its way yet.
    pub fn fail_now(&self, error: GenerateError) {
        let _ = self.sender.try_send(Err(error));
    }

    /// Completes when nobody listens any more.
    pub async fn cancelled(&self) {
        self.sender.closed().await;
    }

    /// Hands over an event or an error from async code. Returns `false` when nobody listens.
    pub async fn send(&self, event: Result<GenerationEvent, GenerateError>) -> bool {
        self.sender.send(event).await.is_ok()
    }
}
