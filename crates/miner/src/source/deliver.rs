//! Delivering: an answer goes out once, and again only when it is certain that it did not arrive.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::CallError;
use subnet17::{Rules, SubmitResults, licence};

use super::{Flow, Patience, Source};
use crate::clock::{self, UnixMillis};
use crate::context::blocking;
use crate::event::{Event, Outcome, SourceState};
use crate::ledger::{Answer, OpenTask, Receipt};

impl Source {
    /// Sends the answer of a task that is `ready`.
    pub(super) async fn deliver(&mut self, task: OpenTask) -> Flow {
        let Some(results) = self.load(&task).await else {
            return Flow::Continue(());
        };
        let mut signed_again = false;
        loop {
            let message = self.sign(&task, Arc::clone(&results)).await;
            let (context, key) = (Arc::clone(&self.context), task.key);
            let Some(attempt) = context
                .insist("recording a submission", || {
                    context.ledger.begin_sending(key, clock::now())
                })
                .await
            else {
                return Flow::Continue(());
            };
            self.report(SourceState::Submitting {
                task: task.id.clone(),
            });
            context.events.emit(Event::Submitting {
                uid: self.uid,
                task: task.id.clone(),
                attempt,
                since_pull_ms: (clock::now() - task.pulled_at) as f64,
            });
            let timeout = context.config.submit_timeout;
            match context.dendrite.call(&self.target, &message, timeout).await {
                Ok(reply) => return self.replied(&task, attempt, reply).await,
                // Signed too long ago, after a pause of the machine perhaps: once is bad luck.
                Err(CallError::Answered { status: 401, .. }) if !signed_again => {
                    signed_again = true;
                    self.take_back(&task, attempt, "the signature was refused".to_owned())
                        .await;
                }
                Err(error) if error.certainly_not_processed() => {
                    return self.failed(&task, attempt, &error).await;
                }
                Err(error) => {
                    let until_ms = self.worst_cooldown();
                    return self
                        .doubt(&task, attempt, until_ms, error.to_string())
                        .await;
                }
            }
        }
    }

    /// The base64 that goes on the wire. `None` when the asset is gone and has to be made again.
    async fn load(&self, task: &OpenTask) -> Option<Arc<str>> {
        let Answer::Asset(name) = &task.answer else {
            return Some("".into());
        };
        let context = Arc::clone(&self.context);
        let loaded = context
            .insist("reading an asset", || {
                let (assets, name) = (context.assets.clone(), name.clone());
                blocking(move || match assets.read(&name) {
                    Ok(bytes) => Ok(Some(Arc::<str>::from(STANDARD.encode(bytes)))),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                })
            })
            .await;
        if loaded.is_none() {
            self.alarm(format!("the asset {name} is gone: it is made again"));
            let key = task.key;
            context
                .insist("recording a lost asset", || context.ledger.unmake(key))
                .await;
        }
        loaded
    }

    /// Signs the licence for this moment. An image's prompt is megabytes to hash.
    async fn sign(&self, task: &OpenTask, results: Arc<str>) -> SubmitResults {
        let context = Arc::clone(&self.context);
        let validator = self.target.hotkey;
        context
            .insist("signing an answer", || {
                let keypair = Arc::clone(&context.keypair);
                let (prompt, task_id) = (Arc::clone(&task.prompt), task.id.clone());
                let results = Arc::clone(&results);
                blocking(move || {
                    let submit_time = unix_nanos();
                    let signature = licence::sign(&keypair, submit_time, &prompt, &validator);
                    Ok(SubmitResults::new(task_id, results, submit_time, signature))
                })
            })
            .await
    }

    async fn replied(&mut self, task: &OpenTask, attempt: u32, reply: SubmitResults) -> Flow {
        let (outcome, score) = judge_reply(task, &reply);
        if was_ignored(outcome, &reply) {
            let until_ms = clock::now() + clock::millis(self.context.config.rules.validation_lock);
            let reason = "the validator ignored the answer".to_owned();
            return self.doubt(task, attempt, until_ms, reason).await;
        }
        let receipt = Receipt {
            outcome,
            score,
            feedback: reply
                .feedback
                .as_ref()
                .and_then(|feedback| serde_json::to_string(feedback).ok()),
            cooldown_until: self.cooldown_until(reply.cooldown_until),
        };
        let context = Arc::clone(&self.context);
        let (hotkey, key) = (self.target.hotkey, task.key);
        let doubled = context
            .insist("recording feedback", || {
                context
                    .ledger
                    .record_answer(hotkey, key, attempt, receipt.clone())
            })
            .await;
        self.backoff.reset();
        self.reservation = None;
        context.quota.answered();
        context.events.emit(Event::Answered {
            uid: self.uid,
            task: task.id.clone(),
            outcome,
            score,
            took_ms: Some((clock::now() - task.pulled_at) as f64),
            cooldown_until_ms: receipt.cooldown_until,
        });
        if doubled {
            context.events.emit(Event::Doubled {
                uid: self.uid,
                task: task.id.clone(),
            });
        }
        Flow::Continue(())
    }

