//! The best of several candidates: made, judged as they will be sent, and no more of them than it
//! takes.
//!
//! Judging one candidate overlaps the making of the next. The judge sees what the interface will
//! decode, not what the backend made: a container rounds, and its rounding is scored.

use std::{
    collections::VecDeque,
    num::NonZero,
    pin::Pin,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use judge::{Judge, Prompt, Verdict};
use render::Image;
use splat::{Cloud, OutputProfile};
use tokio::sync::Semaphore;

use crate::generator::{Candidate, GenerateError, Generation, GenerationEvent, Generator, Request};

/// The candidate that won.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Its cloud is as the profile wants it.
    pub candidate: Candidate,
    /// The same cloud in the profile's container: the very bytes that were judged.
    pub asset: Vec<u8>,
    /// Time it took to encode `asset`.
    pub encoding: Duration,
    /// What the judge found; `None` if there was no judge. It may be a failing one: then no
    /// candidate passed, and whoever asked decides whether to send it all the same.
    pub verdict: Option<Arc<Verdict>>,
    /// The views the verdict rests on.
    pub views: Vec<Image>,
}

/// What happens on the way to a choice.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// The backend reports.
    Generation(&'a GenerationEvent),
    /// A candidate has been judged.
    Judged {
        /// The candidate's seed.
        seed: u64,
        /// What was found.
        verdict: &'a Verdict,
    },
}

/// Makes candidates until one passes, or the request's number or deadline is reached, and returns
/// the best: one that passes before one that does not, then the higher score, then the more
/// consistent views. Without a judge it is the first.
///
/// Dropping the future cancels the generation.
///
/// # Errors
/// When the backend fails, or ends, before there is a single candidate.
pub async fn best_of(
    generator: &dyn Generator,
    judge: Option<&Arc<Judge>>,
    request: Request,
    profile: &OutputProfile,
    mut on_step: impl FnMut(Step<'_>),
) -> Result<Chosen, GenerateError> {
    let prompt = request.prompt.clone();
    let mut bench = Bench {
        judge: judge.cloned(),
        prompt,
        profile: *profile,
        label: generator.label().to_owned(),
        waiting: VecDeque::new(),
        running: None,
    };
    let mut generation = Some(generator.start(request));
    let mut best: Option<Chosen> = None;
    let mut failure: Option<GenerateError> = None;
    while generation.is_some() || bench.is_busy() {
        tokio::select! {
            event = next_of(&mut generation), if generation.is_some() => match event {
                Some(Ok(event)) => {
                    on_step(Step::Generation(&event));
                    if let GenerationEvent::Candidate(candidate) = event {
                        bench.take(*candidate);
                    }
                }
                Some(Err(error)) => {
                    failure = Some(error);
                    generation = None;
                }
                None => generation = None,
            },
            finished = bench.finished(), if bench.is_busy() => match finished {
                Ok(chosen) => {
                    if let Some(verdict) = chosen.verdict.as_deref() {
                        let seed = chosen.candidate.seed;
                        on_step(Step::Judged { seed, verdict });
                    }
                    let good_enough = chosen.passes();
                    best = Some(better(best.take(), chosen));
                    if good_enough {
                        break;
                    }
                }
                Err(error) => failure = Some(error),
            },
        }
    }
    best.ok_or_else(|| {
        failure.unwrap_or_else(|| GenerateError::Backend {
            backend: generator.label().to_owned(),
            reason: "ended without making anything".to_owned(),
        })
    })
}

async fn next_of(
    generation: &mut Option<Generation>,
) -> Option<Result<GenerationEvent, GenerateError>> {
    generation.as_mut()?.next().await
}

impl Chosen {
    /// Whether it may be sent: it passed, or nobody judges.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.verdict.as_ref().is_none_or(|verdict| verdict.pass)
    }

    /// Greater is better.
    fn rank(&self) -> (bool, f64, f64) {
        let verdict = self.verdict.as_deref();
        (
            self.passes(),
            verdict.and_then(|verdict| verdict.score).unwrap_or(0.0),
            verdict.and_then(Verdict::consistency).unwrap_or(0.0),
        )
    }
}

fn better(best: Option<Chosen>, candidate: Chosen) -> Chosen {
    match best {
        Some(best) if best.rank() >= candidate.rank() => best,
        _ => candidate,
    }
}

/// At most as many candidates at once are fitted, encoded and judged as there are cores, however many
/// generators there are: more would be no faster, but take memory, and the cores from whatever has to
/// happen in time.
static CORES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)));

