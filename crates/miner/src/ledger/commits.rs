//! Many pieces of work, one commit.
//!
//! A commit waits for the disk, some milliseconds whatever is in it, and only one is under way at a
//! time. What arrives meanwhile goes into the next one together, each piece within a savepoint of its
//! own, so that one that fails takes nothing of the others with it. Nobody hears that a piece is done
//! before the commit that holds it is on disk.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Savepoint, TransactionBehavior};
use tokio::sync::oneshot;

use crate::error::LedgerError;

/// The most that goes into one commit: bounds how long the first of a crowd waits for the last.
const MOST_TOGETHER: usize = 128;

/// The ledger's connection, and the work that waits for it.
#[derive(Debug)]
pub(super) struct Commits {
    /// Only ever taken on a blocking thread, by the one that serves the queue.
    connection: Mutex<Connection>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn Work>>,
    /// Whether a blocking thread is at it.
    is_served: bool,
}

/// A piece of work, and whoever waits for what comes of it.
trait Work: Send {
    /// Does it. Kept if it succeeds, undone if it does not.
    fn run(&mut self, savepoint: Savepoint<'_>);

    /// Tells what came of it, once that is on disk or is known not to be.
    fn tell(self: Box<Self>, committed: Result<(), Arc<str>>);
}

struct Piece<F, T> {
    work: Option<F>,
    outcome: Result<T, LedgerError>,
    asker: oneshot::Sender<Result<T, LedgerError>>,
}

impl<F, T> Work for Piece<F, T>
where
    F: FnOnce(&Savepoint<'_>) -> Result<T, LedgerError> + Send,
    T: Send,
{
    fn run(&mut self, savepoint: Savepoint<'_>) {
        let Some(work) = self.work.take() else { return };
        // On any way out but the last one the savepoint is dropped, which undoes the piece.
        self.outcome = work(&savepoint).and_then(|value| {
            savepoint.commit()?;
            Ok(value)
        });
    }

    fn tell(self: Box<Self>, committed: Result<(), Arc<str>>) {
        let outcome = self
            .outcome
            .and_then(|value| committed.map(|()| value).map_err(LedgerError::Commit));
        // Who has gone does not want to know.
        let _ = self.asker.send(outcome);
    }
}

impl Commits {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
            queue: Mutex::default(),
        }
    }

