//! Mining from start to end, as `mine` and `rehearse` share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::generate::Generator;
use ::judge::Judge;
use ::miner::{EventSender, Limit, MinerConfig, Summary};
use ::rehearsal::Rehearsal;
use anyhow::{Context, Result};
use bittensor::Keypair;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::LimitConfig;
use crate::ui::{Console, follow};

/// How long the live status has to show the miner's end.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The exit code of what was interrupted, as shells have it: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// How often, and how many times, it is looked whether the terminal shows again what is typed.
const HIDDEN_LOOK: Duration = Duration::from_millis(20);
const HIDDEN_LOOKS: u32 = 100;

/// Mines until the limits are reached or somebody interrupts, showing a live status.
///
/// `events` may have other listeners; whoever wants all events subscribes before.
pub(crate) async fn mine(
    console: &Console,
    config: MinerConfig,
    keypair: Arc<Keypair>,
    generators: Vec<Arc<dyn Generator>>,
    judge: Option<Arc<Judge>>,
    deadline: Option<Duration>,
    events: &EventSender,
) -> Result<Summary> {
    let shutdown = CancellationToken::new();
    let interrupts = tokio::spawn(interrupted(shutdown.clone()));
    let timer = tokio::spawn(cancel_after(deadline, shutdown.clone()));
    let mut status = follow(console, events);
    let summary = ::miner::run(config, keypair, generators, judge, events.clone(), shutdown).await;
    interrupts.abort();
    timer.abort();
    // The status ends by itself with the miner's last event; after an error there is none.
    if tokio::time::timeout(LAST_LOOK, &mut status).await.is_err() {
        status.abort();
    }
    Ok(summary?)
}

/// Ends a run by time where the miner itself ends it by count.
async fn cancel_after(deadline: Option<Duration>, shutdown: CancellationToken) {
    if let Some(deadline) = deadline {
        tokio::time::sleep(deadline).await;
        shutdown.cancel();
    }
}

/// Cancels at the first Ctrl-C or SIGTERM; a second one ends the process, whose ledger a crash
/// cannot hurt.
async fn interrupted(shutdown: CancellationToken) {
    signal().await;
    info!("stopping: work in hand is finished; interrupt again to leave it for the next start");
    shutdown.cancel();
    signal().await;
    warn!("stopped at once; the ledger keeps what was not finished");
    std::process::exit(INTERRUPTED);
}

/// Ends the process at Ctrl-C, for as long as nothing is in hand that would have to be finished. The terminal is
/// left as it was, also where it hides what is typed.
#[derive(Debug)]
pub(crate) struct Prelude {
    watch: JoinHandle<()>,
    is_hidden: Arc<AtomicBool>,
}

impl Prelude {
    /// From now until it is dropped.
    ///
    /// # Errors
    /// When the operating system does not let signals be heard.
    pub(crate) fn begin(runtime: &Runtime) -> Result<Self> {
        let is_hidden = Arc::new(AtomicBool::new(false));
        let hidden = Arc::clone(&is_hidden);
        let _inside = runtime.enter();
        let interrupted = next_interrupt().context("Ctrl-C cannot be heard")?;
        let watch = runtime.spawn(async move {
            interrupted.await;
            // Whoever hides it hears the interrupt too, shows it again, and ends the process first.
            for _ in 0..HIDDEN_LOOKS {
                if !hidden.load(Ordering::SeqCst) {
                    break;
                }
                tokio::time::sleep(HIDDEN_LOOK).await;
            }
            std::process::exit(INTERRUPTED);
        });
        Ok(Self { watch, is_hidden })
    }

    /// Has `ask` ask for something that the terminal does not show. Ends the process where it was interrupted.
    pub(crate) fn hidden<T>(&self, ask: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
        self.is_hidden.store(true, Ordering::SeqCst);
        let answer = ask();
        self.is_hidden.store(false, Ordering::SeqCst);
        match answer {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                std::process::exit(INTERRUPTED)
            }
            answer => answer,
        }
    }
}

impl Drop for Prelude {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Listens from now on, not from when it is first waited for.
fn next_interrupt() -> std::io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupts = signal(SignalKind::interrupt())?;
        Ok(async move {
            interrupts.recv().await;
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            let _ = tokio::signal::ctrl_c().await;
        })
    }
}

/// Completes at the next Ctrl-C or SIGTERM.
pub(super) async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            let _ = tokio::signal::ctrl_c().await;
            return;
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// The runtime that sources, submitter and axons share; generation and judging have threads of
/// their own.
pub(crate) fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot be started")
}

/// When the miner ends by itself. It keeps one limit; where two are given it keeps the count, and
/// [`LimitConfig::deadline`] is left to [`mine`].
pub(crate) fn limit(limits: &LimitConfig) -> Limit {
    match (limits.tasks, limits.duration) {
        (Some(tasks), _) => Limit::Tasks(tasks.into()),
        (None, Some(duration)) => Limit::For(duration),
        (None, None) => Limit::Never,
    }
}

/// Keeps a network up until its limits are reached or somebody interrupts.
pub(crate) async fn serve(network: &Rehearsal, limits: &LimitConfig) {
    let enough = async {
        match limits.tasks {
            Some(tasks) => network.wait_for(tasks.into()).await,
            None => std::future::pending().await,
        }
    };
    let timeout = async {
        match limits.duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = enough => {}
        () = timeout => {}
        () = signal() => {}
    }
}

/// The line every start has: what makes clouds. Whether they are judged, the judge's own line says.
pub(crate) fn announce(generators: &[Arc<dyn Generator>]) {
    let labels: Vec<&str> = generators
        .iter()
        .map(|generator| generator.label())
        .collect();
    info!("generating with {}", labels.join(", "));
    if generators
        .iter()
        .any(|generator| generator.is_rehearsal_only())
    {
        info!(
            "sketch is for rehearsals: real models are had with `splatsmith models pull \
             generation-image`, or reached with --generation.endpoints URL"
        );
    }
}
