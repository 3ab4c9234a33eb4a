//! Puts the parts together, and ends them in order.

use std::collections::HashSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bittensor::{Dendrite, DendriteOptions, Keypair};
use generate::Generator;
use judge::Judge;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::assets::AssetStore;
use crate::clock;
use crate::config::{Limit, MinerConfig};
use crate::context::{Context, blocking};
use crate::device::Device;
use crate::error::MinerError;
use crate::event::{Event, Ignored, ValidatorInfo};
use crate::ledger::Ledger;
use crate::lock::HotkeyLock;
use crate::peers::Peers;
use crate::planner::Planner;
use crate::quota::Quota;
use crate::registration::Registration;
use crate::source::{Peer, Source, doubt_wait};
use crate::stream::EventSender;
use crate::summary::Summary;
use crate::supervise::supervise;

/// Tasks in hand per generator: one being made, one ready to be begun.
const PLACES_PER_GENERATOR: usize = 2;

/// How long a miner that is told to stop waits for what is on the wire. An answer still on its way
/// after that is in doubt at the next start, no worse.
const STOP_GRACE: Duration = Duration::from_secs(15);

/// How long validators can contradict those that say that our hotkey is not registered.
const SETTLE: Duration = Duration::from_secs(5);

/// How often old assets and prompts are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// Mines with `keypair` until the limit of `config` is reached or `shutdown` is cancelled, one
/// device per generator. Everything that happens goes to `events`. Without a judge, everything the
/// generators make is delivered.
///
/// Dropping the future is as safe as killing the process: the ledger is whole, and the next run goes
/// on from it.
///
/// # Errors
/// When mining cannot begin (see [`MinerError`]), or when every generator has stopped for good.
pub async fn run(
    config: MinerConfig,
    keypair: Arc<Keypair>,
    generators: Vec<Arc<dyn Generator>>,
    judge: Option<Arc<Judge>>,
    events: EventSender,
    shutdown: CancellationToken,
) -> Result<Summary, MinerError> {
    config.validate()?;
    guard_live_network(&config, &generators, judge.is_some())?;
    let own = keypair.public();
    let (neurons, ignored) = config.eligible(own);
    if neurons.is_empty() && config.gateway.is_none() {
        return Err(MinerError::Config(vec![nobody(&ignored)]));
    }
    let home = config.data_dir.join(own.to_string());
    let (lock, ledger, assets) = open(home).await?;
    let context = Arc::new(Context {
        dendrite: Dendrite::new(Arc::clone(&keypair), DendriteOptions::default())
            .map_err(|error| MinerError::Client(error.to_string()))?,
        planner: Planner::new(generators.len() * PLACES_PER_GENERATOR, events.clone()),
        quota: Quota::new(match config.limit {
            Limit::Tasks(tasks) => Some(tasks),
            Limit::Never | Limit::For(_) => None,
        }),
        registration: Registration::new(neurons.len()),
        no_more_pulls: CancellationToken::new(),
        stop: CancellationToken::new(),
        config,
        keypair,
        judge,
        ledger,
        assets,
        events,
    });
    let peers = Peers::gather(&context, &neurons, generators.len() * PLACES_PER_GENERATOR).await?;
    begin(&context, &peers, ignored, &generators).await?;
    let outcome = mine(&context, peers, generators, shutdown).await;
    let summary = context.events.summary();
    context.events.emit(Event::Finished {
        summary: summary.clone(),
    });
    drop(lock);
    outcome.map(|()| summary)
}

/// On a live network a backend without a model, or answers nobody judged, only cost penalties.
fn guard_live_network(
    config: &MinerConfig,
    generators: &[Arc<dyn Generator>],
    is_judged: bool,
) -> Result<(), MinerError> {
    let mut problems = Vec::new();
    if generators.is_empty() {
        problems.push("no generator: name at least one backend".to_owned());
    }
    let is_live = !config.test_network
        || config
            .gateway
            .as_ref()
            .is_some_and(|gateway| !gateway.is_local());
    if is_live {
        for generator in generators {
            if generator.is_rehearsal_only() && !config.allow_rehearsal_backend {
                problems.push(format!(
                    "the backend {} is for rehearsals only: live validators would reject what it \
                     makes and penalise us for it; name another backend, or allow it in so many words",
                    generator.label()
                ));
            }
        }
        if !is_judged && !config.allow_unjudged {
            problems.push(
                "mining unjudged on a live network sends what validators reject: turn judging on, \
                 or allow it in so many words"
                    .to_owned(),
            );
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(MinerError::Config(problems))
    }
}

fn nobody(ignored: &[Ignored]) -> String {
    let mut text = "the metagraph lists no validator to pull from".to_owned();
    for neuron in ignored.iter().take(8) {
        text.push_str(&format!("\n    uid {}: {}", neuron.uid, neuron.reason));
    }
    if ignored.len() > 8 {
        text.push_str(&format!("\n    and {} more", ignored.len() - 8));
    }
    text
}

/// Opens one hotkey's folder, for this process alone.
async fn open(home: PathBuf) -> Result<(HotkeyLock, Ledger, AssetStore), MinerError> {
    let failed = |path: &Path, source| MinerError::Io {
        path: path.to_owned(),
        source,
    };
    let folder = home.clone();
    tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&home).map_err(|error| failed(&home, error))?;
        let lock = HotkeyLock::take(&home)?;
        let ledger = Ledger::open(&home.join("ledger.sqlite"))?;
        let folder = home.join("assets");
        let assets = AssetStore::open(folder.clone()).map_err(|error| failed(&folder, error))?;
        Ok((lock, ledger, assets))
    })
    .await
    .unwrap_or_else(|error| Err(failed(&folder, std::io::Error::other(error))))
}