    /// Has `work` done in one transaction, all of it or, on any error, none; returns once that is on
    /// disk. Whoever stops waiting does not stop the work.
    pub(super) async fn transact<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Savepoint<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (asker, told) = oneshot::channel();
        let is_served = {
            let mut queue = self.queue();
            queue.waiting.push_back(Box::new(Piece {
                work: Some(work),
                outcome: Err(LedgerError::Abandoned),
                asker,
            }));
            std::mem::replace(&mut queue.is_served, true)
        };
        if !is_served {
            let commits = Arc::clone(self);
            tokio::task::spawn_blocking(move || commits.serve());
        }
        told.await.unwrap_or(Err(LedgerError::Abandoned))
    }

    /// Commits what waits until nothing does.
    fn serve(&self) {
        // A panic inside a transaction rolled it back: the connection is as good as before.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut together = {
                let mut queue = self.queue();
                if queue.waiting.is_empty() {
                    queue.is_served = false;
                    return;
                }
                let number = queue.waiting.len().min(MOST_TOGETHER);
                queue.waiting.drain(..number).collect::<Vec<_>>()
            };
            let committed = commit(&mut connection, &mut together);
            for work in together {
                work.tell(committed.clone());
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does all of `together` in one transaction.
///
/// # Errors
/// Why nothing of it has happened.
fn commit(connection: &mut Connection, together: &mut [Box<dyn Work>]) -> Result<(), Arc<str>> {
    let failed = |error: rusqlite::Error| Arc::from(error.to_string());
    let mut transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    for work in together {
        let savepoint = transaction.savepoint().map_err(failed)?;
        let ran = catch_unwind(AssertUnwindSafe(|| work.run(savepoint)));
        if ran.is_err() {
            tracing::error!("a piece of work for the ledger panicked, and was undone");
        }
        // On some errors, such as a full disk, SQLite may take back the whole transaction. What came
        // before must not be taken for done, nor what comes after be done on its own.
        if transaction.is_autocommit() {
            return Err("what was written together with it was undone".into());
        }
    }
    transaction.commit().map_err(failed)
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Queue")
            .field("waiting", &self.waiting.len())
            .field("is_served", &self.is_served)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::mpsc;

    use super::*;

    /// A table of names, and a way to look at it from outside.
    struct Table {
        path: PathBuf,
        commits: Arc<Commits>,
        _folder: tempfile::TempDir,
    }

    impl Table {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("table.sqlite");
            let connection = Connection::open(&path).unwrap();
            connection
                .execute_batch(
                    "PRAGMA journal_mode = WAL; CREATE TABLE names (name TEXT UNIQUE) STRICT;",
                )
                .unwrap();
            Self {
                path,
                commits: Arc::new(Commits::new(connection)),
                _folder: folder,
            }
        }

        /// What is on disk.
        fn seen(&self) -> Vec<String> {
            names(&Connection::open(&self.path).unwrap())
        }

        /// Asks for `pieces` while a commit is under way, so that they go into the next together; what
        /// each was told.
        async fn together(&self, pieces: Vec<Insert>) -> Vec<Result<(), LedgerError>> {
            let (release, released) = mpsc::channel::<()>();
            let (begun, has_begun) = oneshot::channel();
            let commits = Arc::clone(&self.commits);
            let busy = tokio::spawn(async move {
                commits
                    .transact(move |_| {
                        begun.send(()).unwrap();
                        released.recv().unwrap();
                        Ok(())
                    })
                    .await
            });
            has_begun.await.unwrap();
            let mut told = Vec::new();
            for piece in pieces {
                let commits = Arc::clone(&self.commits);
                told.push(tokio::spawn(async move { commits.transact(piece).await }));
                while self.commits.queue().waiting.len() < told.len() {
                    tokio::task::yield_now().await;
                }
            }
            release.send(()).unwrap();
            busy.await.unwrap().unwrap();
            let mut outcomes = Vec::new();
            for one in told {
                outcomes.push(one.await.unwrap());
            }
            outcomes
        }
    }

    type Insert = Box<dyn FnOnce(&Savepoint<'_>) -> Result<(), LedgerError> + Send>;

    fn insert(name: impl Into<String>) -> Insert {
        let name = name.into();
        Box::new(move |savepoint| {
            savepoint.execute("INSERT INTO names VALUES (?1)", [name])?;
            Ok(())
        })
    }

    fn names(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT name FROM names WHERE length(name) < 100 ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[tokio::test]
    async fn what_waits_together_is_committed_together() {
        let table = Table::new();
        let path = table.path.clone();
        let (report, seen) = mpsc::channel();
        let look: Insert = Box::new(move |savepoint| {
            let outside = names(&Connection::open(path).unwrap());
            report.send((names(savepoint), outside)).unwrap();
            Ok(())
        });
        let told = table.together(vec![insert("a"), insert("b"), look]).await;
        assert!(told.iter().all(Result::is_ok), "{told:?}");
        let (inside, outside) = seen.recv().unwrap();
        assert_eq!(inside, ["a", "b"]);
        assert_eq!(outside, [""; 0], "not before the commit");
        assert_eq!(table.seen(), ["a", "b"]);
    }

    #[tokio::test]
    async fn one_that_fails_takes_nothing_of_the_others_with_it() {
        let table = Table::new();
        let half: Insert = Box::new(|savepoint| {
            savepoint.execute("INSERT INTO names VALUES ('half')", [])?;
            Err(LedgerError::Abandoned)
        });
        let panics: Insert = Box::new(|savepoint| {
            savepoint.execute("INSERT INTO names VALUES ('panic')", [])?;
            panic!("on demand");
        });
        let pieces = vec![insert("a"), half, insert("a"), panics, insert("b")];
        let told = table.together(pieces).await;
        let kept: Vec<bool> = told.iter().map(Result::is_ok).collect();
        assert_eq!(kept, [true, false, false, false, true], "{told:?}");
        assert_eq!(table.seen(), ["a", "b"]);
        table.commits.transact(insert("c")).await.unwrap();
        assert_eq!(table.seen(), ["a", "b", "c"]);
    }

    #[tokio::test]
    async fn on_a_full_disk_what_is_told_is_what_there_is() {
        let table = Table::new();
        let limit = |pages: u32| -> Insert {
            Box::new(move |savepoint| {
                savepoint.pragma_update(None, "max_page_count", pages)?;
                Ok(())
            })
        };
        table.commits.transact(limit(20)).await.unwrap();
        let large = "x".repeat(1 << 20);
        let pieces = vec![insert("a"), insert(large.clone()), insert("b")];
        let told = table.together(pieces).await;
        assert!(told[1].is_err(), "{told:?}");
        let mut expected = Vec::new();
        for (name, told) in ["a", "large", "b"].into_iter().zip(&told) {
            if told.is_ok() {
                expected.push(name);
            }
        }
        assert_eq!(table.seen(), expected, "{told:?}");
        table.commits.transact(limit(u32::MAX - 1)).await.unwrap();
        table.commits.transact(insert(large)).await.unwrap();
    }
}
