//! The durable record: validators, tasks, assets, submissions, feedback, cooldowns.
//!
//! It is written before anything acts on what it says. A task moves
//!
//! ```text
//! assigned ──► ready ──► sending ──► answered
//!                ▲          │  └───► in_doubt ──► answered (the reply was lost)
//!                └──────────┘            │
//!                └───────────────────────┘ (handed out again: it had not arrived; or it is
//!                                           taken once however often it is sent)
//! ```
//!
//! and from any of these to `retired`. Each move is one transaction that names the state it leaves
//! (`UPDATE … WHERE state = …`), so that of two that try, one moves it; and a validator has at most
//! one open task, which the schema enforces. A gateway hands out many at once; each of its places
//! stands here as a validator of its own. `sending` is on disk before the first byte is on the
//! wire: whatever is found in that state at a start may have arrived, and is in doubt.

mod answers;
mod commits;
mod feedback;
mod pulls;
mod schema;
mod source_id;
mod tasks;
mod upkeep;
mod validators;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Savepoint};

use self::commits::Commits;
use crate::error::LedgerError;

pub(crate) use answers::{NewAnswer, Receipt};
pub(crate) use feedback::observed;
pub(crate) use pulls::{Handout, Settled};
pub(crate) use source_id::SourceId;
pub(crate) use tasks::{Answer, OpenTask, TaskKey, TaskState};
pub(crate) use validators::Clocks;

/// How long a statement waits for another process that reads the file, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// More than there are different ones.
const STATEMENTS: usize = 64;

/// What a piece of work writes into: all of it is kept or, on any error, none.
type Transaction<'connection> = Savepoint<'connection>;

/// A handle on the ledger. Cheap to clone; statements run on blocking threads, one at a time.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    commits: Arc<Commits>,
}

impl Ledger {
    /// Opens the ledger, making or migrating it where needed.
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Not NORMAL: after a power cut that would forget the last transactions, and with them
        // that an answer was already on its way.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        schema::migrate(&mut connection)?;
        Ok(Self {
            commits: Arc::new(Commits::new(connection)),
        })
    }

    /// Runs `work` in one transaction: all of it happens or, on any error, none. What is asked for at
    /// the same time shares one commit.
    async fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.commits.transact(work).await
    }
}

#[cfg(test)]
mod feedback_tests;
#[cfg(test)]
mod gateway_tests;
#[cfg(test)]
mod tests;
