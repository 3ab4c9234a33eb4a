//! How mining stands, read from the ledger alone: beside a miner at work as well as without one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Row, params};
use serde::Serialize;

use crate::clock::{self, UnixMillis};
use crate::error::{LedgerError, MinerError};
use crate::ledger::SourceId;
use crate::weigher::{learnt, sends_from};

/// How long to wait for a miner that is just writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What answers came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Answers {
    /// Scored at or above the threshold, or taken by a gateway.
    pub accepted: u64,
    /// Scored below the threshold.
    pub rejected: u64,
    /// Empty answers.
    pub skipped: u64,
    /// Taken without a score, or the reply was lost.
    pub unscored: u64,
    /// Mean score of accepted answers; `None` before the first.
    pub mean_score: Option<f64>,
}

impl Answers {
    /// The share of answers with an asset that were accepted; `None` before the first.
    #[must_use]
    pub fn accepted_share(&self) -> Option<f64> {
        let sent = self.accepted + self.rejected;
        (sent > 0).then(|| self.accepted as f64 / sent as f64)
    }

    fn add(&mut self, outcome: &str, count: u64, score: Option<f64>) {
        match outcome {
            "accepted" => {
                let before = self
                    .mean_score
                    .map_or(0.0, |mean| mean * self.accepted as f64);
                self.accepted += count;
                let sum = score.map(|mean| before + mean * count as f64);
                self.mean_score =
                    sum.map_or(self.mean_score, |sum| Some(sum / self.accepted as f64));
            }
            "rejected" => self.rejected += count,
            "skipped" => self.skipped += count,
            _ => self.unscored += count,
        }
    }
}

/// A validator, or a place at a gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceStatus {
    /// Its hotkey, or the gateway's address and the place's number.
    pub source: String,
    /// Its number on the subnet.
    pub uid: u16,
    /// What its task waits for: `assigned` (being made), `ready`, `sending`, `in_doubt`; `None` where it
    /// has none.
    pub task: Option<String>,
    /// When that task was pulled.
    pub pulled_at_ms: Option<UnixMillis>,
    /// No task before this.
    pub cooldown_until_ms: UnixMillis,
    /// Pulls it counted as too early; `None` before its first reply.
    pub violations: Option<u64>,
    /// What it said to our answers.
    pub answers: Answers,
    /// Of the last task.
    pub threshold: Option<f64>,
    /// The score from which sending pays, as its answers teach; `None` without a task, or where no score
    /// is good enough.
    pub sends_from: Option<f64>,
}

/// Answers to prompts of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CategoryStatus {
    /// The kind of thing; `None` where the backend told none.
    pub category: Option<String>,
    /// What validators said.
    pub answers: Answers,
}

/// One hotkey's ledger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Its address.
    pub hotkey: String,
    /// Whether a process mines with it now.
    pub mining: bool,
    /// Validators and gateways, by uid.
    pub sources: Vec<SourceStatus>,
    /// What was asked for, the commonest first.
    pub categories: Vec<CategoryStatus>,
    /// All answers together.
    pub answers: Answers,
}

/// How each hotkey with a ledger in `data_dir` stands, counting the answers since `since`. Changes
/// nothing there.
///
/// # Errors
/// When the folder or a ledger cannot be read.
pub fn status(data_dir: &Path, since: UnixMillis) -> Result<Vec<Status>, MinerError> {
    let mut found = Vec::new();
    for home in homes(data_dir)? {
        let Some(hotkey) = home.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let connection = open(&home.join("ledger.sqlite"))?;
        found.push(Status {
            hotkey: hotkey.to_owned(),
            mining: is_locked(&home),
            ..read(&connection, since)?
        });
    }
    Ok(found)
}

