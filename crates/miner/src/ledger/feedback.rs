//! What validators' answers teach about our own scores.

use judge::{Calibration, Observation};
use rusqlite::{Connection, params};

use super::{Ledger, SourceId};
use crate::clock::UnixMillis;
use crate::error::LedgerError;

impl Ledger {
    /// Learns from the newest `most` answers since `since` that were accepted or rejected and whose
    /// cloud we had scored. Gateways do not count: they accept whatever comes.
    pub(crate) async fn learn(
        &self,
        since: UnixMillis,
        most: u32,
    ) -> Result<Calibration<SourceId>, LedgerError> {
        self.transact(move |transaction| observed(transaction, since, most))
            .await
    }
}

/// See [`Ledger::learn`].
pub(crate) fn observed(
    connection: &Connection,
    since: UnixMillis,
    most: u32,
) -> Result<Calibration<SourceId>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT tasks.validator, json_extract(tasks.verdict, '$.score'), tasks.threshold,
                    submissions.outcome = 'accepted'
                 FROM submissions JOIN tasks ON tasks.key = submissions.task
                 WHERE submissions.outcome IN ('accepted', 'rejected')
                    AND submissions.finished_at >= ?1
                    AND tasks.ticket IS NULL
                    AND json_valid(tasks.verdict)
                    AND json_type(tasks.verdict, '$.score') IN ('real', 'integer')
                 ORDER BY submissions.finished_at DESC, submissions.task DESC LIMIT ?2",
    )?;
    let answers = statement
        .query_map(params![since, most], |row| {
            let observation = Observation {
                score: row.get(1)?,
                threshold: row.get(2)?,
                accepted: row.get(3)?,
            };
            Ok((row.get::<_, SourceId>(0)?, observation))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Calibration::learn(answers))
}
