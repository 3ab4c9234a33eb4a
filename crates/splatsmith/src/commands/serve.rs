//! `splatsmith serve`: the generator and the judge over HTTP.

use std::time::Duration;

use ::serve::{ServeConfig, Server};
use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{generators, judges, session};
use crate::args::ServeArgs;
use crate::config::{ServingConfig, effective};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// How long requests in hand may take at the end.
const DRAIN: Duration = Duration::from_secs(60);

/// Serves until somebody interrupts.
pub(crate) fn run(args: &ServeArgs, console: &Console) -> Result<Outcome, Failure> {
    let config = ServingConfig::check(args)?;
    info!("configuration: {}", effective(&config.settings()));
    session::runtime()?.block_on(async {
        let generators = generators::start(&config.generation)?;
        session::announce(&generators);
        let judge = judges::working(&config.generation, console);
        let served = ServeConfig {
            address: config.address,
            access: config.access.clone(),
            candidates: config.generation.candidates,
            budget: config.budget,
            waiting: config.queue,
            drain: DRAIN,
        };
        let server = Server::bind(served, generators, judge)
            .await
            .context("the server cannot begin")?;
        info!("listening at http://{}", server.address());
        let shutdown = CancellationToken::new();
        let interrupts = tokio::spawn(session::interrupted(shutdown.clone()));
        server.run(shutdown).await;
        interrupts.abort();
        Ok(Outcome::Pass)
    })
}