/// The folders with a ledger, in order.
fn homes(data_dir: &Path) -> Result<Vec<PathBuf>, MinerError> {
    let failed = |source| MinerError::Io {
        path: data_dir.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut homes = Vec::new();
    for entry in entries {
        let home = entry.map_err(failed)?.path();
        if home.join("ledger.sqlite").is_file() {
            homes.push(home);
        }
    }
    homes.sort();
    Ok(homes)
}

/// Not read-only, which a ledger that nobody has open would refuse: its log has to be made. Nothing is
/// written to its tables.
fn open(path: &Path) -> Result<Connection, LedgerError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn is_locked(home: &Path) -> bool {
    let lock = File::open(home.join("lock"));
    lock.is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

fn read(connection: &Connection, since: UnixMillis) -> Result<Status, LedgerError> {
    let mut categories: BTreeMap<Option<String>, Answers> = BTreeMap::new();
    let mut by_source: BTreeMap<String, Answers> = BTreeMap::new();
    let mut all = Answers::default();
    // A ledger of an earlier version knows no categories until it is mined with again.
    let category = if knows_categories(connection)? {
        "tasks.category"
    } else {
        "NULL"
    };
    let mut statement = connection.prepare(&format!(
        "SELECT tasks.validator, {category}, submissions.outcome, count(*), avg(submissions.score)
         FROM submissions JOIN tasks ON tasks.key = submissions.task
         WHERE submissions.outcome IN
                ('accepted', 'rejected', 'skipped', 'unscored', 'reply_lost')
            AND submissions.finished_at >= ?1
         GROUP BY 1, 2, 3"
    ))?;
    let mut rows = statement.query([since])?;
    while let Some(row) = rows.next()? {
        let outcome: String = row.get(2)?;
        let (count, score) = (row.get(3)?, row.get(4)?);
        let source = by_source.entry(row.get(0)?).or_default();
        let category = categories.entry(row.get(1)?).or_default();
        for answers in [source, category, &mut all] {
            answers.add(&outcome, count, score);
        }
    }
    Ok(Status {
        hotkey: String::new(),
        mining: false,
        sources: sources(connection, &by_source)?,
        categories: commonest_first(categories),
        answers: all,
    })
}

fn knows_categories(connection: &Connection) -> Result<bool, LedgerError> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info('tasks') WHERE name = 'category')",
        [],
        |row| row.get(0),
    )?)
}

fn commonest_first(categories: BTreeMap<Option<String>, Answers>) -> Vec<CategoryStatus> {
    let mut found: Vec<CategoryStatus> = categories
        .into_iter()
        .map(|(category, answers)| CategoryStatus { category, answers })
        .collect();
    let count = |one: &CategoryStatus| {
        let Answers {
            accepted,
            rejected,
            skipped,
            unscored,
            ..
        } = one.answers;
        accepted + rejected + skipped + unscored
    };
    found.sort_by_key(|one| std::cmp::Reverse(count(one)));
    found
}

fn sources(
    connection: &Connection,
    answers: &BTreeMap<String, Answers>,
) -> Result<Vec<SourceStatus>, LedgerError> {
    let calibration = learnt(connection)?;
    let mut statement = connection.prepare(
        "SELECT hotkey, uid, cooldown_until, violations,
            (SELECT state FROM tasks WHERE validator = hotkey
                AND state IN ('assigned', 'ready', 'sending', 'in_doubt')),
            (SELECT pulled_at FROM tasks WHERE validator = hotkey
                AND state IN ('assigned', 'ready', 'sending', 'in_doubt')),
            (SELECT threshold FROM tasks WHERE validator = hotkey ORDER BY key DESC LIMIT 1)
         FROM validators ORDER BY uid, hotkey",
    )?;
    let read = |row: &Row<'_>| {
        let source: SourceId = row.get(0)?;
        let threshold: Option<f64> = row.get(6)?;
        let estimate = calibration.of(&source);
        Ok(SourceStatus {
            source: source.to_string(),
            uid: row.get(1)?,
            task: row.get(4)?,
            pulled_at_ms: row.get(5)?,
            cooldown_until_ms: row.get(2)?,
            violations: row.get(3)?,
            answers: answers
                .get(&source.to_string())
                .copied()
                .unwrap_or_default(),
            threshold,
            sends_from: threshold.and_then(|threshold| sends_from(threshold, &estimate)),
        })
    };
    Ok(statement
        .query_map(params![], read)?
        .collect::<Result<Vec<_>, _>>()?)
}

/// The present, as the ledger counts it.
#[must_use]
pub fn now() -> UnixMillis {
    clock::now()
}

#[cfg(test)]
mod tests;
