//! `splatsmith serve`: the generator and the judge over HTTP.

use std::time::Duration;

use ::serve::{Equipment, Server};
use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{generators, judges, session};
use crate::args::ServeArgs;
use crate::config::{GenerationConfig, ServingConfig, effective};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// How long the threads may take that nobody waits for any more.
const LAST: Duration = Duration::from_secs(1);

/// Serves until somebody interrupts.
pub(crate) fn run(args: &ServeArgs, console: &Console) -> Result<Outcome, Failure> {
    let config = ServingConfig::check(args)?;
    info!("configuration: {}", effective(&config.settings()));
    let runtime = session::runtime()?;
    let served = runtime.block_on(serve(&config, console));
    // Whatever is still loaded or judged is nobody's any more.
    runtime.shutdown_timeout(LAST);
    served?;
    Ok(Outcome::Pass)
}

async fn serve(config: &ServingConfig, console: &Console) -> anyhow::Result<()> {
    let server = Server::bind(config.server())
        .await
        .context("the server cannot begin")?;
    info!("listening at http://{}", server.address());
    let shutdown = CancellationToken::new();
    let interrupts = tokio::spawn(interrupted(shutdown.clone()));
    // Loading models takes minutes, in which the server says so to whoever asks.
    let (generation, console) = (config.generation.clone(), console.clone());
    let equipment = tokio::task::spawn_blocking(move || equip(&generation, &console));
    let warm_up = async { equipment.await?.map_err(Into::into) };
    let served = server.run(warm_up, shutdown).await;
    interrupts.abort();
    Ok(served?)
}

fn equip(config: &GenerationConfig, console: &Console) -> anyhow::Result<Equipment> {
    let generators = generators::start(config)?;
    session::announce(&generators);
    let judge = judges::working(config, console);
    info!("ready");
    Ok(Equipment { generators, judge })
}

/// Cancels at the first Ctrl-C or SIGTERM; a second one ends the process.
async fn interrupted(shutdown: CancellationToken) {
    session::signal().await;
    info!(
        "stopping: work in hand is finished, new requests are refused; interrupt again to stop at once"
    );
    shutdown.cancel();
    session::signal().await;
    warn!("stopped at once");
    std::process::exit(130);
}
