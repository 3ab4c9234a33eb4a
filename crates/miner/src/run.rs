//! Puts the parts together, and ends them in order.

use std::collections::HashSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
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
use crate::event::{Event, Giver, Ignored};
use crate::ledger::{Ledger, SourceId};
use crate::lock::HotkeyLock;
use crate::obstacles::obstacles;
use crate::peers::places;
use crate::planner::Planner;
use crate::quota::Quota;
use crate::registration::Registration;
use crate::roster::Roster;
use crate::source::{GatewayPlace, Peer, doubt_wait};
use crate::sources::{Sources, describe};
use crate::stream::EventSender;
use crate::summary::Summary;

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
    let problems = obstacles(&config, &generators, judge.is_some());
    if !problems.is_empty() {
        return Err(MinerError::Config(problems));
    }
    let own = keypair.public();
    let roster = Roster::of(&config.metagraph, &config, own);
    let may_grow = config.updates.is_some() || config.gateway.is_some();
    if roster.eligible.is_empty() && !may_grow {
        return Err(MinerError::Config(vec![nobody(&roster.refused)]));
    }
    let home = config.data_dir.join(own.to_string());
    let (lock, ledger, assets) = open(home).await?;
    let context = Arc::new(Context {
        dendrite: Dendrite::new(Arc::clone(&keypair), DendriteOptions::default())
            .map_err(|error| MinerError::Client(error.to_string()))?,
        planner: Planner::new(events.clone()),
        quota: Quota::new(match config.limit {
            Limit::Tasks(tasks) => Some(tasks),
            Limit::Never | Limit::For(_) => None,
        }),
        registration: Arc::new(Registration::new(roster.eligible.len())),
        no_more_pulls: CancellationToken::new(),
        stop: CancellationToken::new(),
        config,
        keypair,
        judge,
        weigher: Arc::default(),
        ledger,
        assets,
        events,
    });
    let places = places(&context, &generators).await?;
    begin(&context, &roster, &places, &generators).await?;
    let mut sources = Sources::new(Arc::clone(&context), roster);
    for (place, _) in places {
        sources.work_at(place);
    }
    sources.begin();
    let outcome = mine(&context, sources, generators, shutdown).await;
    let summary = context.events.summary();
    context.events.emit(Event::Finished {
        summary: summary.clone(),
    });
    drop(lock);
    outcome.map(|()| summary)
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
    roster: &Roster,
    places: &[(Arc<GatewayPlace>, Giver)],
    generators: &[Arc<dyn Generator>],
) -> Result<(), MinerError> {
    let ledger = &context.ledger;
    let mut known: Vec<_> = places
        .iter()
        .map(|(place, giver)| (place.source().clone(), place.uid(), giver.clone()))
        .collect();
    known.extend(roster.eligible.iter().map(|neuron| {
        let giver = Giver::Hotkey(neuron.hotkey);
        (neuron.hotkey.into(), neuron.uid, giver)
    }));
    let registered = known.iter();
    let registered = registered.map(|(source, uid, _)| (SourceId::clone(source), *uid));
    ledger.register_sources(registered.collect()).await?;
    let wait = doubt_wait(&context.config.rules);
    let resumed = ledger.recover(context.config.submit_timeout, wait).await?;
    let wanted: HashSet<String> = ledger.assets().await?.into_iter().collect();
    let assets = context.assets.clone();
    if let Err(error) = blocking(move || assets.keep_only(&wanted)).await {
        context.alarm(None, format!("old assets cannot be removed: {error}"));
    }
    let mut validators = Vec::with_capacity(known.len());
    for (source, uid, giver) in known {
        validators.push(describe(ledger, &source, uid, giver).await?);
    }
    if roster.eligible.is_empty() && context.config.updates.is_some() {
        context.alarm(None, nobody(&roster.refused));
    }
    context.events.emit(Event::Started {
        validators,
        ignored: roster.refused.clone(),
        generators: generators
            .iter()
            .map(|generator| generator.label().to_owned())
            .collect(),
        resumed,
    });
    Ok(())
}

/// Runs sources and devices until the limit, the shutdown or the end of every generator.
async fn mine(
    context: &Arc<Context>,
    mut sources: Sources,
    generators: Vec<Arc<dyn Generator>>,
    shutdown: CancellationToken,
) -> Result<(), MinerError> {
    let mut devices = JoinSet::new();
    let numbers = Arc::new(AtomicUsize::new(generators.len()));
    for (number, generator) in generators.into_iter().enumerate() {
        let device = Device {
            number,
            generator,
            context: Arc::clone(context),
            numbers: Arc::clone(&numbers),
        };
        devices.spawn(device.run());
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
        never = sources.follow(context.config.updates.clone()) => match never {},
    };
    context.no_more_pulls.cancel();
    context.events.emit(Event::Stopping {
        reason: reason.to_owned(),
    });
    if let Some(drain) = grace {
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = tokio::time::timeout(drain, sources.ended()) => {}
        }
    }
    context.stop.cancel();
    within(STOP_GRACE, sources.ended()).await;
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
