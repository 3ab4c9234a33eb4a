//! One generator at work: leases a task, makes a cloud that passes, hands it on, takes the next.
//!
//! Writing happens beside the loop, so that the generator never waits for a disk. A generator that
//! fails rests longer each time while its task goes to another; while it rests, or says that it could
//! begin nothing, no task is pulled on its account.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generate::best_of::{Chosen, Step, best_of};
use generate::{GenerateError, GenerationEvent, Generator, MOST_CANDIDATES, Recipe, Request};
use judge::Prompt;
use subnet17::TaskKind;
use tokio::task::JoinSet;

use crate::backoff::Backoff;
use crate::clock;
use crate::context::Context;
use crate::event::{Activity, Event};
use crate::finish::{self, Finished};
use crate::ledger::{OpenTask, TaskKey};
use crate::planner::{Bench, Lease, Order};
use crate::weigher::Weighing;

/// Tasks in hand per generator that can work: one being made, one ready to be begun.
pub(crate) const PLACES_PER_GENERATOR: usize = 2;

/// How often a generator without work is asked whether it could begin some.
const LOOK: Duration = Duration::from_secs(30);

/// What a generator may take to say so before people are told that it is waited for.
const MOMENT: Duration = Duration::from_millis(500);

/// How many rounds of candidates are made before an answer is left empty.
const MOST_ROUNDS: u32 = 3;

/// One generator and its number.
#[derive(Clone)]
pub(crate) struct Device {
    pub number: usize,
    pub generator: Arc<dyn Generator>,
    pub context: Arc<Context>,
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

/// Tells a generator that fails from a task that makes generators fail.
struct Health {
    backoff: Backoff,
    last_failed: Option<TaskKey>,
    /// Whether it failed on different tasks in a row: then it is not the tasks.
    at_fault: bool,
}

impl Device {
    /// Works until told to stop, or until the generator has stopped.
    pub(crate) async fn run(self) {
        let stop = self.context.stop.clone();
        let mut finishing = JoinSet::new();
        let mut health = Health::new(self.context.config.generator_rest);
        let mut pace = Duration::ZERO;
        let mut bench = None;
        loop {
            self.reap(&mut finishing);
            self.report(Activity::Idle);
            let Some(lease) = stop.run_until_cancelled(self.lease(pace, &mut bench)).await else {
                break;
            };
            let begun = Instant::now();
            match stop.run_until_cancelled(self.work(lease)).await {
                None => break,
                Some(Work::Done(lease, finished)) => {
                    pace = blended(pace, begun.elapsed());
                    health = Health::new(self.context.config.generator_rest);
                    finishing.spawn(self.finish(lease, finished));
                }
                Some(Work::GivenUp(lease, finished)) => {
                    finishing.spawn(self.finish(lease, finished));
                }
                Some(Work::Failed(lease, reason)) => {
                    bench = None;
                    let rest = health.failed(lease);
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
                    break;
                }
            }
        }
        drop(bench);
        // What is made already is worth the moment it takes to write it down.
        while finishing.join_next().await.is_some() {}
        self.report(Activity::Stopped);
    }

