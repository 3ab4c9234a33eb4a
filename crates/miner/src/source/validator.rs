//! A validator as a peer: PullTask and SubmitResults over its axon.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{Answer as CallAnswer, CallError, Prepared, Synapse, Target};
use subnet17::{PullTask, Rules, SubmitResults, Task, TaskKind, licence};

use super::peer::{Fate, Manners, Offer, Peer, Trouble};
use super::refused;
use super::server_clock::ServerClock;
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
    /// A std mutex: held for a few additions only.
    clock: Mutex<ServerClock>,
    /// The cooldown as its last reply told it.
    told: AtomicI64,
}

impl Validator {
    pub(crate) fn new(uid: u16, target: Target, rules: &Rules, is_owner: bool) -> Self {
        Self {
            uid,
            target,
            source: target.hotkey.into(),
            manners: Manners {
                hands_out_again: true,
                lifetime: None,
                first_wait: (rules.cooldown / 150).max(Duration::from_millis(250)),
                longest_wait: rules.cooldown.max(Duration::from_secs(5)),
                idle: (rules.cooldown / if is_owner { 60 } else { 15 })
                    .max(Duration::from_millis(250)),
                goes_first: is_owner,
                longest_gap: Some(rules.longest_pull_gap()),
                longest_answer: rules.longest_answer(),
            },
            clock: Mutex::default(),
            told: AtomicI64::new(0),
        }
    }

    fn clock(&self) -> std::sync::MutexGuard<'_, ServerClock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the validator's clock shows now, as far as is known.
    fn now(&self) -> UnixMillis {
        clock::now() + self.clock_offset().unwrap_or(0)
    }

    /// Sends a call to the axon, and looks at its clock.
    async fn call<S: Synapse>(
        &self,
        context: &Context,
        prepared: Result<Prepared<S>, CallError>,
    ) -> Result<S, CallError> {
        let sent = clock::now();
        let CallAnswer { message, date } = context.dendrite.send(prepared?).await?;
        let date = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        if let Some(date) = date {
            self.clock().learn(sent, clock::now(), clock::millis(date));
        }
        Ok(message)
    }

    /// Notes what a reply without a task says about our registration.
    fn heed(&self, context: &Context, cooldown_until: UnixMillis, violations: u64) {
        let left = cooldown_until.saturating_sub(self.now());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        if context.config.rules.says_unregistered(left, violations) {
            context.alarm(
                Some(self.uid),
                "the validator answers as to a hotkey that is not registered".to_owned(),
            );
            context.registration.unknown(self.uid);
        } else {
            context.registration.known(self.uid);
        }
    }

    /// What a reply to an answer says.
    fn fate(&self, task: &OpenTask, reply: &SubmitResults, rules: &Rules) -> Fate {
        let (outcome, score) = judge_reply(task, reply);
        let cooldown_until = believed(reply.cooldown_until);
        let told = self.told.swap(cooldown_until, Ordering::AcqRel);
        // A validator lets an answer fall without dealing with it while its validation lock holds, and
        // soon after an accepted answer. It tells such an answer 0 as it does a rejected one, but sets
        // no cooldown.
        let is_over = cooldown_until <= self.now();
        if outcome == Outcome::Rejected && (is_over || cooldown_until == told) {
            let lock = clock::now() + clock::millis(rules.validation_lock);
            let cooldown = cooldown_until - self.clock_offset().unwrap_or(0);
            return Fate::InDoubt {
                reason: "the validator ignored the answer".to_owned(),
                until: Some(lock.max(cooldown)),
            };
        }
        Fate::Taken(Receipt {
            outcome,
            score,
            feedback: reply
                .feedback
                .as_ref()
                .and_then(|feedback| serde_json::to_string(feedback).ok()),
            cooldown_until,
        })
    }
}

impl Peer for Validator {
    type Packed = Arc<str>;
    type Sealed = SubmitResults;
    type Turn = ();
    type Question = Result<Prepared<PullTask>, CallError>;

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

    fn clock_offset(&self) -> Option<UnixMillis> {
        self.clock().offset()
    }

    fn prepare(&self, context: &Context) -> Self::Question {
        let timeout = context.config.pull_timeout;
        let question = PullTask::default();
        context.dendrite.prepare(&self.target, &question, timeout)
    }

    async fn pull(&self, context: &Context, question: Self::Question) -> Result<Offer, Trouble> {
        let reply = self
            .call(context, question)
            .await
            .map_err(|error| refused::pull(context, self.uid, &error))?;
        check(&reply).map_err(Trouble::passing)?;
        let cooldown_until = believed(reply.cooldown_until);
        self.told.store(cooldown_until, Ordering::Release);
        let violations = reply.cooldown_violations;
        match &reply.task {
            Some(_) => context.registration.known(self.uid),
            None => self.heed(context, cooldown_until, violations),
        }
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
        Some(clock::now() + clock::millis(doubt_wait(&context.config.rules)))
    }

    async fn send(&self, context: &Context, task: &OpenTask, sealed: SubmitResults) -> Fate {
        let timeout = context.config.submit_timeout;
        let rules = &context.config.rules;
        let prepared = context.dendrite.prepare(&self.target, &sealed, timeout);
        // Its results are in there too.
        drop(sealed);
        match self.call(context, prepared).await {
            Ok(reply) => self.fate(task, &reply, rules),
            Err(error) => refused::answer(context, self.uid, &error).unwrap_or_else(|| {
                let until = if error.may_be_at_it() {
                    self.doubt_until(context)
                } else {
                    Some(worst_cooldown(rules))
                };
                Fate::InDoubt {
                    reason: error.to_string(),
                    until,
                }
            }),
        }
    }
}

/// How long a validator that was not heard of since an answer was on its way can be at it, and let us
/// cool down after that.
pub(crate) fn doubt_wait(rules: &Rules) -> Duration {
    seconds(rules.in_doubt_until(rules.ruled_by(0.0)))
}

/// The end of the worst cooldown that a validator may have set by now.
fn worst_cooldown(rules: &Rules) -> UnixMillis {
    clock::now() + clock::millis(seconds(rules.in_doubt_until(0.0)))
}

fn seconds(count: f64) -> Duration {
    Duration::try_from_secs_f64(count).unwrap_or(Duration::MAX)
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
