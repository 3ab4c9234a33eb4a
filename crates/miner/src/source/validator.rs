//! A validator as a peer: PullTask and SubmitResults over its axon.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{CallError, Target};
use subnet17::{PullTask, Rules, SubmitResults, Task, TaskKind, licence};

use super::peer::{Again, Fate, Manners, Offer, Peer, Trouble};
use crate::clock::{self, UnixMillis};
use crate::context::{Context, blocking};
use crate::event::Outcome;
use crate::ledger::{Answer, Handout, OpenTask, Receipt, SourceId};

/// A validator's clock is set by people: no cooldown beyond this is believed.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(7 * 24 * 3600);
/// A validator's ids are uuids; this is generous.
const LONGEST_ID: usize = 256;
/// The validation service takes at most 1024 characters (three-gen-subnet
/// `validation/server/models.py`); this leaves room for other alphabets.
const LONGEST_TEXT: usize = 16 * 1024;
/// Base64 of an image; beyond it no prompt is meant seriously.
const LONGEST_IMAGE: usize = 32 << 20;
/// No validator means a longer throttle period than this.
const LONGEST_THROTTLE: Duration = Duration::from_secs(3600);

/// A validator and its axon.
pub(crate) struct Validator {
    uid: u16,
    target: Target,
    source: SourceId,
    manners: Manners,
}

impl Validator {
    pub(crate) fn new(uid: u16, target: Target, rules: &Rules) -> Self {
        Self {
            uid,
            target,
            source: target.hotkey.into(),
            manners: Manners {
                hands_out_again: true,
                lifetime: None,
                first_wait: (rules.cooldown / 150).max(Duration::from_millis(250)),
                longest_wait: rules.cooldown.max(Duration::from_secs(5)),
                idle: (rules.cooldown / 15).max(Duration::from_millis(250)),
            },
        }
    }
}

impl Peer for Validator {
    type Packed = Arc<str>;
    type Sealed = SubmitResults;
    type Turn = ();

    fn source(&self) -> &SourceId {
        &self.source
    }

    fn uid(&self) -> u16 {
        self.uid
    }

    fn manners(&self) -> &Manners {
        &self.manners
    }

    async fn turn(&self) {}

    async fn pull(&self, context: &Context) -> Result<Offer, Trouble> {
        let timeout = context.config.pull_timeout;
        let reply = context
            .dendrite
            .call(&self.target, &PullTask::default(), timeout)
            .await
            .map_err(|error| Trouble::passing(error.to_string()))?;
        check(&reply).map_err(Trouble::passing)?;
        let cooldown_until = believed(reply.cooldown_until);
        let violations = reply.cooldown_violations;
        Ok(Offer {
            task: reply
                .task
                .clone()
                .map(|task| handout(task, &reply, cooldown_until)),
            cooldown_until,
            violations,
        })
    }

    /// Base64, as the wire has it.
    fn pack(asset: Option<Vec<u8>>) -> Arc<str> {
        asset.map_or_else(|| "".into(), |bytes| STANDARD.encode(bytes).into())
    }

    /// Signs the licence for this moment. An image's prompt is megabytes to hash.
    async fn seal(&self, context: &Context, task: &OpenTask, packed: Arc<str>) -> SubmitResults {
        let validator = self.target.hotkey;
        context
            .insist("signing an answer", || {
                let keypair = Arc::clone(&context.keypair);
                let (prompt, task_id) = (Arc::clone(&task.prompt), task.id.clone());
                let results = Arc::clone(&packed);
                blocking(move || {
                    let submit_time = unix_nanos();
                    let signature = licence::sign(&keypair, submit_time, &prompt, &validator);
                    Ok(SubmitResults::new(task_id, results, submit_time, signature))
                })
            })
            .await
    }

    fn doubt_until(&self, context: &Context) -> Option<UnixMillis> {
        Some(worst_cooldown(&context.config.rules))
    }

