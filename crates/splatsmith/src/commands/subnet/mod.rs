//! The subnet's validators: from a file that stays as it is, or from the chain, kept current.
//!
//! What was read last is kept in the data folder. It is what a start works with while the chain cannot
//! be reached; mining itself never waits for the chain.

mod herald;
mod keeper;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::miner::EventSender;
use anyhow::{Context, Result, bail};
use bittensor::chain::{ChainClient, ChainOptions, ChainState, ChainWatcher, WatchOptions};
use bittensor::{Metagraph, PublicKey};
use serde::Serialize;
use tokio::sync::watch;
use tracing::info;

use crate::Failure;
use crate::config::{MineConfig, Problems};
use crate::files::{LARGEST_METAGRAPH, read_bounded};
use keeper::Keeper;
use store::Store;

/// How long a start waits for the chain when there is a metagraph from before.
const SHORT_PATIENCE: Duration = Duration::from_secs(10);

/// The validators, and how they are known.
pub(crate) struct Subnet {
    /// As they are now.
    pub(crate) metagraph: Metagraph,
    /// As they will be; `None` if they stay as they are.
    pub(crate) updates: Option<watch::Receiver<Arc<Metagraph>>>,
    /// Where they are from.
    pub(crate) origin: Origin,
    /// Reads the chain, and feeds `updates`, for as long as it is held.
    _watcher: Option<ChainWatcher>,
}

/// Where a metagraph is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// No validators are pulled from.
    Nowhere,
    /// A list somebody wrote.
    File {
        /// Where it is.
        path: PathBuf,
    },
    /// The chain, a moment ago.
    Chain {
        /// The node, as `scheme://host:port`, or how the connection to it stands.
        node: String,
        /// The block.
        block: u64,
    },
    /// The chain, at an earlier time; it cannot be read now.
    Kept {
        /// The block.
        block: u64,
        /// How long ago, in seconds.
        age: u64,
        /// Why it cannot be read now.
        why: String,
    },
}

/// The list of validators that was named, if one was.
///
/// # Errors
/// When it cannot be read, or is another subnet's.
pub(crate) fn listed(config: &MineConfig) -> Result<Option<Metagraph>, Failure> {
    let path = config.metagraph.as_deref();
    path.map(|path| from_file(path, config.netuid)).transpose()
}

/// Finds out about the subnet, from what is `listed` or else from the chain. For as long as the result is held, changes and whatever keeps them from
/// being seen are told to `events`.
///
/// # Errors
/// When the chain cannot be read and was not read before.
pub(crate) async fn open(
    config: &MineConfig,
    listed: Option<Metagraph>,
    own: PublicKey,
    events: &EventSender,
) -> Result<Subnet, Failure> {
    if let (Some(metagraph), Some(path)) = (listed, &config.metagraph) {
        return Ok(Subnet {
            metagraph,
            updates: None,
            origin: Origin::File { path: path.clone() },
            _watcher: None,
        });
    }
    if !config.source.validators {
        return Ok(Subnet {
            metagraph: Metagraph {
                netuid: config.netuid,
                neurons: Vec::new(),
                speed: 1.0,
            },
            updates: None,
            origin: Origin::Nowhere,
            _watcher: None,
        });
    }
    Ok(from_chain(config, own, events).await?)
}

impl Subnet {
    /// Whether the chain says, now, that `hotkey` has no place on the subnet. What was read earlier, or
    /// stands in a file, says nothing about that.
    pub(crate) fn denies(&self, hotkey: PublicKey) -> bool {
        matches!(self.origin, Origin::Chain { .. }) && uid_of(&self.metagraph, hotkey).is_none()
    }
}

/// The uid of a hotkey.
pub(crate) fn uid_of(metagraph: &Metagraph, hotkey: PublicKey) -> Option<u16> {
    let found = metagraph.neurons.iter().find(|n| n.hotkey == hotkey);
    found.map(|neuron| neuron.uid)
}

/// What to do for a hotkey that has no place on the subnet.
pub(crate) fn unregistered(config: &MineConfig, own: PublicKey) -> String {
    let (netuid, network) = (config.netuid, &config.network.name);
    format!(
        "the hotkey {own} is not registered on subnet {netuid} of {network}: register it with `btcli \
         subnet register --netuid {netuid} --wallet.name {} --wallet.hotkey {} --subtensor.network \
         {network}`, or name one that is",
        config.wallet.name(),
        config.wallet.hotkey(),
    )
}

fn from_file(file: &Path, netuid: u16) -> Result<Metagraph, Failure> {
    let path = file.display();
    let bytes = read_bounded(file, LARGEST_METAGRAPH)?;
    let metagraph = Metagraph::from_json(&bytes).with_context(|| format!("{path}"))?;
    if metagraph.netuid != netuid {
        let mut problems = Problems::default();
        problems.add(
            format!("--metagraph {path}: is of subnet {}", metagraph.netuid),
            format!("mine it with --netuid {}", metagraph.netuid),
        );
        return Err(problems.into());
    }
    Ok(metagraph)
}

async fn from_chain(config: &MineConfig, own: PublicKey, events: &EventSender) -> Result<Subnet> {
    let store = Store::new(&config.data_dir, &config.network, config.netuid);
    let kept = store.load();
    let patience = match kept {
        Some(_) => config.wait.min(SHORT_PATIENCE),
        None => config.wait,
    };
    info!(
        "reading the validators of subnet {} from {}",
        config.netuid, config.network.name
    );
    let client = ChainClient::connect(config.network.endpoints.clone(), ChainOptions::default())?;
    let options = WatchOptions {
        every: config.refresh,
        ..WatchOptions::default()
    };
    let watcher = ChainWatcher::start(client.clone(), config.netuid, options, kept.clone());
    let mut states = watcher.subscribe();
    let is_enough =
        |state: &ChainState| state.reads > 0 && (state.failure.is_none() || kept.is_some());
    let _ = tokio::time::timeout(patience, states.wait_for(is_enough)).await;
    let state = states.borrow_and_update().clone();
    let is_fresh = state.reads > 0 && state.failure.is_none();
    let why = match &state.failure {
        Some(failure) => failure.error.to_string(),
        None => client.state().to_string(),
    };
    let Some(snapshot) = state.snapshot else {
        bail!(
            "the chain cannot be read and was not read before: {why}; check --subtensor.network, or \
             give a list of validators with --metagraph FILE"
        );
    };
    let origin = if is_fresh {
        Origin::Chain {
            node: client.state().to_string(),
            block: snapshot.block,
        }
    } else {
        Origin::Kept {
            block: snapshot.block,
            age: snapshot.age().as_secs(),
            why,
        }
    };
    if is_fresh {
        store.save(&snapshot).await?;
    }
    let metagraph = snapshot.metagraph.clone();
    let (publish, updates) = watch::channel(Arc::new(metagraph.clone()));
    let keeper = Keeper::new(store, own, publish, events.clone());
    tokio::spawn(keeper.keep(states));
    Ok(Subnet {
        metagraph,
        updates: Some(updates),
        origin,
        _watcher: Some(watcher),
    })
}
