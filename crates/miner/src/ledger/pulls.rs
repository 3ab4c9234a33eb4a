//! What a pull says about the task it brings and about the one that was open before.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{named_params, params};
use subnet17::TaskKind;

use super::tasks::{OpenTask, TaskState, close, kind_name, open_task};
use super::validators::{Clocks, clocks, set_clocks, work_off_violation};
use super::{Ledger, SourceId, Transaction};
use crate::clock::{self, UnixMillis};
use crate::error::LedgerError;

/// An answer to a pull that holds a task.
#[derive(Debug, Clone)]
pub(crate) struct Handout {
    pub id: String,
    pub kind: TaskKind,
    pub prompt: Arc<str>,
    pub threshold: f64,
    pub throttle: Duration,
    pub cooldown_until: UnixMillis,
    pub violations: u64,
    /// What the answer has to bring back.
    pub ticket: Option<String>,
    /// The seed to begin with, 0 to 2³¹ − 1.
    pub wanted_seed: Option<u64>,
}

/// What a pull changed.
#[derive(Debug, Clone)]
pub(crate) struct Pulled {
    /// The task it brought, as it stands now.
    pub task: OpenTask,
    /// Whether the task was in the ledger before.
    pub replayed: bool,
    /// The task that was open before, if the validator's answer shows that it is over.
    pub settled: Option<Settled>,
    /// Violations the validator has added.
    pub violations_added: u64,
}

/// What a pull that brought nothing changed.
#[derive(Debug, Clone)]
pub(crate) struct Nothing {
    /// What the ledger knew of the validator's clock before.
    pub believed: Clocks,
    /// The task that was open before.
    pub settled: Option<Settled>,
    /// Violations the validator has added.
    pub violations_added: u64,
}

/// A task that a pull showed to be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    pub id: String,
    /// Whether it had been in doubt: then the answer had arrived. Otherwise it was withdrawn.
    pub answered: bool,
}

impl Ledger {
    /// Records a pull that brought a task, and what that says about the one that was open.
    pub(crate) async fn record_pull(
        &self,
        source: &SourceId,
        handout: Handout,
        now: UnixMillis,
    ) -> Result<Pulled, LedgerError> {
        let validator = source.clone();
        self.transact(move |transaction| {
            let settled = settle_other(transaction, &validator, Some(&handout.id), now)?;
            let violations_added = set_clocks(
                transaction,
                &validator,
                handout.cooldown_until,
                Some(handout.violations),
            )?;
            let replayed = hand_out_again(transaction, &validator, &handout, now)?;
            if !replayed {
                transaction
                    .prepare_cached(
                        "INSERT INTO tasks
                            (validator, id, kind, prompt, threshold, throttle, pulled_at, state,
                             ticket, wanted_seed)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'assigned', ?8, ?9)",
                    )?
                    .execute(params![
                        validator,
                        handout.id,
                        kind_name(handout.kind),
                        handout.prompt,
                        handout.threshold,
                        clock::millis(handout.throttle),
                        now,
                        handout.ticket,
                        handout.wanted_seed,
                    ])?;
            }
            let task = open_task(transaction, &validator)?.ok_or(LedgerError::Abandoned)?;
            Ok(Pulled {
                task,
                replayed,
                settled,
                violations_added,
            })
        })
        .await
    }

    /// Records a pull that brought nothing: the open task, if there was one, is over.
    pub(crate) async fn record_no_task(
        &self,
        source: &SourceId,
        cooldown_until: UnixMillis,
        violations: u64,
        now: UnixMillis,
    ) -> Result<Nothing, LedgerError> {
        let validator = source.clone();
        self.transact(move |transaction| {
            let believed = clocks(transaction, &validator)?;
            let settled = settle_other(transaction, &validator, None, now)?;
            let violations_added =
                set_clocks(transaction, &validator, cooldown_until, Some(violations))?;
            Ok(Nothing {
                believed,
                settled,
                violations_added,
            })
        })
        .await
    }
}

/// Closes the open task unless it is the one just handed out: a validator that hands out anything
/// else (or nothing) has no use for it any more. If an answer to it was in doubt, it had arrived.
fn settle_other(
    transaction: &Transaction<'_>,
    validator: &SourceId,
    handed_out: Option<&str>,
    now: UnixMillis,
) -> Result<Option<Settled>, LedgerError> {
    let Some(open) = open_task(transaction, validator)? else {
        return Ok(None);
    };
    if handed_out == Some(open.id.as_str()) {
        return Ok(None);
    }
    let answered = matches!(open.state, TaskState::InDoubt | TaskState::Sending);
    let reason = if answered {
        "reply lost"
    } else {
        "no longer assigned by the validator"
    };
    close(transaction, open.key, answered, reason, now)?;
    if answered {
        work_off_violation(transaction, validator)?;
    }
    Ok(Some(Settled {
        id: open.id,
        answered,
    }))
}

/// Opens a known task again: its validator is the one to say whether it is answered. An answer that
/// exists is kept and delivered. Returns whether the task was known.
fn hand_out_again(
    transaction: &Transaction<'_>,
    validator: &SourceId,
    handout: &Handout,
    now: UnixMillis,
) -> Result<bool, LedgerError> {
    // An answer exists if there is an asset, or if the task got as far as being sent empty.
    let known = transaction
        .prepare_cached(
            "UPDATE tasks SET
                state = CASE
                    WHEN state = 'assigned' THEN 'assigned'
                    WHEN asset IS NOT NULL OR state IN ('ready', 'sending', 'in_doubt') THEN 'ready'
                    ELSE 'assigned' END,
                prompt = :prompt, kind = :kind, threshold = :threshold, throttle = :throttle,
                ticket = :ticket, wanted_seed = :wanted_seed,
                pulled_at = CASE WHEN closed_at IS NULL THEN pulled_at ELSE :now END,
                closed_at = NULL, doubt_until = NULL
             WHERE validator = :validator AND id = :id",
        )?
        .execute(named_params! {
            ":validator": validator,
            ":id": handout.id,
            ":kind": kind_name(handout.kind),
            ":prompt": handout.prompt,
            ":threshold": handout.threshold,
            ":throttle": clock::millis(handout.throttle),
            ":ticket": handout.ticket,
            ":wanted_seed": handout.wanted_seed,
            ":now": now,
        })?;
    Ok(known == 1)
}
