//! `splatsmith mine`: on the validators the chain lists, or a file does, and for a gateway.

use std::sync::Arc;
use std::time::Duration;

use ::miner::{Blacklist, EventSender, GatewayConfig, MinerConfig};
use anyhow::anyhow;
use tracing::{info, warn};

use super::subnet::{self, Origin, Subnet};
use super::{check, generators, hotkey, judges, session};
use crate::args::MineArgs;
use crate::config::{MineConfig, effective};
use crate::ui::{Console, mining_table};
use crate::{Failure, Outcome};

/// Mines, and ends with a summary.
pub(crate) fn run(args: &MineArgs, console: &Console) -> Result<Outcome, Failure> {
    let config = MineConfig::check(args)?;
    info!("configuration: {}", effective(&config.settings()));
    if args.check {
        return check::run(&config, console, args.json);
    }
    // Before a password is asked for.
    let listed = subnet::listed(&config)?;
    let runtime = session::runtime()?;
    let prelude = session::Prelude::begin(&runtime)?;
    let (keypair, _alone) = hotkey::open(&config.wallet, console, args.json, &prelude)?;
    let keypair = Arc::new(keypair);
    info!("mining as {} (the coldkey is never read)", keypair.public());
    warn_of_plain_gateway(&config);

    let summary = runtime.block_on(async {
        let events = EventSender::default();
        let own = keypair.public();
        let subnet = subnet::open(&config, listed, own, &events).await?;
        if subnet.denies(own) {
            return Err(anyhow!(subnet::unregistered(&config, own)).into());
        }
        announce(&subnet);
        let generators = generators::start(&config.generation)?;
        session::announce(&generators);
        let miner = miner_config(&config, &subnet);
        let judge = judges::working(&config.generation, console);
        let deadline = config.limits.deadline();
        // From here on there may be work in hand.
        drop(prelude);
        let summary = session::mine(
            console, miner, keypair, generators, judge, deadline, &events,
        )
        .await?;
        Ok::<_, Failure>(summary)
    })?;

    if args.json {
        console.json(&summary)?;
    } else {
        console.line(&mining_table(&summary));
    }
    Ok(Outcome::Pass)
}

fn warn_of_plain_gateway(config: &MineConfig) {
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
}

fn announce(subnet: &Subnet) {
    match &subnet.origin {
        Origin::Nowhere | Origin::File { .. } => {}
        Origin::Chain { node, block } => info!("the chain is at block {block}: {node}"),
        Origin::Kept { block, age, why } => warn!(
            "the chain cannot be read ({why}): mining begins with the validators of block {block}, {} \
             ago",
            humantime::format_duration(Duration::from_secs(*age))
        ),
    }
}

/// The configuration as the miner takes it.
pub(super) fn miner_config(config: &MineConfig, subnet: &Subnet) -> MinerConfig {
    let gateway = config.source.gateway.clone();
    let is_local = gateway.as_ref().is_some_and(GatewayConfig::is_local);
    MinerConfig {
        // A static list is a test network: loopback addresses and `sketch` are at home there. Where
        // there is a gateway elsewhere too, the miner itself knows better.
        test_network: config.metagraph.is_some() || (!config.source.validators && is_local),
        updates: subnet.updates.clone(),
        gateway,
        blacklist: Blacklist {
            uids: config.blacklist.iter().copied().collect(),
            ..Blacklist::default()
        },
        min_stake: config.min_stake,
        allow_private_validators: config.allowed.private_validators,
        allow_rehearsal_backend: config.allowed.rehearsal_backend,
        allow_unjudged: config.allowed.unjudged,
        candidates: config.generation.candidates,
        limit: session::limit(&config.limits),
        ..MinerConfig::new(subnet.metagraph.clone(), config.data_dir.clone())
    }
}
