//! One job: where it stands, what happened, what came of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use generate::GenerationEvent;
use generate::best_of::Step;
use judge::Prompt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::view::{Candidate, JobState, JobView, Links, ResultView, StageView, seconds};
use crate::answer::Known;
use crate::workshop::{Order, Progress};

/// Events kept for whoever follows; one who falls further behind misses some of the middle.
const EVENTS: usize = 512;

/// A job.
pub(crate) struct Job {
    pub(crate) id: String,
    prompt: Option<String>,
    image_bytes: Option<usize>,
    seed: u64,
    profile: &'static str,
    created: SystemTime,
    cancelled: CancellationToken,
    status: Mutex<Status>,
    /// The number of the newest event.
    newest: watch::Sender<u64>,
}

struct Status {
    state: JobState,
    started: Option<SystemTime>,
    finished: Option<(SystemTime, Instant)>,
    progress: Option<StageView>,
    candidates: Vec<Candidate>,
    error: Option<String>,
    result: Option<(ResultView, Assets)>,
    is_fetched: bool,
    events: VecDeque<(u64, Event)>,
}

/// What came of a job.
#[derive(Debug, Clone)]
pub(crate) struct Assets {
    pub(crate) ply: Bytes,
    pub(crate) spz: Bytes,
    pub(crate) preview: Option<Bytes>,
    pub(crate) known: Known,
}

/// What happened to a job.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// It came to this state; the job is shown as it is when this is read.
    State(JobState),
    Progress(StageView),
    Candidate(Candidate),
}

impl Job {
    pub(crate) fn new(order: &Order) -> Self {
        let (prompt, image_bytes) = match &order.prompt {
            Prompt::Text(text) => (Some(text.clone()), None),
            Prompt::Image(bytes) => (None, Some(bytes.len())),
        };
        let job = Self {
            id: format!("{:032x}", rand::random::<u128>()),
            prompt,
            image_bytes,
            seed: order.seed,
            profile: order.profile.name,
            created: SystemTime::now(),
            cancelled: CancellationToken::new(),
            status: Mutex::new(Status {
                state: JobState::Queued,
                started: None,
                finished: None,
                progress: None,
                candidates: Vec::new(),
                error: None,
                result: None,
                is_fetched: false,
                events: VecDeque::new(),
            }),
            newest: watch::Sender::new(0),
        };
        job.tell(&mut job.status(), Event::State(JobState::Queued));
        job
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, status: &mut Status, event: Event) {
        self.newest.send_modify(|newest| {
            *newest += 1;
            if status.events.len() == EVENTS {
                status.events.pop_front();
            }
            status.events.push_back((*newest, event));
        });
    }

    /// What happens, for the record and for whoever follows.
    pub(crate) fn note(&self, progress: &Progress<'_>) {
        let status = &mut *self.status();
        if status.state.is_finished() {
            return;
        }
        let event = match progress {
            Progress::Started => {
                status.state = JobState::Running;
                status.started = Some(SystemTime::now());
                Event::State(JobState::Running)
            }
            Progress::Step(Step::Generation(GenerationEvent::Progress { stage, done, total })) => {
                let stage = StageView {
                    stage: (*stage).to_owned(),
                    done: *done,
                    total: *total,
                };
                status.progress = Some(stage.clone());
                Event::Progress(stage)
            }
            Progress::Step(Step::Generation(GenerationEvent::Candidate(_))) => return,
            Progress::Step(Step::Judged { seed, verdict }) => {
                let candidate = Candidate {
                    seed: *seed,
                    pass: verdict.pass,
                    score: verdict.score,
                    summary: verdict.summary(),
                };
                status.candidates.push(candidate.clone());
                Event::Candidate(candidate)
            }
        };
        self.tell(status, event);
    }

    fn finish(&self, state: JobState, fill: impl FnOnce(&mut Status)) -> bool {
        let status = &mut *self.status();
        if status.state.is_finished() {
            return false;
        }
        status.state = state;
        status.finished = Some((SystemTime::now(), Instant::now()));
        status.progress = None;
        fill(status);
        self.tell(status, Event::State(state));
        true
    }

    /// Something came of it. False if it was cancelled meanwhile.
    pub(crate) fn succeed(&self, view: ResultView, assets: Assets) -> bool {
        self.finish(JobState::Done, |status| {
            status.result = Some((view, assets));
        })
    }

    /// Nothing came of it.
    pub(crate) fn fail(&self, reason: String) {
        self.finish(JobState::Failed, |status| status.error = Some(reason));
    }

    /// Nobody wants it any more. False if it is finished already.
    pub(crate) fn cancel(&self) -> bool {
        let is_cancelled = self.finish(JobState::Cancelled, |_| {});
        self.cancelled.cancel();
        is_cancelled
    }

    /// Completes when nobody wants it any more.
    pub(crate) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    pub(crate) fn state(&self) -> JobState {
        self.status().state
    }

    /// Since when it is finished.
    pub(crate) fn finished(&self) -> Option<Instant> {
        self.status().finished.map(|(_, since)| since)
    }

    /// Whether it has a result that nobody has fetched.
    pub(crate) fn is_owed(&self) -> bool {
        let status = self.status();
        status.state == JobState::Done && !status.is_fetched
    }

    /// Lets go of what came of it, whoever still follows the job.
    pub(crate) fn let_go(&self) {
        self.status().result = None;
    }

    /// Bytes of what came of it.
    pub(crate) fn bytes(&self) -> usize {
        let status = self.status();
        let assets = status.result.as_ref().map(|(_, assets)| assets);
        assets.map_or(0, |assets| {
            let preview = assets.preview.as_ref().map_or(0, Bytes::len);
            assets.ply.len() + assets.spz.len() + preview
        })
    }

    /// What came of it, for whoever fetches it; else where it stands, and why.
    pub(crate) fn fetch(&self) -> Result<Assets, (JobState, Option<String>)> {
        let mut status = self.status();
        match &status.result {
            Some((_, assets)) => {
                let assets = assets.clone();
                status.is_fetched = true;
                Ok(assets)
            }
            None => Err((status.state, status.error.clone())),
        }
    }

    /// The job as it is now.
    pub(crate) fn view(&self) -> JobView {
        let status = self.status();
        JobView {
            id: self.id.clone(),
            state: status.state,
            prompt: self.prompt.clone(),
            image_bytes: self.image_bytes,
            seed: self.seed,
            profile: self.profile,
            created: seconds(self.created),
            started: status.started.map(seconds),
            finished: status.finished.map(|(time, _)| seconds(time)),
            progress: status.progress.clone(),
            candidates: status.candidates.clone(),
            result: status.result.as_ref().map(|(view, _)| view.clone()),
            error: status.error.clone(),
            links: Links::of(&self.id),
        }
    }

    /// The first event after the one of this number that is still known, with its own.
    pub(crate) fn event_after(&self, number: u64) -> Option<(u64, Event)> {
        let status = self.status();
        let next = status.events.iter().find(|(known, _)| *known > number);
        next.cloned()
    }

    /// Where whoever follows learns that there is a newer event.
    pub(crate) fn follow(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}
