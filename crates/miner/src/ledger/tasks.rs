//! Tasks in the ledger.

use std::sync::Arc;
use std::time::Duration;

use bittensor::PublicKey;
use rusqlite::{Row, Transaction, params};
use subnet17::TaskKind;

use super::Ledger;
use crate::clock::UnixMillis;
use crate::error::LedgerError;

/// A task's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TaskKey(pub(super) i64);

#[cfg(test)]
impl TaskKey {
    /// A key that belongs to no row.
    pub(crate) fn for_test(key: i64) -> Self {
        Self(key)
    }
}

impl std::fmt::Display for TaskKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where an open task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// Pulled; no answer yet.
    Assigned,
    /// The answer exists and is certainly not with the validator.
    Ready,
    /// The answer may be on the wire.
    Sending,
    /// The answer may have arrived; nobody knows.
    InDoubt,
}

/// What a task is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The file in the assets folder.
    Asset(String),
    /// An empty result.
    Empty,
}

/// A task that is not over.
#[derive(Debug, Clone)]
pub(crate) struct OpenTask {
    pub key: TaskKey,
    /// The validator's name for it.
    pub id: String,
    pub kind: TaskKind,
    /// Exactly as received: the licence signature covers it, for images as base64 text.
    pub prompt: Arc<str>,
    /// The score from which the validator accepts.
    pub threshold: f64,
    /// For this long after the pull, time costs nothing.
    pub throttle: Duration,
    pub pulled_at: UnixMillis,
    pub state: TaskState,
    /// Means something from `Ready` on.
    pub answer: Answer,
    /// How often an answer was sent.
    pub attempts: u32,
    /// When the validator may be asked whether an answer in doubt arrived.
    pub doubt_until: UnixMillis,
}

/// The states of a task that is not over.
pub(super) const OPEN: &str = "state IN ('assigned', 'ready', 'sending', 'in_doubt')";

impl Ledger {
    /// The task this validator waits for, if there is one.
    pub(crate) async fn open_task(
        &self,
        validator: PublicKey,
    ) -> Result<Option<OpenTask>, LedgerError> {
        self.transact(move |transaction| open_task(transaction, &validator.to_string()))
            .await
    }
}

pub(super) fn open_task(
    transaction: &Transaction<'_>,
    validator: &str,
) -> Result<Option<OpenTask>, LedgerError> {
    let sql = format!(
        "SELECT key, id, kind, prompt, threshold, throttle, pulled_at, state, asset, attempts,
            coalesce(doubt_until, 0)
         FROM tasks WHERE validator = ?1 AND {OPEN}"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([validator])?;
    rows.next()?.map(read_open_task).transpose()
}

fn read_open_task(row: &Row<'_>) -> Result<OpenTask, LedgerError> {
    let corrupt = |column, value| LedgerError::Corrupt { column, value };
    let kind: String = row.get(2)?;
    let state: String = row.get(7)?;
    Ok(OpenTask {
        key: TaskKey(row.get(0)?),
        id: row.get(1)?,
        kind: match kind.as_str() {
            "text" => TaskKind::Text,
            "image" => TaskKind::Image,
            _ => return Err(corrupt("kind", kind)),
        },
        prompt: row.get::<_, String>(3)?.into(),
        threshold: row.get(4)?,
        throttle: Duration::from_millis(row.get(5)?),
        pulled_at: row.get(6)?,
        state: match state.as_str() {
            "assigned" => TaskState::Assigned,
            "ready" => TaskState::Ready,
            "sending" => TaskState::Sending,
            "in_doubt" => TaskState::InDoubt,
            _ => return Err(corrupt("state", state)),
        },
        answer: row
            .get::<_, Option<String>>(8)?
            .map_or(Answer::Empty, Answer::Asset),
        attempts: row.get(9)?,
        doubt_until: row.get(10)?,
    })
}

pub(super) fn kind_name(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Text => "text",
        TaskKind::Image => "image",
    }
}

pub(super) fn close(
    transaction: &Transaction<'_>,
    key: TaskKey,
    answered: bool,
    reason: &str,
    now: UnixMillis,
) -> Result<bool, LedgerError> {
    let state = if answered { "answered" } else { "retired" };
    let sql = format!(
        "UPDATE tasks SET state = ?2, reason = ?3, closed_at = ?4 WHERE key = ?1 AND {OPEN}"
    );
    let moved = transaction
        .prepare_cached(&sql)?
        .execute(params![key.0, state, reason, now])?;
    Ok(moved == 1)
}
