//! `splatsmith rehearse`: a local subnet and a miner on it, in one process.

use std::collections::HashSet;
use std::sync::Arc;

use ::generate::Generator;
use ::judge::Judge;
use ::miner::{Event, EventSender, MinerConfig, Stamped, Summary};
use ::rehearsal::{FaultPlan, Rehearsal, RehearsalConfig, Report};
use anyhow::{Context, Result};
use bittensor::Keypair;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tracing::info;

use super::album::Album;
use super::{generators, judges, session};
use crate::args::RehearseArgs;
use crate::config::{RehearseConfig, effective};
use crate::files::write_atomic;
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Scored assets that may wait for their picture: 13 MB each.
const WAITING_PICTURES: usize = 12;

/// Events that may be unread. Whoever counts what is in hand must miss none, also where a busy machine has
/// no time for it for seconds: what is not counted is taken for lost.
const EVENTS: usize = 1 << 14;

/// The report's file beside the pictures.
const REPORT: &str = "report.json";

/// Rehearses; fails when a rule was broken, or a task lost or answered twice.
pub(crate) fn run(args: &RehearseArgs, console: &Console) -> Result<Outcome, Failure> {
    let config = RehearseConfig::check(args)?;
    info!("configuration: {}", effective(&config.settings()));
    let (report, album) = session::runtime()?.block_on(rehearse(&config, console))?;

    let json = serde_json::to_vec_pretty(&report).context("the report is not JSON")?;
    write_atomic(&config.out.join(REPORT), &json)?;
    if args.json {
        console.json(&report)?;
    } else {
        console.line(&report.to_string());
    }
    if let Some(overview) = &album.overview {
        console.line(&format!(
            "pictures of {} accepted assets: {} (all of them: {})",
            album.assets,
            config.out.display(),
            overview.display(),
        ));
    }
    Ok(if report.is_clean() {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}

async fn rehearse(config: &RehearseConfig, console: &Console) -> Result<(Report, Album)> {
    let (scored, pictures) = mpsc::channel(WAITING_PICTURES);
    let album = tokio::spawn(Album::collect(pictures, config.out.clone()));
    let judge = judges::working(&config.generation, console);
    // Validators judge whether the miner does or not.
    let validators = judge
        .clone()
        .unwrap_or_else(|| Arc::new(Judge::new(config.generation.judging.rules)));
    let mut network = Rehearsal::start(RehearsalConfig {
        validators: config.validators,
        speed: config.speed,
        seed: config.seed,
        faults: config.faults.then(|| FaultPlan::moderate(config.seed)),
        scored: Some(scored),
        ..RehearsalConfig::new(validators)
    })
    .await?;
    if let Some(path) = &config.metagraph_out {
        write_atomic(path, network.metagraph().to_json()?.as_bytes())?;
        console.line(&format!("{}: where the validators are", path.display()));
    }
    let report = if config.validators_only {
        session::serve(&network, &config.limits).await;
        network.report()
    } else {
        mine(config, &network, judge, console).await?
    };
    network.shutdown().await;
    // With the network the last sender of scored assets is gone, and the album ends.
    drop(network);
    let album = album.await.context("drawing was abandoned")??;
    Ok((report, album))
}

/// Mines on the network with a hotkey of its own, made for the occasion.
async fn mine(
    config: &RehearseConfig,
    network: &Rehearsal,
    judge: Option<Arc<Judge>>,
    console: &Console,
) -> Result<Report> {
    let data = tempfile::tempdir().context("no temporary folder for the ledger")?;
    let keypair = Arc::new(Keypair::generate());
    network.register(keypair.public());
    let generators: Vec<Arc<dyn Generator>> = generators::start(&config.generation)?;
    session::announce(&generators);
    let miner = MinerConfig {
        test_network: true,
        candidates: config.generation.candidates,
        limit: session::limit(&config.limits),
        ..MinerConfig::new(network.metagraph().clone(), data.path().to_path_buf())
    };
    let events = EventSender::new(EVENTS);
    let in_hand = tokio::spawn(in_hand(events.subscribe()));
    let summary = session::mine(
        console,
        miner,
        keypair,
        generators,
        judge,
        config.limits.deadline(),
        &events,
    )
    .await?;
    drop(events);
    let in_hand = in_hand.await.context("counting was abandoned")?;
    Ok(complete(network, &summary, &in_hand))
}

/// The validators' report. What the miner still has in its ledger is not lost: it would go on with
/// it at its next start. Nor is what a validator forgot.
fn complete(network: &Rehearsal, summary: &Summary, in_hand: &HashSet<String>) -> Report {
    let mut report = network.report_holding(|task| in_hand.contains(task));
    report.generator_idle_share = Some(summary.generator_idle_share);
    let lost = summary.totals.lost.saturating_sub(report.total.forgotten);
    report.total.lost = report.total.lost.max(lost);
    report.total.doubled = report.total.doubled.max(summary.totals.doubled);
    report
}

/// The tasks that were pulled and neither answered nor given up by the end.
async fn in_hand(mut events: Receiver<Stamped>) -> HashSet<String> {
    let mut tasks = HashSet::new();
    loop {
        match events.recv().await {
            Ok(stamped) => match stamped.event {
                Event::Pulled { task, .. } => {
                    tasks.insert(task);
                }
                Event::Answered { task, .. } | Event::Retired { task, .. } => {
                    tasks.remove(&task);
                }
                Event::Finished { .. } => return tasks,
                _ => {}
            },
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return tasks,
        }
    }
}
