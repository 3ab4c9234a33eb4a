//! What sources and generators do, and what becomes of answers, as events tell it.

use serde::Serialize;

use crate::clock::UnixMillis;

/// What the source of one validator does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SourceState {
    /// The validator has no task for us before then.
    Cooling {
        /// The end of the cooldown.
        until_ms: UnixMillis,
    },
    /// The validator had no task; it is asked again then.
    Idle {
        /// When.
        until_ms: UnixMillis,
    },
    /// Waits until the generators have room for another task.
    WaitingForRoom,
    /// Asks for a task.
    Pulling,
    /// A task waits for a generator or is being made.
    Making {
        /// The task.
        task: String,
    },
    /// An answer is on its way.
    Submitting {
        /// The task.
        task: String,
    },
    /// An answer may or may not have arrived; the validator is asked then.
    InDoubt {
        /// When.
        until_ms: UnixMillis,
    },
    /// The validator failed us; the next attempt is then.
    BackingOff {
        /// When.
        until_ms: UnixMillis,
    },
    /// Nothing more is done with this validator.
    Stopped,
}

/// What a generator does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "activity", rename_all = "snake_case")]
pub enum Activity {
    /// Waits for a task.
    Idle,
    /// Can begin nothing for now: its server is not well, or its device is busy or resting.
    Waiting,
    /// Makes a cloud.
    Generating {
        /// For this validator.
        uid: u16,
        /// For this task.
        task: String,
        /// The stage, such as `splats`; empty before the first report.
        stage: &'static str,
        /// Finished steps of the stage.
        done: u32,
        /// All steps of the stage.
        total: u32,
    },
    /// Failed, and gets its next task then.
    BackingOff {
        /// When.
        until_ms: UnixMillis,
        /// What happened.
        reason: String,
    },
    /// Its generator works on fewer requests at a time by now.
    Closed,
    /// Has stopped for good.
    Stopped,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Scored at or above the validator's threshold, or taken by a gateway, which scores nothing.
    Accepted,
    /// We answered with an empty result.
    Skipped,
    /// Scored below the threshold.
    Rejected,
    /// Taken, but the validator could not score it; no penalty.
    Unscored,
    /// The validator has dealt with it, but its reply never reached us.
    ReplyLost,
}

impl Outcome {
    /// The name in the ledger and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
            Self::Unscored => "unscored",
            Self::ReplyLost => "reply_lost",
        }
    }
}