/// Brings the ledger up to date with the end of the last process, and says who takes part.
async fn begin(
    context: &Context,
    peers: &Peers,
    ignored: Vec<Ignored>,
    generators: &[Arc<dyn Generator>],
) -> Result<(), MinerError> {
    let ledger = &context.ledger;
    let known = peers.infos.iter();
    let known = known.map(|(source, uid, _)| (source.clone(), *uid));
    ledger.register_sources(known.collect()).await?;
    let wait = doubt_wait(&context.config.rules);
    let resumed = ledger.recover(context.config.submit_timeout, wait).await?;
    let wanted: HashSet<String> = ledger.assets().await?.into_iter().collect();
    let assets = context.assets.clone();
    if let Err(error) = blocking(move || assets.keep_only(&wanted)).await {
        context.alarm(None, format!("old assets cannot be removed: {error}"));
    }
    let mut validators = Vec::with_capacity(peers.infos.len());
    for (source, uid, giver) in &peers.infos {
        validators.push(ValidatorInfo {
            uid: *uid,
            giver: giver.clone(),
            cooldown_until_ms: ledger.clocks(source).await?.cooldown_until,
            standing: ledger.standing(source).await?,
        });
    }
    context.events.emit(Event::Started {
        validators,
        ignored,
        generators: generators
            .iter()
            .map(|generator| generator.label().to_owned())
            .collect(),
        resumed,
    });
    Ok(())
}

/// Has a source work at `peer` for as long as `sources` is kept.
fn spawn<P: Peer>(sources: &mut JoinSet<()>, context: &Arc<Context>, peer: Arc<P>) {
    let (shared, uid) = (Arc::clone(context), peer.uid());
    sources.spawn(supervise(
        Arc::clone(context),
        format!("the source of uid {uid}"),
        Some(uid),
        move || Source::new(Arc::clone(&shared), Arc::clone(&peer)).run(),
    ));
}

/// Runs sources and devices until the limit, the shutdown or the end of every generator.
async fn mine(
    context: &Arc<Context>,
    peers: Peers,
    generators: Vec<Arc<dyn Generator>>,
    shutdown: CancellationToken,
) -> Result<(), MinerError> {
    let mut sources = JoinSet::new();
    for validator in peers.validators {
        spawn(&mut sources, context, validator);
    }
    for place in peers.places {
        spawn(&mut sources, context, place);
    }
    let mut devices = JoinSet::new();
    for (number, generator) in generators.into_iter().enumerate() {
        let device = Device {
            number,
            generator,
            context: Arc::clone(context),
        };
        devices.spawn(supervise(
            Arc::clone(context),
            format!("device {number}"),
            None,
            move || device.clone().run(),
        ));
    }
    let mut helpers = JoinSet::new();
    helpers.spawn(sweep(Arc::clone(context)));

    let (reason, result, grace) = tokio::select! {
        () = shutdown.cancelled() => ("told to stop", Ok(()), None),
        reason = limit_reached(context) => (reason, Ok(()), Some(context.config.drain_timeout)),
        () = ended(&mut devices) => ("no generator is left", Err(MinerError::NoGenerator), None),
        validators = unregistered(context) => (
            "the hotkey is not registered",
            Err(MinerError::Unregistered {
                hotkey: context.keypair.public().to_string(),
                netuid: context.config.metagraph.netuid,
                validators,
            }),
            None,
        ),
        // Sources end only when told to; were it otherwise, there would be nothing left to do.
        () = ended(&mut sources) => ("no source is left", Ok(()), None),
    };
    context.no_more_pulls.cancel();
    context.events.emit(Event::Stopping {
        reason: reason.to_owned(),
    });
    if let Some(drain) = grace {
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = tokio::time::timeout(drain, ended(&mut sources)) => {}
        }
    }
    context.stop.cancel();
    within(STOP_GRACE, ended(&mut sources)).await;
    within(STOP_GRACE, ended(&mut devices)).await;
    result
}

/// Waits until the validators agree that our hotkey is not registered. A gateway does not ask for that:
/// with one, mining goes on.
async fn unregistered(context: &Context) -> usize {
    let settle = context.config.pull_timeout.min(SETTLE);
    let validators = context.registration.lost(settle).await;
    if context.config.gateway.is_some() {
        context.alarm(
            None,
            format!(
                "the hotkey is not registered on subnet {}: {validators} validators say so; only the \
                 gateway is left",
                context.config.metagraph.netuid
            ),
        );
        std::future::pending::<()>().await;
    }
    validators
}

/// Waits until every task of a set has ended; can be given up and begun again.
async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// What outlasts its grace is dropped with the sets that hold it, which is as safe as a crash.
async fn within(grace: Duration, end: impl Future<Output = ()>) {
    if tokio::time::timeout(grace, end).await.is_err() {
        tracing::warn!("something on the wire did not end in time; the next start settles it");
    }
}

async fn limit_reached(context: &Context) -> &'static str {
    match context.config.limit {
        Limit::Never => std::future::pending().await,
        Limit::For(time) => {
            tokio::time::sleep(time).await;
            "the time is over"
        }
        Limit::Tasks(_) => {
            context.quota.reached().await;
            "all tasks are answered"
        }
    }
}

/// Forgets assets and prompts some time after their answers, so that the disk does not fill.
async fn sweep(context: Arc<Context>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let before = clock::now() - clock::millis(context.config.keep_assets);
        let names = context
            .insist("forgetting old assets", || {
                context.ledger.forget_bulk(before)
            })
            .await;
        let assets = context.assets.clone();
        let removed = blocking(move || names.iter().try_for_each(|name| assets.remove(name))).await;
        if let Err(error) = removed {
            // The sweep at the next start takes them.
            context.alarm(None, format!("an old asset cannot be removed: {error}"));
        }
    }
}
