//! Everything that happens while mining, as one typed stream.
//!
//! The terminal, the log, the summary and the tests all read this stream and nothing else, so that
//! what people see and what is counted cannot disagree.

use std::path::PathBuf;
use std::sync::Arc;

use bittensor::PublicKey;
use judge::Verdict;
use serde::{Serialize, Serializer};

use crate::clock::UnixMillis;
pub use crate::states::{Activity, Outcome, SourceState};
use crate::summary::Summary;
use crate::weigher::Weighing;

/// Something that happened, with the moment it did.
#[derive(Debug, Clone, Serialize)]
pub struct Stamped {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: UnixMillis,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen. Validators are named by their uid, tasks by the id the validator gave them. A place
/// at a gateway is named, and spoken of, as a validator is.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Mining begins.
    Started {
        /// Whom we pull from.
        validators: Vec<ValidatorInfo>,
        /// Whom we do not, and why.
        ignored: Vec<Ignored>,
        /// The labels of the generators, by device number.
        generators: Vec<String>,
        /// Tasks found unfinished in the ledger.
        resumed: u64,
    },
    /// Somebody else to pull from, since the metagraph says so.
    Joined {
        /// Who.
        validator: ValidatorInfo,
    },
    /// A validator is not pulled from any more; what is in hand for it is finished.
    Left {
        /// The validator.
        uid: u16,
        /// Why.
        reason: String,
    },
    /// What the source of one validator does now.
    Source {
        /// The validator.
        uid: u16,
        /// What it does.
        state: SourceState,
    },
    /// How many tasks wait for a generator.
    Queue {
        /// Their number.
        length: usize,
    },
    /// What one generator does now.
    Device {
        /// Its number, counted from 0.
        device: usize,
        /// What it does.
        activity: Activity,
    },
    /// A generator works on more requests at a time: another place at it, a device like any other from
    /// now on, until it is [closed](Activity::Closed).
    Opened {
        /// Its number; the same as before if it was closed.
        device: usize,
        /// The device that stands for the generator's first place.
        beside: usize,
        /// The generator's label.
        generator: String,
    },
    /// A validator handed us a task, and the ledger holds it.
    Pulled {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// Its text, or the size of its image.
        prompt: String,
        /// Whether we had pulled it before: after a lost reply or a restart a validator hands out
        /// the same task again.
        replayed: bool,
    },
    /// A validator had nothing for us.
    NoTask {
        /// The validator.
        uid: u16,
    },
    /// A pull did not work; it is tried again.
    PullFailed {
        /// The validator.
        uid: u16,
        /// What happened.
        reason: String,
        /// When it is tried again.
        retry_at_ms: UnixMillis,
    },
    /// The validator counts pulls before the end of the cooldown against us.
    Violation {
        /// The validator.
        uid: u16,
        /// How many were added.
        added: u64,
        /// How many it counts now.
        total: u64,
    },
    /// A candidate was judged; while none passes and time is left, there are more.
    Judged {
        /// The validator it is for.
        uid: u16,
        /// The task.
        task: String,
        /// Which generator made it.
        device: usize,
        /// The seed that made it.
        seed: u64,
        /// What judging found.
        #[serde(serialize_with = "shared")]
        verdict: Arc<Verdict>,
    },
    /// The best cloud of a round was weighed: what its score is worth at this validator.
    Weighed {
        /// The validator it is for.
        uid: u16,
        /// The task.
        task: String,
        /// What it is worth.
        weighing: Weighing,
    },
    /// A cloud good enough was written to disk.
    Made {
        /// The validator it is for.
        uid: u16,
        /// The task.
        task: String,
        /// Which generator made it.
        device: usize,
        /// The SPZ file; kept for a while after the answer.
        asset: PathBuf,
        /// Its splats.
        splats: usize,
        /// The size of the file, in bytes.
        bytes: usize,
        /// The seed that made it.
        seed: u64,
        /// What the generator had to say about it.
        notes: Vec<String>,
        /// Time spent generating, encoding and judging, in milliseconds.
        made_in_ms: f64,
        /// Of that, time spent encoding, in milliseconds.
        encoded_in_ms: f64,
    },
    /// No good cloud could be made: the answer will be empty, which costs nothing but the turn.
    Skipped {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// Why.
        reason: String,
    },
    /// An answer goes out now.
    Submitting {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// Counted from 1.
        attempt: u32,
        /// Time since the validator's task arrived, in milliseconds.
        since_pull_ms: f64,
    },
    /// An answer certainly did not arrive; it is sent again.
    SubmitFailed {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// What happened.
        reason: String,
        /// When it is sent again.
        retry_at_ms: UnixMillis,
    },
    /// Nobody knows whether an answer arrived. It is not sent again: the next pull will tell.
    InDoubt {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// What happened.
        reason: String,
        /// When the validator can be asked without breaking any cooldown it may have set.
        until_ms: UnixMillis,
    },
    /// The validator has dealt with our answer.
    Answered {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// What became of it.
        outcome: Outcome,
        /// The validator's score, where it gave one.
        score: Option<f64>,
        /// From the pull to the reply, in milliseconds; `None` when the reply was lost.
        took_ms: Option<f64>,
        /// When the validator will have a task for us again.
        cooldown_until_ms: UnixMillis,
    },
    /// A validator dealt with one answer twice.
    Doubled {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
    },
    /// A task ended without an answer: its validator has no use for one any more.
    Retired {
        /// The validator.
        uid: u16,
        /// The task.
        task: String,
        /// Why.
        reason: String,
    },
    /// Something a person should look at.
    Alarm {
        /// The validator it is about, if it is about one.
        uid: Option<u16>,
        /// What is wrong and what to do.
        message: String,
    },
    /// No further task is pulled.
    Stopping {
        /// Why.
        reason: String,
    },
    /// Mining has ended.
    Finished {
        /// All of it in numbers.
        summary: Summary,
    },
}

/// Who a source of tasks is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Giver {
    /// A validator, by its key.
    Hotkey(PublicKey),
    /// One of the places at a gateway, by the gateway's address.
    Gateway(Arc<str>),
}

/// A validator we pull from, or a place at a gateway.
#[derive(Debug, Clone, Serialize)]
pub struct ValidatorInfo {
    /// Its number on the subnet; places at a gateway are numbered from 10,000.
    pub uid: u16,
    /// Who it is.
    #[serde(flatten)]
    pub giver: Giver,
    /// The end of the cooldown that the ledger remembers; 0 if none.
    pub cooldown_until_ms: UnixMillis,
    /// How it treated our answers in earlier runs.
    pub standing: Standing,
}

/// How a validator treated our answers, over the whole life of the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Standing {
    /// Answers with a score.
    pub scored: u64,
    /// Those at or above the threshold.
    pub accepted: u64,
    /// Mean score of the accepted ones; a rejected one is told 0 whatever its score.
    pub mean_score: Option<f64>,
    /// Mean time the validator took to reply to an answer, in seconds.
    pub mean_reply_seconds: Option<f64>,
}

/// A neuron we do not pull from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// Its number on the subnet.
    pub uid: u16,
    /// Why.
    pub reason: String,
}

/// Writes what is shared as if it were not.
fn shared<T: Serialize, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}
