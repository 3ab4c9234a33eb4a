//! The scoring room all validators share: one asset at a time, as in the real, single-threaded
//! service, on blocking threads, and never the same bytes for the same prompt twice.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b, Digest as _, digest::consts::U32};
use judge::{Judge, Part, Prompt, Verdict};
use render::Image;
use subnet17::{Task, TaskKind};
use tokio::sync::Semaphore;

use crate::report::ScoreBasis;

/// How many scores are remembered.
const REMEMBERED: usize = 256;
/// A splat cloud of this many bytes of base64 is refused unread, as the real service does.
const LARGEST_RESULT: usize = 500 << 20;

/// What scoring one submission came to.
#[derive(Debug, Clone)]
pub(crate) struct Scoring {
    /// 0 to 1.
    pub(crate) score: f64,
    pub(crate) basis: ScoreBasis,
    /// The judge's opinion; `None` if there was nothing to judge.
    pub(crate) verdict: Option<Verdict>,
    /// The views it is about; none when the score was remembered from an earlier submission.
    pub(crate) views: Vec<Image>,
}

impl Scoring {
    /// The service turns any failure to read a submission into a score of 0.
    fn unreadable(why: &str) -> Self {
        tracing::warn!(why, "a submission cannot be read and scores 0");
        Self {
            score: 0.0,
            basis: ScoreBasis::GatesAndViewConsistency,
            verdict: None,
            views: Vec::new(),
        }
    }
}

type Key = [u8; 32];

/// Scores submissions.
pub(crate) struct Scorer {
    judge: Arc<Judge>,
    room: Semaphore,
    memory: Mutex<Memory>,
}

impl Scorer {
    pub(crate) fn new(judge: Arc<Judge>) -> Self {
        Self {
            judge,
            room: Semaphore::new(1),
            memory: Mutex::default(),
        }
    }

    /// Scores the base64 of a 404 SPZ against its task, once the room is free.
    pub(crate) async fn score(self: &Arc<Self>, task: Task, results: Arc<str>) -> Scoring {
        let Ok(_turn) = self.room.acquire().await else {
            return Scoring::unreadable("the scoring room is closed");
        };
        let scorer = Arc::clone(self);
        let scoring = tokio::task::spawn_blocking(move || scorer.score_now(&task, &results)).await;
        scoring.unwrap_or_else(|_| Scoring::unreadable("scoring broke off"))
    }

    fn score_now(&self, task: &Task, results: &str) -> Scoring {
        let key = key(task, results);
        if let Some(known) = self.memory().get(&key) {
            return known;
        }
        let scoring = self.judge(task, results);
        self.memory().put(key, &scoring);
        scoring
    }

    fn judge(&self, task: &Task, results: &str) -> Scoring {
        if results.len() > LARGEST_RESULT {
            return Scoring::unreadable("it is larger than 500 MB");
        }
        let Ok(packed) = STANDARD.decode(results) else {
            return Scoring::unreadable("it is not base64");
        };
        let cloud = match splat::spz::decode(&packed) {
            Ok(cloud) => cloud,
            Err(error) => return Scoring::unreadable(&error.to_string()),
        };
        drop(packed);
        let Some(prompt) = prompt(task) else {
            return Scoring::unreadable("its task has no readable prompt");
        };
        let assessment = self.judge.assess(&cloud, &prompt);
        let (score, basis) = score(&assessment.verdict);
        Scoring {
            score,
            basis,
            verdict: Some(assessment.verdict),
            views: assessment.views,
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The prompt as the judge takes it.
pub(crate) fn prompt(task: &Task) -> Option<Prompt> {
    match task.kind {
        TaskKind::Text => Some(Prompt::Text(task.prompt.to_string())),
        TaskKind::Image => Some(Prompt::Image(
            STANDARD.decode(task.prompt.as_bytes()).ok()?.into(),
        )),
    }
}

/// The validator's score where its networks are here; else our stand-in: 0 if any gate fails, the
/// judge's own included, since nothing else here would notice an asset that is invisible or dust;
/// otherwise `0.5 + 0.5·σ(35·(ssim − 0.83))`, the validator's own squashing of view consistency over
/// the upper half of the scale. An asset whose adjacent views agree as the validator expects (0.83)
/// scores 0.75; one whose views have little in common stays below 0.6.
fn score(verdict: &Verdict) -> (f64, ScoreBasis) {
    let basis = match verdict.parts.iqa {
        Part::Scored(_) => ScoreBasis::Full,
        Part::NotScored => ScoreBasis::GatesAndViewConsistency,
    };
    let stand_in = || match verdict.consistency() {
        Some(consistency) if verdict.failed_gate().is_none() => 0.5 + 0.5 * consistency,
        _ => 0.0,
    };
    (verdict.score.unwrap_or_else(stand_in), basis)
}

fn key(task: &Task, results: &str) -> Key {
    let mut hasher = Blake2b::<U32>::new();
    hasher.update([u8::from(task.kind == TaskKind::Image)]);
    hasher.update((task.prompt.len() as u64).to_le_bytes());
    hasher.update(task.prompt.as_bytes());
    hasher.update(results.as_bytes());
    hasher.finalize().into()
}

/// The last scores, without their views.
#[derive(Default)]
struct Memory {
    scores: HashMap<Key, Scoring>,
    order: VecDeque<Key>,
}

impl Memory {
    fn get(&self, key: &Key) -> Option<Scoring> {
        self.scores.get(key).cloned()
    }

    fn put(&mut self, key: Key, scoring: &Scoring) {
        let remembered = Scoring {
            views: Vec::new(),
            ..scoring.clone()
        };
        if self.scores.insert(key, remembered).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.scores.remove(&oldest);
        }
    }
}