    /// It certainly was not processed: waits, and tries again. A validator that was reached and said
    /// no is first asked what it wants.
    async fn failed(&mut self, task: &OpenTask, attempt: u32, error: &CallError) -> Flow {
        self.take_back(task, attempt, error.to_string()).await;
        if let CallError::Answered { status, message } = error {
            self.ask_first = true;
            self.alarm(format!(
                "the validator refused an answer: {status} {message}"
            ));
        }
        let until_ms = clock::now() + clock::millis(self.backoff.fail());
        self.context.events.emit(Event::SubmitFailed {
            uid: self.uid,
            task: task.id.clone(),
            reason: error.to_string(),
            retry_at_ms: until_ms,
        });
        self.rest(
            SourceState::BackingOff { until_ms },
            until_ms,
            Patience::Deliver,
        )
        .await
    }

    async fn take_back(&self, task: &OpenTask, attempt: u32, reason: String) {
        let (context, key) = (Arc::clone(&self.context), task.key);
        context
            .insist("recording a failed submission", || {
                context.ledger.not_sent(key, attempt, reason.clone())
            })
            .await;
    }

    /// The end of the worst cooldown that the validator may have set, counted from now: until this
    /// moment it may still have been at it.
    fn worst_cooldown(&self) -> UnixMillis {
        clock::now() + clock::millis(doubt_wait(&self.context.config.rules))
    }

    /// Nobody knows whether it arrived. Until `until_ms` the validator is left alone; then a pull
    /// tells.
    async fn doubt(
        &mut self,
        task: &OpenTask,
        attempt: u32,
        until_ms: UnixMillis,
        reason: String,
    ) -> Flow {
        let (context, key) = (Arc::clone(&self.context), task.key);
        context
            .insist("recording a doubt", || {
                context.ledger.doubt(key, attempt, until_ms, reason.clone())
            })
            .await;
        self.reservation = None;
        context.events.emit(Event::InDoubt {
            uid: self.uid,
            task: task.id.clone(),
            reason,
            until_ms,
        });
        Flow::Continue(())
    }

    /// The ledger says `sending` though nothing is being sent: this source crashed on the way.
    pub(super) async fn doubt_unfinished(&mut self, task: OpenTask) -> Flow {
        let reason = "interrupted while sending".to_owned();
        let until_ms = self.worst_cooldown();
        self.doubt(&task, task.attempts, until_ms, reason).await
    }
}

/// How long the worst cooldown is that an answer can bring.
pub(crate) fn doubt_wait(rules: &Rules) -> Duration {
    Duration::try_from_secs_f64(rules.in_doubt_until(0.0)).unwrap_or(Duration::MAX)
}

/// Whether a validator let an answer fall without dealing with it: it does so while its validation
/// lock holds, and soon after an accepted answer. It tells such an answer 0 as it does a rejected one,
/// but sets no cooldown.
fn was_ignored(outcome: Outcome, reply: &SubmitResults) -> bool {
    outcome == Outcome::Rejected && reply.cooldown_until.saturating_mul(1000) <= clock::now()
}

fn judge_reply(task: &OpenTask, reply: &SubmitResults) -> (Outcome, Option<f64>) {
    if task.answer == Answer::Empty {
        return (Outcome::Skipped, None);
    }
    match &reply.feedback {
        None => (Outcome::Unscored, None),
        Some(feedback) if feedback.validation_failed => (Outcome::Unscored, None),
        Some(feedback) => {
            let score = feedback.task_fidelity_score;
            if score >= task.threshold {
                (Outcome::Accepted, Some(score))
            } else {
                (Outcome::Rejected, Some(score))
            }
        }
    }
}

fn unix_nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| {
            u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
        })
}
