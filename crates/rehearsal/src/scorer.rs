//! The scoring room all validators share: one asset at a time, as in the real, single-threaded
//! service, on blocking threads, and never the same bytes for the same prompt twice; where the judge has no
//! networks, which alone look at a prompt, never the same bytes twice. As the real validators, these wait
//! for it so long and no longer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
/// And of how many of them the views, 13 MB each.
const REMEMBERED_VIEWS: usize = 4;
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
    /// The views it is about; none when the score was remembered from much earlier.
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
    room: Arc<Semaphore>,
    patience: Duration,
    memory: Mutex<Memory>,
}

impl Scorer {
    /// Scores by `judge`; validators wait for `patience`, their turn included.
    pub(crate) fn new(judge: Arc<Judge>, patience: Duration) -> Self {
        Self {
            judge,
            room: Arc::new(Semaphore::new(1)),
            patience,
            memory: Mutex::default(),
        }
    }

    /// Scores the base64 of a 404 SPZ against its task, once the room is free; `None` if that takes too
    /// long.
    pub(crate) async fn score(self: &Arc<Self>, task: Task, results: Arc<str>) -> Option<Scoring> {
        let scoring = self.score_at_leisure(task, results);
        let scoring = tokio::time::timeout(self.patience, scoring).await;
        if scoring.is_err() {
            let patience = self.patience.as_secs_f64();
            tracing::warn!("a submission was not scored within {patience} s: this machine is busy");
        }
        scoring.ok()
    }

    async fn score_at_leisure(self: &Arc<Self>, task: Task, results: Arc<str>) -> Scoring {
        let Ok(turn) = Arc::clone(&self.room).acquire_owned().await else {
            return Scoring::unreadable("the scoring room is closed");
        };
        let scorer = Arc::clone(self);
        let scoring = tokio::task::spawn_blocking(move || {
            // Taken along: whoever stops waiting does not make the room free.
            let _turn = turn;
            scorer.score_now(&task, &results)
        });
        let scoring = scoring.await;
        scoring.unwrap_or_else(|_| Scoring::unreadable("scoring broke off"))
    }

    fn score_now(&self, task: &Task, results: &str) -> Scoring {
        let key = self.key(task, results);
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

    /// What a score depends on.
    fn key(&self, task: &Task, results: &str) -> Key {
        let mut hasher = Blake2b::<U32>::new();
        if self.judge.scores() {
            hasher.update([u8::from(task.kind == TaskKind::Image)]);
            hasher.update((task.prompt.len() as u64).to_le_bytes());
            hasher.update(task.prompt.as_bytes());
        }
        hasher.update(results.as_bytes());
        hasher.finalize().into()
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

/// The last scores.
#[derive(Default)]
struct Memory {
    /// Without their views.
    scores: HashMap<Key, Scoring>,
    order: VecDeque<Key>,
    views: VecDeque<(Key, Vec<Image>)>,
}

impl Memory {
    fn get(&self, key: &Key) -> Option<Scoring> {
        let scoring = self.scores.get(key)?.clone();
        let mut views = self.views.iter().filter(|(of, _)| of == key);
        let views = views.next().map(|(_, views)| views.clone());
        Some(Scoring {
            views: views.unwrap_or_default(),
            ..scoring
        })
    }

    fn put(&mut self, key: Key, scoring: &Scoring) {
        let remembered = Scoring {
            score: scoring.score,
            basis: scoring.basis,
            verdict: scoring.verdict.clone(),
            views: Vec::new(),
        };
        if !scoring.views.is_empty() {
            self.views.push_back((key, scoring.views.clone()));
        }
        if self.views.len() > REMEMBERED_VIEWS {
            self.views.pop_front();
        }
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_for_a_score_than_the_real_validators() {
        let patience = Duration::from_secs(300);
        let scorer = Arc::new(Scorer::new(Arc::default(), patience));
        let task = || Task::text("1", "a chair");
        let began = Instant::now();
        let busy = Arc::clone(&scorer.room).acquire_owned().await;
        assert!(scorer.score(task(), "AAAA".into()).await.is_none());
        assert_eq!(began.elapsed(), patience);
        drop(busy);
        let scoring = scorer.score(task(), "!".into()).await;
        assert_eq!(scoring.map(|scoring| scoring.score), Some(0.0));
    }

    #[test]
    fn scores_are_remembered_for_long_and_views_for_a_while() {
        let scoring = |grey| Scoring {
            score: f64::from(grey),
            basis: ScoreBasis::GatesAndViewConsistency,
            verdict: None,
            views: vec![Image {
                width: 1,
                height: 1,
                rgb: vec![grey; 3],
            }],
        };
        let mut memory = Memory::default();
        for number in 0..=255 {
            memory.put([number; 32], &scoring(number));
        }
        let known = |number| {
            let known = memory.get(&[number; 32]).unwrap();
            (known.score, known.views.first().map(|view| view.rgb[0]))
        };
        assert_eq!(known(0), (0.0, None));
        assert_eq!(known(251), (251.0, None));
        assert_eq!(known(252), (252.0, Some(252)));
        assert_eq!(known(255), (255.0, Some(255)));
        let mut another = [0; 32];
        another[0] = 1;
        memory.put(another, &scoring(1));
        assert!(memory.get(&[0; 32]).is_none());
    }

    #[tokio::test]
    async fn without_networks_the_same_bytes_are_looked_at_once() {
        let scorer = Arc::new(Scorer::new(Arc::default(), Duration::from_secs(300)));
        let one = splat::Splat {
            position: [0.0; 3],
            log_scale: [-3.0; 3],
            rotation: [1.0, 0.0, 0.0, 0.0],
            opacity_logit: 2.0,
            colour: [1.0, 0.0, 0.0],
        };
        let asset = splat::spz::encode(&[one].into_iter().collect(), splat::spz::Level::new(1));
        let results: Arc<str> = STANDARD.encode(asset.unwrap()).into();
        let mut judged = Vec::new();
        for prompt in ["a chair", "a boat"] {
            let task = Task::text("1", prompt);
            judged.extend(scorer.score(task, Arc::clone(&results)).await);
        }
        assert!(judged[0].verdict.is_some());
        assert_eq!(judged[0].verdict, judged[1].verdict);
        assert_eq!(scorer.memory().scores.len(), 1);
        let broken = scorer.score(Task::text("1", "a chair"), "?".into()).await;
        assert!(broken.is_some_and(|scoring| scoring.verdict.is_none()));
        assert_eq!(scorer.memory().scores.len(), 2);
    }
}
