//! What the parts of a running miner share.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bittensor::{Dendrite, Keypair};
use judge::Judge;
use tokio_util::sync::CancellationToken;

use crate::assets::AssetStore;
use crate::backoff::Backoff;
use crate::config::MinerConfig;
use crate::event::Event;
use crate::ledger::Ledger;
use crate::planner::Planner;
use crate::quota::Quota;
use crate::registration::Registration;
use crate::stream::EventSender;
use crate::weigher::Weigher;

/// Shared by sources and devices; nothing in it changes by itself.
#[derive(Clone)]
pub(crate) struct Context {
    pub config: MinerConfig,
    pub keypair: Arc<Keypair>,
    pub dendrite: Dendrite,
    pub judge: Option<Arc<Judge>>,
    pub weigher: Arc<Weigher>,
    pub ledger: Ledger,
    pub assets: AssetStore,
    pub planner: Planner,
    pub quota: Arc<Quota>,
    pub registration: Arc<Registration>,
    pub events: EventSender,
    /// No further task is pulled; those in hand are finished.
    pub no_more_pulls: CancellationToken,
    /// Nothing new is begun; only what is on the wire is waited for.
    pub stop: CancellationToken,
}

impl Context {
    /// The same, with an end of its own: for one source, which may have to end before the others.
    pub(crate) fn for_one_source(&self) -> Self {
        Self {
            no_more_pulls: self.no_more_pulls.child_token(),
            stop: self.stop.child_token(),
            ..self.clone()
        }
    }

    /// Tries until it works, with an alarm while it does not: for what must not be lost, such as a
    /// line in the ledger on a full disk. Ends early only by being dropped.
    pub(crate) async fn insist<T, E, F>(&self, what: &str, mut attempt: impl FnMut() -> F) -> T
    where
        E: Display,
        F: Future<Output = Result<T, E>>,
    {
        let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(15));
        loop {
            match attempt().await {
                Ok(value) => {
                    if backoff.failures() > 0 {
                        tracing::info!("{what}: works again");
                    }
                    return value;
                }
                Err(error) => {
                    self.alarm(
                        None,
                        format!(
                            "{what}: {error}; nothing is lost, but nothing moves until it works"
                        ),
                    );
                    tokio::time::sleep(backoff.fail()).await;
                }
            }
        }
    }

    /// Tells people that something is wrong.
    pub(crate) fn alarm(&self, uid: Option<u16>, message: String) {
        self.events.emit(Event::Alarm { uid, message });
    }
}

/// Runs blocking work off the async workers; a panic in it comes back as an error.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}