type Finishing = Pin<Box<dyn Future<Output = Result<Chosen, GenerateError>> + Send>>;

/// Where candidates are fitted, encoded and judged, one at a time (the judge uses all cores) and
/// never on an async worker.
struct Bench {
    judge: Option<Arc<Judge>>,
    prompt: Prompt,
    profile: OutputProfile,
    label: String,
    waiting: VecDeque<Candidate>,
    running: Option<Finishing>,
}

impl Bench {
    fn is_busy(&self) -> bool {
        self.running.is_some()
    }

    fn take(&mut self, candidate: Candidate) {
        self.waiting.push_back(candidate);
        self.begin();
    }

    fn begin(&mut self) {
        if self.running.is_some() {
            return;
        }
        let Some(candidate) = self.waiting.pop_front() else {
            return;
        };
        let (judge, prompt) = (self.judge.clone(), self.prompt.clone());
        let (profile, label) = (self.profile, self.label.clone());
        self.running = Some(Box::pin(async move {
            // Never closed; if it were, there would be no reason to wait.
            let _core = CORES.acquire().await.ok();
            let backend = label.clone();
            tokio::task::spawn_blocking(move || {
                finish(candidate, judge.as_deref(), &prompt, profile, label)
            })
            .await
            .unwrap_or_else(|error| {
                Err(GenerateError::Backend {
                    backend,
                    reason: format!("its cloud could not be judged: {error}"),
                })
            })
        }));
    }

    /// The candidate in hand, finished. Cancel-safe: nothing is taken before it is ready.
    async fn finished(&mut self) -> Result<Chosen, GenerateError> {
        let finished = match &mut self.running {
            Some(running) => running.await,
            None => std::future::pending().await,
        };
        self.running = None;
        self.begin();
        finished
    }
}

fn finish(
    mut candidate: Candidate,
    judge: Option<&Judge>,
    prompt: &Prompt,
    profile: OutputProfile,
    backend: String,
) -> Result<Chosen, GenerateError> {
    candidate.cloud = profile.apply(candidate.cloud, candidate.frame);
    candidate.frame = profile.frame;
    let unusable = |reason: String| GenerateError::Backend {
        backend: backend.clone(),
        reason,
    };
    let started = Instant::now();
    let asset = profile
        .container
        .write(&candidate.cloud)
        .map_err(|error| unusable(format!("its cloud cannot be encoded: {error}")))?;
    let encoding = started.elapsed();
    let (verdict, views) = match judge {
        Some(judge) => {
            let (as_decoded, _) = splat::read(&asset)
                .map_err(|error| unusable(format!("its cloud cannot be read back: {error}")))?;
            let assessment = judge.assess(&upright(as_decoded, profile), prompt);
            (Some(Arc::new(assessment.verdict)), assessment.views)
        }
        None => (None, Vec::new()),
    };
    Ok(Chosen {
        candidate,
        asset,
        encoding,
        verdict,
        views,
    })
}

/// A cloud the way the judge's cameras take for upright; its size stays, because it is judged too.
fn upright(cloud: Cloud, profile: OutputProfile) -> Cloud {
    let as_it_is = OutputProfile {
        extent: None,
        ..OutputProfile::PULL_2025
    };
    as_it_is.apply(cloud, profile.frame)
}

#[cfg(test)]
mod tests {
    use splat::{Frame, Splat};

    use super::*;

    #[test]
    fn the_judge_sees_every_profile_the_right_way_up() {
        let made: Cloud = [[0.0, 0.0, 0.0], [0.25, 1.0, 0.125]]
            .into_iter()
            .map(|position| Splat {
                position,
                log_scale: [-3.0; 3],
                rotation: [1.0, 0.0, 0.0, 0.0],
                opacity_logit: 1.0,
                colour: [0.0; 3],
            })
            .collect();
        for profile in OutputProfile::ALL {
            for frame in [Frame::YUp, Frame::YDown] {
                let sent = profile.apply(made.clone(), frame);
                let seen = upright(sent, profile);
                let heights = &seen.columns().positions[1];
                let is_upright = heights[1] > heights[0];
                assert_eq!(is_upright, frame == Frame::YUp, "{profile} from {frame:?}");
                let length = (heights[1] - heights[0]).abs();
                assert_eq!(Some(length), profile.extent, "{profile} from {frame:?}");
            }
        }
    }
}
