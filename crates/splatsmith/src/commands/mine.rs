//! `splatsmith mine`: on a static list of validators, until the chain can be read, and for a gateway.

use std::sync::Arc;

use ::miner::{Blacklist, EventSender, GatewayConfig, MinerConfig};
use anyhow::Context;
use bittensor::Metagraph;
use tracing::{info, warn};

use super::{generators, hotkey, session};
use crate::args::MineArgs;
use crate::config::{MineConfig, Problems, effective};
use crate::files::{LARGEST_METAGRAPH, read_bounded};
use crate::ui::{Console, mining_table};
use crate::{Failure, Outcome};

/// Mines, and ends with a summary.
pub(crate) fn run(args: &MineArgs, console: &Console) -> Result<Outcome, Failure> {
    let config = MineConfig::check(args)?;
    info!("configuration: {}", effective(&config.settings()));
    let metagraph = metagraph(&config)?;
    let (keypair, _alone) = hotkey::open(&config.wallet, console, args.json)?;
    let keypair = Arc::new(keypair);
    info!("mining as {} (the coldkey is never read)", keypair.public());
    if let Some(gateway) = &config.source.gateway
        && !gateway.is_encrypted()
        && !gateway.is_local()
    {
        warn!(
            "{} is not encrypted: whoever listens on the way can ask and answer in this hotkey's \
             name for half a minute at a time",
            gateway.address()
        );
    }

    let summary = session::runtime()?.block_on(async {
        let generators = generators::start(&config.generation)?;
        session::announce(&config.generation, &generators);
        let events = EventSender::default();
        let miner = miner_config(&config, metagraph);
        let validate = config.generation.validate;
        let deadline = config.limits.deadline();
        session::mine(
            console, miner, keypair, generators, validate, deadline, &events,
        )
        .await
    })?;

    if args.json {
        console.json(&summary)?;
    } else {
        console.line(&mining_table(&summary));
    }
    Ok(Outcome::Pass)
}

/// The list of validators; an empty one where none are pulled from.
fn metagraph(config: &MineConfig) -> Result<Metagraph, Failure> {
    let Some(file) = &config.metagraph else {
        return Ok(Metagraph {
            netuid: config.netuid,
            neurons: Vec::new(),
            speed: 1.0,
        });
    };
    let path = file.display();
    let bytes = read_bounded(file, LARGEST_METAGRAPH)?;
    let metagraph = Metagraph::from_json(&bytes).with_context(|| format!("{path}"))?;
    if metagraph.netuid != config.netuid {
        let mut problems = Problems::default();
        problems.add(
            format!("--metagraph {path}: is of subnet {}", metagraph.netuid),
            format!("mine it with --netuid {}", metagraph.netuid),
        );
        return Err(problems.into());
    }
    Ok(metagraph)
}

fn miner_config(config: &MineConfig, metagraph: Metagraph) -> MinerConfig {
    MinerConfig {
        // A static list is a test network: loopback addresses and `sketch` are at home there. Where
        // there is a gateway elsewhere too, the miner itself knows better.
        test_network: config.metagraph.is_some()
            || config
                .source
                .gateway
                .as_ref()
                .is_some_and(GatewayConfig::is_local),
        gateway: config.source.gateway.clone(),
        blacklist: Blacklist {
            uids: config.blacklist.iter().copied().collect(),
            ..Blacklist::default()
        },
        min_stake: config.min_stake,
        candidates: config.generation.candidates,
        limit: session::limit(&config.limits),
        ..MinerConfig::new(metagraph, config.data_dir.clone())
    }
}