    async fn send(&self, context: &Context, task: &OpenTask, sealed: SubmitResults) -> Fate {
        let timeout = context.config.submit_timeout;
        let rules = &context.config.rules;
        match context.dendrite.call(&self.target, &sealed, timeout).await {
            Ok(reply) => fate(task, &reply, rules),
            // Signed too long ago, after a pause of the machine perhaps: once is bad luck.
            Err(CallError::Answered {
                status: 401,
                message,
            }) => Fate::Unsent {
                reason: format!("answered 401: {message}"),
                again: Again::Now,
                ask_first: true,
                alarm: Some(format!("the validator refused an answer: 401 {message}")),
            },
            Err(CallError::Answered { status, message }) => Fate::Unsent {
                reason: format!("answered {status}: {message}"),
                again: Again::Later,
                // Reached, and it said no: it is first asked what it wants.
                ask_first: true,
                alarm: Some(format!(
                    "the validator refused an answer: {status} {message}"
                )),
            },
            Err(error) if error.certainly_not_processed() => Fate::Unsent {
                reason: error.to_string(),
                again: Again::Later,
                ask_first: false,
                alarm: None,
            },
            Err(error) => Fate::InDoubt {
                reason: error.to_string(),
                until: self.doubt_until(context),
            },
        }
    }
}

/// How long the worst cooldown is that an answer can bring.
pub(crate) fn doubt_wait(rules: &Rules) -> Duration {
    Duration::try_from_secs_f64(rules.in_doubt_until(0.0)).unwrap_or(Duration::MAX)
}

/// The end of the worst cooldown that the validator may have set, counted from now: until this
/// moment it may still have been at it.
fn worst_cooldown(rules: &Rules) -> UnixMillis {
    clock::now() + clock::millis(doubt_wait(rules))
}

/// What a reply to an answer says.
fn fate(task: &OpenTask, reply: &SubmitResults, rules: &Rules) -> Fate {
    let (outcome, score) = judge_reply(task, reply);
    if was_ignored(outcome, reply) {
        return Fate::InDoubt {
            reason: "the validator ignored the answer".to_owned(),
            until: Some(clock::now() + clock::millis(rules.validation_lock)),
        };
    }
    Fate::Taken(Receipt {
        outcome,
        score,
        feedback: reply
            .feedback
            .as_ref()
            .and_then(|feedback| serde_json::to_string(feedback).ok()),
        cooldown_until: believed(reply.cooldown_until),
    })
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

/// A Unix time in seconds from a validator, in milliseconds and within reason.
fn believed(seconds: i64) -> UnixMillis {
    let latest = clock::now() + clock::millis(LONGEST_COOLDOWN);
    seconds.saturating_mul(1000).clamp(0, latest)
}

/// Bounds what a hostile validator can make us keep.
fn check(reply: &PullTask) -> Result<(), String> {
    let Some(task) = &reply.task else {
        return Ok(());
    };
    let longest = match task.kind {
        TaskKind::Text => LONGEST_TEXT,
        TaskKind::Image => LONGEST_IMAGE,
    };
    if task.id.is_empty() || task.id.len() > LONGEST_ID {
        Err(format!("a task id of {} bytes", task.id.len()))
    } else if task.prompt.len() > longest {
        Err(format!("a prompt of {} bytes", task.prompt.len()))
    } else {
        Ok(())
    }
}

fn handout(task: Task, reply: &PullTask, cooldown_until: UnixMillis) -> Handout {
    Handout {
        id: task.id,
        kind: task.kind,
        prompt: task.prompt,
        threshold: reply.validation_threshold,
        throttle: Duration::from_secs(reply.throttle_period).min(LONGEST_THROTTLE),
        cooldown_until,
        violations: reply.cooldown_violations,
        ticket: None,
        wanted_seed: None,
    }
}

fn unix_nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| {
            u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
        })
}