    /// The next task, once the generator can begin one. Of generators that wait, the one that has taken
    /// least for its answers goes first.
    async fn lease(&self, pace: Duration, bench: &mut Option<Bench>) -> Lease {
        let planner = &self.context.planner;
        loop {
            self.vacancy(bench).await;
            bench.get_or_insert_with(|| planner.bench(PLACES_PER_GENERATOR));
            let lease = planner.lease_by_pace(pace);
            if let Ok(lease) = tokio::time::timeout(LOOK, lease).await {
                return lease;
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

    fn report(&self, activity: Activity) {
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

    fn generating(&self, order: &Order, stage: &'static str, done: u32, total: u32) -> Activity {
        Activity::Generating {
            uid: order.uid,
            task: order.task.id.clone(),
            stage,
            done,
            total,
        }
    }

    /// Rounds of candidates, until one passes or time costs something.
    async fn make(&self, order: &Order) -> Result<Finished, GenerateError> {
        let started = Instant::now();
        let prompt = decode_prompt(&order.task).await?;
        let deadline = started + self.slack(order);
        let mut round = 0;
        loop {
            let request = Request {
                prompt: prompt.clone(),
                seed: seed(&order.task, order.leases, round),
                candidates: self.context.config.candidates,
                deadline: Some(deadline),
            };
            let chosen = self.best(order, request).await?;
            round += 1;
            let weighing = self.weighed(order, &chosen).await;
            if weighing.map_or_else(|| chosen.passes(), |weighing| weighing.sends) {
                return Ok(Finished::Cloud {
                    chosen: Box::new(chosen),
                    made_in: started.elapsed(),
                });
            }
            if round >= MOST_ROUNDS || Instant::now() >= deadline {
                let verdict = chosen.verdict.as_ref();
                let reason = weighing.map_or_else(
                    || verdict.map_or_else(String::new, |verdict| verdict.summary()),
                    |weighing| weighing.in_words(),
                );
                let recipe = chosen.candidate.recipe;
                return Ok(Finished::Empty { reason, recipe });
            }
        }
    }

    /// What the cloud's score is worth at this validator; `None` where the verdict alone decides.
    async fn weighed(&self, order: &Order, chosen: &Chosen) -> Option<Weighing> {
        let verdict = chosen.verdict.as_deref()?;
        let context = &self.context;
        let weighing = context
            .weigher
            .weigh(&context.ledger, &order.task, verdict)
            .await;
        let weighing = weighing.unwrap_or_else(|error| {
            let what = "what validators' answers teach cannot be read";
            context.alarm(Some(order.uid), format!("{what}: {error}"));
            None
        })?;
        context.events.emit(Event::Weighed {
            uid: order.uid,
            task: order.task.id.clone(),
            weighing,
        });
        Some(weighing)
    }

    /// How long this task can be worked on for nothing, less what encoding and sending take.
    fn slack(&self, order: &Order) -> Duration {
        clock::remaining(order.answer_by()).saturating_sub(order.task.throttle / 6)
    }

    async fn best(&self, order: &Order, request: Request) -> Result<Chosen, GenerateError> {
        let context = &self.context;
        let limit = context.config.generation_timeout;
        let generation = best_of(
            self.generator.as_ref(),
            context.judge.as_ref(),
            request,
            &context.config.profile,
            |step| self.on_step(order, &step),
        );
        tokio::time::timeout(limit, generation)
            .await
            .map_err(|_| GenerateError::Backend {
                backend: self.generator.label().to_owned(),
                reason: format!("made nothing in {} s", limit.as_secs()),
            })?
    }

    fn on_step(&self, order: &Order, step: &Step<'_>) {
        match step {
            Step::Generation(GenerationEvent::Progress { stage, done, total }) => {
                self.report(self.generating(order, stage, *done, *total));
            }
            Step::Generation(GenerationEvent::Candidate(_)) => {
                if self.context.judge.is_some() {
                    self.report(self.generating(order, "judging", 0, 1));
                }
            }
            Step::Judged { seed, verdict } => self.context.events.emit(Event::Judged {
                uid: order.uid,
                task: order.task.id.clone(),
                device: self.number,
                seed: *seed,
                verdict: Arc::new((*verdict).clone()),
            }),
        }
    }
}

impl Health {
    fn new(first_rest: Duration) -> Self {
        Self {
            backoff: Backoff::new(first_rest, first_rest * 60),
            last_failed: None,
            at_fault: false,
        }
    }

    /// Puts the task back and says how long the generator rests.
    fn failed(&mut self, lease: Lease) -> Duration {
        let task = lease.order().map(|order| order.task.key);
        self.at_fault |= self.last_failed.is_some() && self.last_failed != task;
        self.last_failed = task;
        if self.at_fault {
            lease.give_back();
        } else {
            drop(lease);
        }
        self.backoff.fail()
    }
}

/// An answer of which nothing was made.
fn nothing(reason: String) -> Finished {
    Finished::Empty {
        reason,
        recipe: Recipe::default(),
    }
}

/// The time an answer takes, of which the newest counts a third; zero is not known yet.
fn blended(known: Duration, newest: Duration) -> Duration {
    if known.is_zero() {
        newest
    } else {
        (known * 2 + newest) / 3
    }
}

async fn decode_prompt(task: &OpenTask) -> Result<Prompt, GenerateError> {
    let text = Arc::clone(&task.prompt);
    if task.kind == TaskKind::Text {
        return Ok(Prompt::Text(text.to_string()));
    }
    // An image is megabytes of base64.
    tokio::task::spawn_blocking(move || STANDARD.decode(text.as_bytes()))
        .await
        .map_err(|error| GenerateError::Prompt(error.to_string()))?
        .map(|bytes| Prompt::Image(bytes.into()))
        .map_err(|error| GenerateError::Prompt(format!("the image is no base64: {error}")))
}

/// The same task gives the same cloud, another round or another lease another one. Begins with the
/// seed the task asks for, else with one made of its id (FNV-1a); kept to 31 bits because some
/// backends take a signed 32-bit seed. Candidate `n` of an attempt has the seed `n` further on, and how
/// many there are is not known before the prompt is classed: attempts lie as far apart as there can ever
/// be candidates.
fn seed(task: &OpenTask, lease: u32, round: u32) -> u64 {
    let first = task.wanted_seed.unwrap_or_else(|| {
        task.id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
    });
    let step = u64::from(lease.saturating_sub(1)) * u64::from(MOST_ROUNDS) + u64::from(round);
    first.wrapping_add(step * u64::from(MOST_CANDIDATES)) & 0x7fff_ffff
}

#[cfg(test)]
mod tests;
