//! The choice among candidates, with the real judge and a backend that does as it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::ball;
use generate::{
    Candidate, GenerateError, Generation, GenerationEvent, Generator, Request,
    best_of::{Chosen, Step, best_of},
};
use judge::{Judge, Prompt};
use splat::{Cloud, Container, Frame, OutputProfile, Splat};
use tokio::sync::Notify;

/// What the backend does next.
#[derive(Clone)]
enum Act {
    Make(Box<Cloud>),
    Fail,
    /// Nothing more until nobody listens.
    Hang,
}

/// Plays its acts in order; between candidates it keeps to the deadline, as a backend must.
#[derive(Default)]
struct Scripted {
    acts: Vec<Act>,
    started: Notify,
    cancelled: Arc<Notify>,
    requests: Mutex<Vec<Request>>,
}

impl Scripted {
    fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: acts.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl Generator for Scripted {
    fn label(&self) -> &str {
        "scripted"
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let (acts, cancelled) = (self.acts.clone(), Arc::clone(&self.cancelled));
        self.requests.lock().unwrap().push(request.clone());
        self.started.notify_one();
        tokio::spawn(async move {
            let mut number = 0;
            for act in acts {
                let late = request
                    .deadline
                    .is_some_and(|deadline| Instant::now() >= deadline);
                if number > 0 && late {
                    return;
                }
                let event = match act {
                    Act::Make(cloud) => {
                        let seed = request.seed.wrapping_add(number);
                        number += 1;
                        Ok(GenerationEvent::Candidate(Box::new(candidate(
                            *cloud, seed,
                        ))))
                    }
                    Act::Fail => Err(GenerateError::Backend {
                        backend: "scripted".to_owned(),
                        reason: "out of clay".to_owned(),
                    }),
                    Act::Hang => {
                        sink.cancelled().await;
                        cancelled.notify_one();
                        return;
                    }
                };
                sink.send(event).await;
            }
        });
        generation
    }
}

fn candidate(cloud: Cloud, seed: u64) -> Candidate {
    Candidate {
        cloud,
        frame: Frame::YDown,
        seed,
        elapsed: Duration::ZERO,
        notes: Vec::new(),
        recipe: generate::Recipe::default(),
        stages: Vec::new(),
    }
}

fn make(cloud: Cloud) -> Act {
    Act::Make(Box::new(cloud))
}

/// A ball with one opacity throughout, as networks that have come apart write it.
fn degenerate_ball() -> Cloud {
    let opaque = |splat| Splat {
        opacity_logit: 3.0,
        ..splat
    };
    ball().iter().map(opaque).collect()
}

fn request(candidates: u32) -> Request {
    Request {
        prompt: Prompt::Text("red ball".to_owned()),
        seed: u64::MAX,
        candidates: Some(candidates),
        deadline: None,
    }
}

/// The choice, and every judged seed with whether it passed, in order.
async fn choose(
    scripted: &Scripted,
    request: Request,
) -> (Result<Chosen, GenerateError>, Vec<(u64, bool)>) {
    let judge = Arc::new(Judge::default());
    let mut judged = Vec::new();
    let chosen = best_of(
        scripted,
        Some(&judge),
        request,
        &OutputProfile::PULL_2025,
        |step| {
            if let Step::Judged { seed, verdict } = step {
                judged.push((seed, verdict.pass));
            }
        },
    )
    .await;
    (chosen, judged)
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(120);
    tokio::time::timeout(patience, future)
        .await
        .expect("it never happened")
}

#[tokio::test]
async fn the_first_that_passes_ends_it() {
    let acts = [make(degenerate_ball()), make(ball()), Act::Hang];
    let scripted = Scripted::new(acts);
    let (chosen, judged) = soon(choose(&scripted, request(3))).await;
    let chosen = chosen.unwrap();
    assert_eq!(judged, [(u64::MAX, false), (0, true)]);
    assert_eq!(chosen.candidate.seed, 0);
    assert!(chosen.passes());
    assert_eq!(chosen.views.len(), 16);
    soon(scripted.cancelled.notified()).await;
}

#[tokio::test]
async fn when_none_passes_the_best_comes_with_its_failing_verdict() {
    // One has too few splats, the other opacities that are all equal.
    let few: Cloud = ball().iter().take(6000).collect();
    let scripted = Scripted::new([few, degenerate_ball()].map(make));
    let (chosen, judged) = soon(choose(&scripted, request(2))).await;
    let chosen = chosen.unwrap();
    assert_eq!(judged, [(u64::MAX, false), (0, false)]);
    assert!(!chosen.passes());
    let verdict = chosen.verdict.unwrap();
    assert!(verdict.failed_gate().is_some());
    let expected = best_by_consistency(&scripted);
    assert_eq!(chosen.candidate.seed, expected);
}

/// The seed of the more consistent cloud of the script, judged here by itself.
fn best_by_consistency(scripted: &Scripted) -> u64 {
    let prompt = request(1).prompt;
    let consistency = |act: &Act| match act {
        Act::Make(cloud) => {
            let cloud = OutputProfile::PULL_2025.apply(Cloud::clone(cloud), Frame::YDown);
            let asset = Container::Spz.write(&cloud).unwrap();
            let (decoded, _) = splat::read(&asset).unwrap();
            let verdict = Judge::default().assess(&decoded, &prompt).verdict;
            verdict.consistency().unwrap()
        }
        Act::Fail | Act::Hang => panic!("only clouds here"),
    };
    let found: Vec<f64> = scripted.acts.iter().map(consistency).collect();
    assert_ne!(found[0], found[1], "the test cannot tell them apart");
    if found[0] > found[1] { u64::MAX } else { 0 }
}

#[tokio::test]
async fn after_the_deadline_what_there_is_counts() {
    let acts = [make(degenerate_ball()), make(ball())];
    let scripted = Scripted::new(acts);
    let deadline = Instant::now();
    let late = Request {
        deadline: Some(deadline),
        ..request(2)
    };
    let (chosen, judged) = soon(choose(&scripted, late)).await;
    let chosen = chosen.unwrap();
    assert_eq!(chosen.candidate.seed, u64::MAX);
    assert!(!chosen.passes());
    assert_eq!(judged.len(), 1);
    let requests = scripted.requests.lock().unwrap();
    assert_eq!(requests[0].deadline, Some(deadline));
    assert_eq!(requests[0].candidates, Some(2));
}

#[tokio::test]
async fn a_failure_after_a_candidate_does_not_lose_it() {
    let scripted = Scripted::new([make(degenerate_ball()), Act::Fail]);
    let (chosen, judged) = soon(choose(&scripted, request(2))).await;
    assert_eq!(chosen.unwrap().candidate.seed, u64::MAX);
    assert_eq!(judged, [(u64::MAX, false)]);
}

#[tokio::test]
async fn a_failure_before_any_candidate_is_the_outcome() {
    let (chosen, judged) = soon(choose(&Scripted::new([Act::Fail]), request(2))).await;
    assert_eq!(chosen.unwrap_err().to_string(), "scripted: out of clay");
    assert!(judged.is_empty());
    let (chosen, _) = soon(choose(&Scripted::new([]), request(2))).await;
    let message = chosen.unwrap_err().to_string();
    assert_eq!(message, "scripted: ended without making anything");
}

#[tokio::test]
async fn dropping_the_choice_cancels_the_backend() {
    let scripted = Arc::new(Scripted::new([Act::Hang]));
    let choosing = tokio::spawn({
        let scripted = Arc::clone(&scripted);
        async move { choose(&scripted, request(1)).await.1 }
    });
    soon(scripted.started.notified()).await;
    choosing.abort();
    soon(scripted.cancelled.notified()).await;
    assert!(soon(choosing).await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn the_asset_decodes_to_the_cloud_that_was_judged() {
    let (chosen, _) = soon(choose(&Scripted::new([make(ball())]), request(1))).await;
    let chosen = chosen.unwrap();
    assert_eq!(chosen.candidate.frame, Frame::YUp);
    let (decoded, container) = splat::read(&chosen.asset).unwrap();
    assert_eq!(container, Container::Spz);
    assert_eq!(decoded.len(), chosen.candidate.cloud.len());
    let again = Container::Spz.write(&chosen.candidate.cloud).unwrap();
    assert_eq!(again, chosen.asset);
    let assessment = Judge::default().assess(&decoded, &request(1).prompt);
    assert_eq!(*chosen.verdict.unwrap(), assessment.verdict);
    assert_eq!(chosen.views, assessment.views);
    // Half a turn leads from the backend's frame to the profile's: what was on top is below.
    let made = ball().get(0).unwrap().position[1];
    let sent = decoded.get(0).unwrap().position[1];
    assert!((made + sent).abs() < 0.01, "{made} was sent as {sent}");
}

#[tokio::test]
async fn without_a_judge_every_cloud_may_be_sent() {
    let scripted = Scripted::new([make(degenerate_ball()), Act::Hang]);
    let profile = OutputProfile::VIEWER;
    let chosen = soon(best_of(&scripted, None, request(2), &profile, |_| ())).await;
    let chosen = chosen.unwrap();
    assert!(chosen.verdict.is_none() && chosen.views.is_empty() && chosen.passes());
    assert_eq!(chosen.candidate.seed, u64::MAX);
    let (decoded, container) = splat::read(&chosen.asset).unwrap();
    assert_eq!(container, Container::Ply);
    assert_eq!(decoded, chosen.candidate.cloud);
    soon(scripted.cancelled.notified()).await;
}
