//! Validators in the ledger: their clocks towards us, and how they treated us.

use rusqlite::{named_params, params};

use super::{Ledger, SourceId, Transaction};
use crate::clock::UnixMillis;
use crate::error::LedgerError;
use crate::event::Standing;

/// What a validator's clock says about us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// No task before this, on the validator's clock.
    pub cooldown_until: UnixMillis,
    /// How many early pulls it counts; `None` before the first reply.
    pub violations: Option<u64>,
    /// How much later than `cooldown_until` to pull, learnt from pulls that turned out early.
    pub clock_margin: UnixMillis,
    /// How far its clock is ahead of ours.
    pub clock_offset: UnixMillis,
}

impl Ledger {
    /// Makes sure that every source has a row; a known one keeps its clocks.
    pub(crate) async fn register_sources(
        &self,
        sources: Vec<(SourceId, u16)>,
    ) -> Result<(), LedgerError> {
        self.transact(move |transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO validators (hotkey, uid) VALUES (?1, ?2)
                 ON CONFLICT (hotkey) DO UPDATE SET uid = excluded.uid",
            )?;
            for (source, uid) in sources {
                statement.execute(params![source, uid])?;
            }
            Ok(())
        })
        .await
    }

    /// What this validator's clock says about us.
    pub(crate) async fn clocks(&self, source: &SourceId) -> Result<Clocks, LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| clocks(transaction, &source))
            .await
    }

    /// Remembers how much later than its cooldown this validator has to be pulled.
    pub(crate) async fn set_clock_margin(
        &self,
        source: &SourceId,
        margin: UnixMillis,
    ) -> Result<(), LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| {
            transaction.execute(
                "UPDATE validators SET clock_margin = ?2 WHERE hotkey = ?1",
                params![source, margin],
            )?;
            Ok(())
        })
        .await
    }

    /// Remembers how far this validator's clock is ahead of ours.
    pub(crate) async fn set_clock_offset(
        &self,
        source: &SourceId,
        offset: UnixMillis,
    ) -> Result<(), LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| {
            transaction.execute(
                "UPDATE validators SET clock_offset = ?2 WHERE hotkey = ?1",
                params![source, offset],
            )?;
            Ok(())
        })
        .await
    }

    /// When this validator last gave us a new task; `None` if it never did.
    pub(crate) async fn last_pull(
        &self,
        source: &SourceId,
    ) -> Result<Option<UnixMillis>, LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| {
            Ok(transaction.query_row(
                "SELECT max(pulled_at) FROM tasks WHERE validator = ?1",
                [source],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// How this validator treated our answers so far.
    pub(crate) async fn standing(&self, source: &SourceId) -> Result<Standing, LedgerError> {
        let source = source.clone();
        self.transact(move |transaction| {
            let standing = transaction.query_row(
                "SELECT count(score), count(score) FILTER (WHERE outcome = 'accepted'), avg(score) FILTER (WHERE outcome = 'accepted'),
                    avg(finished_at - submissions.sent_at) / 1000.0
                 FROM submissions JOIN tasks ON tasks.key = submissions.task
                 WHERE tasks.validator = ?1 AND outcome IN ('accepted', 'rejected')",
                [source],
                |row| {
                    Ok(Standing {
                        scored: row.get(0)?,
                        accepted: row.get(1)?,
                        mean_score: row.get(2)?,
                        mean_reply_seconds: row.get(3)?,
                    })
                },
            )?;
            Ok(standing)
        })
        .await
    }
}

pub(super) fn clocks(
    transaction: &Transaction<'_>,
    source: &SourceId,
) -> Result<Clocks, LedgerError> {
    let clocks = transaction
        .prepare_cached(
            "SELECT cooldown_until, violations, clock_margin, clock_offset FROM validators
             WHERE hotkey = ?1",
        )?
        .query_row([source], |row| {
            Ok(Clocks {
                cooldown_until: row.get(0)?,
                violations: row.get(1)?,
                clock_margin: row.get(2)?,
                clock_offset: row.get(3)?,
            })
        })?;
    Ok(clocks)
}

/// Stores what a validator's reply says about its clock; returns how many violations it added.
pub(super) fn set_clocks(
    transaction: &Transaction<'_>,
    source: &SourceId,
    cooldown_until: UnixMillis,
    violations: Option<u64>,
) -> Result<u64, LedgerError> {
    let before = clocks(transaction, source)?.violations;
    transaction
        .prepare_cached(
            "UPDATE validators
             SET cooldown_until = :until, violations = coalesce(:violations, violations)
             WHERE hotkey = :hotkey",
        )?
        .execute(named_params! {
            ":hotkey": source,
            ":until": cooldown_until,
            ":violations": violations,
        })?;
    Ok(match (before, violations) {
        (Some(before), Some(now)) => now.saturating_sub(before),
        // What it counted before we met is not of our making.
        _ => 0,
    })
}

/// An answer works off one violation, as the validator counts (`submit_results`,
/// three-gen-subnet `neurons/validator/validator.py`).
pub(super) fn work_off_violation(
    transaction: &Transaction<'_>,
    source: &SourceId,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached(
            "UPDATE validators SET violations = violations - 1
             WHERE hotkey = ?1 AND violations > 0",
        )?
        .execute([source])?;
    Ok(())
}
