//! Keeping a metagraph current.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::client::ChainClient;
use super::error::ChainError;
use super::snapshot::Snapshot;

/// How often a [`ChainWatcher`] reads.
#[derive(Debug, Clone, Copy)]
pub struct WatchOptions {
    /// Pause after a good read.
    pub every: Duration,
    /// Pause after a failed one; doubled by each further failure, up to `every`.
    pub retry: Duration,
    /// If the head has not moved for so long, the node has lost the chain. Blocks come every 12 s.
    pub stuck_after: Duration,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(300),
            retry: Duration::from_secs(10),
            stuck_after: Duration::from_secs(120),
        }
    }
}

/// What a watcher knows.
#[derive(Debug, Clone, Default)]
pub struct ChainState {
    /// The last good metagraph, however old.
    pub snapshot: Option<Arc<Snapshot>>,
    /// What has gone wrong since; None if the last read was good, or none has ended yet.
    pub failure: Option<Failure>,
    /// Reads that have ended, good or bad.
    pub reads: u64,
}

/// Reads that failed, one after another.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The last one's reason.
    pub error: Arc<ChainError>,
    /// How many.
    pub count: u32,
}

/// What the last read brought.
#[derive(Debug, Clone)]
pub enum Notice {
    /// A new metagraph.
    Refreshed {
        /// The block it was read at.
        block: u64,
    },
    /// None: the last good one stays in use.
    Failed {
        /// Why. If it [is about decoding](ChainError::is_decoding), the operator should know: the
        /// runtime has changed in a way this version does not follow.
        error: Arc<ChainError>,
        /// Age of the last good one; None if there never was one.
        age: Option<Duration>,
    },
}

impl ChainState {
    /// What the last read brought; None before the first has ended.
    pub fn notice(&self) -> Option<Notice> {
        match (&self.failure, &self.snapshot) {
            (Some(failure), snapshot) => Some(Notice::Failed {
                error: Arc::clone(&failure.error),
                age: snapshot.as_ref().map(|snapshot| snapshot.age()),
            }),
            (None, Some(snapshot)) if self.reads > 0 => Some(Notice::Refreshed {
                block: snapshot.block,
            }),
            (None, _) => None,
        }
    }
}

/// A task that reads a subnet's metagraph again and again. It ends when this is dropped.
#[derive(Debug)]
pub struct ChainWatcher {
    state: watch::Receiver<ChainState>,
    _stop: DropGuard,
}

impl ChainWatcher {
    /// Starts the task on the current tokio runtime. `last_good`, such as one kept on disk, is in
    /// use until the first read succeeds.
    pub fn start(
        client: ChainClient,
        netuid: u16,
        options: WatchOptions,
        last_good: Option<Snapshot>,
    ) -> Self {
        let (publish, state) = watch::channel(ChainState {
            snapshot: last_good.map(Arc::new),
            failure: None,
            reads: 0,
        });
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let task = Task {
            client,
            netuid,
            options,
            publish,
            head: None,
        };
        tokio::spawn(stop.run_until_cancelled_owned(task.run()));
        Self {
            state,
            _stop: guard,
        }
    }

    /// What is known now, and every change of it. A slow reader misses states, never the newest.
    pub fn subscribe(&self) -> watch::Receiver<ChainState> {
        self.state.clone()
    }
}

struct Task {
    client: ChainClient,
    netuid: u16,
    options: WatchOptions,
    publish: watch::Sender<ChainState>,
    /// The newest block seen, and when it was new.
    head: Option<(u64, Instant)>,
}

impl Task {
    async fn run(mut self) {
        let mut failures = 0u32;
        loop {
            match self.read().await {
                Ok(snapshot) => {
                    failures = 0;
                    self.publish.send_modify(|state| {
                        state.snapshot = Some(Arc::new(snapshot));
                        state.failure = None;
                        state.reads += 1;
                    });
                    sleep(self.options.every).await;
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    self.publish.send_modify(|state| {
                        state.failure = Some(Failure {
                            error: Arc::new(error),
                            count: failures,
                        });
                        state.reads += 1;
                    });
                    sleep(self.pause(failures)).await;
                }
            }
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
        let pause = self.options.retry.saturating_mul(doubled);
        pause.min(self.options.every.max(self.options.retry))
    }

    /// A read that is good: also newer than the last, if it should be by now. Otherwise another
    /// node is tried next.
    async fn read(&mut self) -> Result<Snapshot, ChainError> {
        let outcome = match self.client.metagraph(self.netuid).await {
            Ok(snapshot) if self.is_stuck(snapshot.block) => Err(ChainError::Stuck {
                block: snapshot.block,
            }),
            outcome => outcome,
        };
        if matches!(&outcome, Err(error) if error.is_decoding() || error.is_stuck()) {
            self.client.leave_node();
        }
        outcome
    }

    fn is_stuck(&mut self, block: u64) -> bool {
        match self.head {
            Some((newest, since)) if block <= newest => since.elapsed() > self.options.stuck_after,
            _ => {
                self.head = Some((block, Instant::now()));
                false
            }
        }
    }
}
