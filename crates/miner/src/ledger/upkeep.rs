//! What is done at a start, and now and then.

use std::time::Duration;

use rusqlite::named_params;

use super::Ledger;
use super::tasks::OPEN;
use crate::clock::{self, UnixMillis};
use crate::error::LedgerError;

impl Ledger {
    /// At a start: whatever was being sent when the last process ended may have arrived. It was on
    /// its way for at most `longest_flight`, and is left alone for `wait` after that. Returns how
    /// many tasks are open.
    pub(crate) async fn recover(
        &self,
        longest_flight: Duration,
        wait: Duration,
    ) -> Result<u64, LedgerError> {
        self.transact(move |transaction| {
            transaction.execute(
                "UPDATE submissions SET outcome = 'in_doubt', finished_at = ?1
                 WHERE outcome IS NULL AND task IN (SELECT key FROM tasks WHERE state = 'sending')",
                [clock::now()],
            )?;
            transaction.execute(
                "UPDATE tasks SET state = 'in_doubt',
                    reason = coalesce(reason, 'interrupted while sending'),
                    doubt_until = min(:now, coalesce(sent_at, :now) + :flight) + :wait
                 WHERE state = 'sending'",
                named_params! {
                    ":now": clock::now(),
                    ":flight": clock::millis(longest_flight),
                    ":wait": clock::millis(wait),
                },
            )?;
            let open = format!("SELECT count(*) FROM tasks WHERE {OPEN}");
            Ok(transaction.query_row(&open, [], |row| row.get(0))?)
        })
        .await
    }

    /// Forgets the bulk (prompt and asset) of tasks closed before `before`; returns the names of
    /// assets that no task needs any more.
    pub(crate) async fn forget_bulk(&self, before: UnixMillis) -> Result<Vec<String>, LedgerError> {
        self.transact(move |transaction| {
            let assets = transaction
                .prepare_cached(
                    "SELECT asset FROM tasks WHERE closed_at < ?1 AND asset IS NOT NULL",
                )?
                .query_map([before], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            transaction.execute(
                "UPDATE tasks SET asset = NULL, prompt = ''
                 WHERE closed_at < ?1 AND (asset IS NOT NULL OR prompt <> '')",
                [before],
            )?;
            Ok(assets)
        })
        .await
    }

    /// The names of all assets some task still needs.
    pub(crate) async fn assets(&self) -> Result<Vec<String>, LedgerError> {
        self.transact(|transaction| {
            let assets = transaction
                .prepare("SELECT asset FROM tasks WHERE asset IS NOT NULL")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(assets)
        })
        .await
    }
}
