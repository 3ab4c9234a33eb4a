//! Tasks in the ledger.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Row, params};
use subnet17::TaskKind;

use super::{Ledger, SourceId, Transaction};
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
    /// Who handed it out.
    pub source: SourceId,
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
    /// What the answer has to bring back.
    pub ticket: Option<String>,
    /// The seed to begin with.
    pub wanted_seed: Option<u64>,
    /// Why the answer is empty, if it is.
    pub reason: Option<String>,
}

/// The states of a task that is not over.
pub(super) const OPEN: &str = "state IN ('assigned', 'ready', 'sending', 'in_doubt')";

impl Ledger {
    /// The task this validator waits for, if there is one.
    pub(crate) async fn open_task(
        &self,
        source: &SourceId,
    ) -> Result<Option<OpenTask>, LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| open_task(transaction, &source))
            .await
    }

    /// Whether a task of this id is open at another of the sources whose ids begin with `prefix`.
    pub(crate) async fn is_open_beside(
        &self,
        source: &SourceId,
        prefix: String,
        id: String,
    ) -> Result<bool, LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| {
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM tasks WHERE id = ?1 AND validator <> ?2
                    AND substr(validator, 1, length(?3)) = ?3 AND {OPEN})"
            );
            Ok(transaction
                .prepare_cached(&sql)?
                .query_row(params![id, source, prefix], |row| row.get(0))?)
        })
        .await
    }

    /// How many places at a gateway there have to be for every open task of it to have its own.
    pub(crate) async fn places_in_use(&self, prefix: String) -> Result<u16, LedgerError> {
        self.transact(move |transaction| {
            let sql = format!(
                "SELECT coalesce(max(CAST(substr(validator, length(?1) + 1) AS INTEGER)) + 1, 0)
                 FROM tasks WHERE substr(validator, 1, length(?1)) = ?1 AND {OPEN}"
            );
            Ok(transaction.query_row(&sql, [prefix], |row| row.get(0))?)
        })
        .await
    }
}

pub(super) fn open_task(
    transaction: &Transaction<'_>,
    source: &SourceId,
) -> Result<Option<OpenTask>, LedgerError> {
    let sql = format!(
        "SELECT key, id, kind, prompt, threshold, throttle, pulled_at, state, asset, attempts,
            coalesce(doubt_until, 0), ticket, wanted_seed, reason, validator
         FROM tasks WHERE validator = ?1 AND {OPEN}"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([source])?;
    rows.next()?.map(read_open_task).transpose()
}

fn read_open_task(row: &Row<'_>) -> Result<OpenTask, LedgerError> {
    let corrupt = |column, value| LedgerError::Corrupt { column, value };
    let kind: String = row.get(2)?;
    let state: String = row.get(7)?;
    Ok(OpenTask {
        key: TaskKey(row.get(0)?),
        source: row.get(14)?,
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
        ticket: row.get(11)?,
        wanted_seed: row.get(12)?,
        reason: row.get(13)?,
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
