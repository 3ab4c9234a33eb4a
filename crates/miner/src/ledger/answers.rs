//! The way of an answer: made, sent, replied to or in doubt.

use generate::Recipe;
use rusqlite::{OptionalExtension, params};

use super::tasks::{Answer, TaskKey, close};
use super::validators::{set_clocks, work_off_violation};
use super::{Ledger, SourceId, Transaction};
use crate::clock::{self, UnixMillis};
use crate::error::LedgerError;
use crate::event::Outcome;

/// What is known about an answer once it is made.
#[derive(Debug, Clone)]
pub(crate) struct NewAnswer {
    pub answer: Answer,
    pub seed: Option<u64>,
    /// JSON.
    pub verdict: Option<String>,
    /// Why it is empty, if it is.
    pub reason: Option<String>,
    /// How it was made.
    pub recipe: Recipe,
}

/// The validator's reply to an answer.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub outcome: Outcome,
    pub score: Option<f64>,
    /// JSON.
    pub feedback: Option<String>,
    pub cooldown_until: UnixMillis,
}

impl Ledger {
    /// `assigned` → `ready`.
    pub(crate) async fn record_ready(
        &self,
        key: TaskKey,
        new: NewAnswer,
    ) -> Result<bool, LedgerError> {
        self.transact(move |transaction| {
            let asset = match &new.answer {
                Answer::Asset(name) => Some(name),
                Answer::Empty => None,
            };
            let moved = transaction
                .prepare_cached(
                    "UPDATE tasks SET state = 'ready', asset = ?2, seed = ?3, verdict = ?4,
                        reason = ?5, category = ?6, settings = ?7
                     WHERE key = ?1 AND state = 'assigned'",
                )?
                .execute(params![
                    key.0,
                    asset,
                    new.seed.map(u64::cast_signed),
                    new.verdict,
                    new.reason,
                    new.recipe.category,
                    serde_json::to_string(&new.recipe.settings).ok(),
                ])?;
            Ok(moved == 1)
        })
        .await
    }

    /// `ready` → `assigned`: the asset has vanished and must be made again.
    pub(crate) async fn unmake(&self, key: TaskKey) -> Result<bool, LedgerError> {
        self.transact(move |transaction| {
            let moved = transaction.execute(
                "UPDATE tasks SET state = 'assigned', asset = NULL
                 WHERE key = ?1 AND state = 'ready'",
                [key.0],
            )?;
            Ok(moved == 1)
        })
        .await
    }

