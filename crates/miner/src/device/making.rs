//! What one hand makes of one task: candidates, judged and weighed, until one is worth sending.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generate::best_of::{Chosen, Step, best_of};
use generate::{GenerateError, GenerationEvent, MOST_CANDIDATES, Request};
use judge::Prompt;
use subnet17::TaskKind;

use super::hand::Hand;
use crate::clock;
use crate::event::Event;
use crate::finish::Finished;
use crate::ledger::OpenTask;
use crate::planner::Order;
use crate::weigher::Weighing;

/// How many rounds of candidates are made before an answer is left empty.
const MOST_ROUNDS: u32 = 3;

impl Hand {
    /// Rounds of candidates, until one passes or time costs something.
    pub(super) async fn make(&self, order: &Order) -> Result<Finished, GenerateError> {
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
mod tests {
    use super::*;
    use crate::planner::tests::task;

    #[test]
    fn seeds_differ_by_task_round_and_lease_and_fit_31_bits() {
        let mut seeds = std::collections::HashSet::new();
        for key in [1, 2] {
            let task = task(key);
            for lease in 1..=3 {
                for round in 0..MOST_ROUNDS {
                    let first = seed(&task, lease, round);
                    assert!(first < 1 << 31);
                    seeds.extend((0..MOST_CANDIDATES).map(|number| first + u64::from(number)));
                }
            }
        }
        assert_eq!(seeds.len(), 18 * MOST_CANDIDATES as usize);
        assert_eq!(seed(&task(1), 1, 0), seed(&task(1), 1, 0));
        let wanted = OpenTask {
            wanted_seed: Some(42),
            ..task(1)
        };
        assert_eq!(seed(&wanted, 1, 0), 42);
        assert_eq!(seed(&wanted, 1, 1), 42 + 64);
    }
}