    /// `ready` → `sending`; returns the number of the attempt, or `None` when the task is not to be
    /// sent.
    pub(crate) async fn begin_sending(
        &self,
        key: TaskKey,
        now: UnixMillis,
    ) -> Result<Option<u32>, LedgerError> {
        self.transact(move |transaction| {
            let attempt: Option<u32> = transaction
                .prepare_cached(
                    "UPDATE tasks SET state = 'sending', sent_at = ?2, attempts = attempts + 1
                     WHERE key = ?1 AND state = 'ready' RETURNING attempts",
                )?
                .query_row(params![key.0, now], |row| row.get(0))
                .optional()?;
            if let Some(attempt) = attempt {
                transaction
                    .prepare_cached(
                        "INSERT INTO submissions (task, attempt, sent_at) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![key.0, attempt, now])?;
            }
            Ok(attempt)
        })
        .await
    }

    /// `sending` → `ready`: the attempt certainly did not arrive.
    pub(crate) async fn not_sent(
        &self,
        key: TaskKey,
        attempt: u32,
        reason: String,
    ) -> Result<bool, LedgerError> {
        self.transact(move |transaction| {
            finish_attempt(transaction, key, attempt, "not_sent", None, Some(&reason))?;
            let moved = transaction.execute(
                "UPDATE tasks SET state = 'ready' WHERE key = ?1 AND state = 'sending'",
                [key.0],
            )?;
            Ok(moved == 1)
        })
        .await
    }

    /// `sending` → `in_doubt`: nobody knows whether the attempt arrived.
    pub(crate) async fn doubt(
        &self,
        key: TaskKey,
        attempt: u32,
        until: UnixMillis,
        reason: String,
    ) -> Result<bool, LedgerError> {
        self.transact(move |transaction| {
            finish_attempt(transaction, key, attempt, "in_doubt", None, Some(&reason))?;
            let moved = transaction.execute(
                "UPDATE tasks SET state = 'in_doubt', doubt_until = ?2,
                    reason = coalesce(reason, ?3)
                 WHERE key = ?1 AND state = 'sending'",
                params![key.0, until, reason],
            )?;
            Ok(moved == 1)
        })
        .await
    }

    /// `in_doubt` → `ready`: for a receiver that takes an answer once however often it comes.
    pub(crate) async fn send_again(&self, key: TaskKey) -> Result<bool, LedgerError> {
        self.transact(move |transaction| {
            let moved = transaction.execute(
                "UPDATE tasks SET state = 'ready', doubt_until = NULL
                 WHERE key = ?1 AND state = 'in_doubt'",
                [key.0],
            )?;
            Ok(moved == 1)
        })
        .await
    }

    /// `sending` → `ready` with an empty answer: the asset will never be taken.
    pub(crate) async fn leave_empty(
        &self,
        key: TaskKey,
        attempt: u32,
        reason: String,
    ) -> Result<bool, LedgerError> {
        self.transact(move |transaction| {
            finish_attempt(transaction, key, attempt, "unfit", None, Some(&reason))?;
            let moved = transaction.execute(
                "UPDATE tasks SET state = 'ready', asset = NULL, reason = ?2
                 WHERE key = ?1 AND state = 'sending'",
                params![key.0, reason],
            )?;
            Ok(moved == 1)
        })
        .await
    }

    /// Ends a task whose giver wants no answer any more. Where that `answers_doubt` and an earlier
    /// answer was in doubt, or dealt with, the task is answered, else retired; returns which, or
    /// `None` if it was over already.
    pub(crate) async fn end(
        &self,
        key: TaskKey,
        reason: String,
        answers_doubt: bool,
        now: UnixMillis,
    ) -> Result<Option<bool>, LedgerError> {
        self.transact(move |transaction| {
            let was_sent = transaction
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM submissions WHERE task = ?1 AND outcome IN
                        ('in_doubt', 'accepted', 'skipped', 'rejected', 'unscored'))",
                )?
                .query_row([key.0], |row| row.get::<_, bool>(0))?;
            let answered = answers_doubt && was_sent;
            transaction.execute(
                "UPDATE submissions SET finished_at = ?2, outcome = 'refused', feedback = ?3
                 WHERE task = ?1 AND outcome IS NULL",
                params![key.0, now, reason],
            )?;
            let moved = close(transaction, key, answered, &reason, now)?;
            Ok(moved.then_some(answered))
        })
        .await
    }

    /// `sending` → `answered`, with the cooldown the validator set. Returns whether the validator
    /// had dealt with an earlier answer to this task already.
    pub(crate) async fn record_answer(
        &self,
        source: &SourceId,
        key: TaskKey,
        attempt: u32,
        receipt: Receipt,
    ) -> Result<bool, LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| {
            set_clocks(transaction, &source, receipt.cooldown_until, None)?;
            work_off_violation(transaction, &source)?;
            let doubled = transaction
                .prepare_cached(
                    "SELECT count(*) FROM submissions WHERE task = ?1
                     AND outcome IN ('accepted', 'skipped', 'rejected', 'unscored')",
                )?
                .query_row([key.0], |row| row.get::<_, u64>(0))?
                > 0;
            let outcome = receipt.outcome.name();
            finish_attempt(
                transaction,
                key,
                attempt,
                outcome,
                receipt.score,
                receipt.feedback.as_deref(),
            )?;
            transaction
                .prepare_cached(
                    "UPDATE tasks SET state = 'answered', closed_at = ?2
                     WHERE key = ?1 AND state = 'sending'",
                )?
                .execute(params![key.0, clock::now()])?;
            Ok(doubled)
        })
        .await
    }
}

fn finish_attempt(
    transaction: &Transaction<'_>,
    key: TaskKey,
    attempt: u32,
    outcome: &str,
    score: Option<f64>,
    feedback: Option<&str>,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached(
            "UPDATE submissions SET finished_at = ?3, outcome = ?4, score = ?5, feedback = ?6
             WHERE task = ?1 AND attempt = ?2",
        )?
        .execute(params![
            key.0,
            attempt,
            clock::now(),
            outcome,
            score,
            feedback
        ])?;
    Ok(())
}
