//! From the chain's answers to a metagraph.
//!
//! The structs name only what is used: fields are matched by name, so that the order, the width,
//! the compactness of a number, a newtype around it and fields added later do not matter.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use scale_decode::DecodeAsType;

use super::error::ChainError;
use crate::{Metagraph, Neuron, PublicKey};

/// Subnets have at most 256 neurons today.
const MOST_NEURONS: usize = 4096;
/// The chain counts in rao: 10⁻⁹ TAO or alpha.
const RAO: f64 = 1e9;

/// What `get_neurons_lite` lists. Its own stake field is left alone: it is not what the official
/// miner compares with 1000.
#[derive(Debug, DecodeAsType)]
pub(super) struct NeuronInfoLite {
    hotkey: [u8; 32],
    uid: u16,
    netuid: u16,
    axon_info: AxonInfo,
    validator_permit: bool,
}

/// Where an axon says it is. The address is a number; the SDK tells IPv4 from IPv6 by its value
/// alone and ignores `ip_type`.
#[derive(Debug, DecodeAsType)]
struct AxonInfo {
    ip: u128,
    port: u16,
}

/// What `get_subnet_state` answers: columns, one entry per neuron.
#[derive(Debug, DecodeAsType)]
pub(super) struct SubnetState {
    netuid: u16,
    hotkeys: Vec<[u8; 32]>,
    /// In rao; alpha plus weighted root TAO, computed on chain. It is the SDK's `metagraph.S`.
    total_stake: Vec<u64>,
}

/// Joins both answers by hotkey.
///
/// # Errors
/// [`ChainError::Inconsistent`] with what contradicts what.
pub(super) fn metagraph(
    netuid: u16,
    neurons: Vec<NeuronInfoLite>,
    state: Option<SubnetState>,
) -> Result<Metagraph, ChainError> {
    let state = state.ok_or_else(|| {
        ChainError::Inconsistent(format!("subnet {netuid} does not exist on this chain"))
    })?;
    let stakes = stakes(netuid, &neurons, state)?;
    let mut uids = HashSet::with_capacity(neurons.len());
    let neurons = neurons.into_iter().map(|info| {
        if info.netuid != netuid {
            let (uid, other) = (info.uid, info.netuid);
            return Err(format!("uid {uid} of {netuid} is listed as of {other}"));
        }
        if !uids.insert(info.uid) {
            return Err(format!("uid {} is listed twice", info.uid));
        }
        let hotkey = PublicKey::from_bytes(info.hotkey);
        let stake = stakes
            .get(&info.hotkey)
            .ok_or_else(|| format!("{hotkey} is a neuron without stake"))?;
        Ok(neuron(&info, *stake))
    });
    let neurons: Result<Vec<Neuron>, String> = neurons.collect();
    Ok(Metagraph {
        netuid,
        neurons: neurons.map_err(ChainError::Inconsistent)?,
        speed: 1.0,
    })
}

/// The stake by hotkey, in rao.
fn stakes(
    netuid: u16,
    neurons: &[NeuronInfoLite],
    state: SubnetState,
) -> Result<HashMap<[u8; 32], u64>, ChainError> {
    let (hotkeys, entries) = (state.hotkeys.len(), state.total_stake.len());
    let problem = if state.netuid != netuid {
        format!("the state of {netuid} says it is of {}", state.netuid)
    } else if neurons.len() > MOST_NEURONS {
        format!("{} neurons are more than a subnet has", neurons.len())
    } else if hotkeys != entries || hotkeys != neurons.len() {
        let count = neurons.len();
        format!("{count} neurons, {hotkeys} hotkeys and {entries} stakes")
    } else {
        let stakes: HashMap<_, _> = state.hotkeys.into_iter().zip(state.total_stake).collect();
        if stakes.len() == hotkeys {
            return Ok(stakes);
        }
        "a hotkey is listed twice".to_owned()
    };
    Err(ChainError::Inconsistent(problem))
}

fn neuron(info: &NeuronInfoLite, stake: u64) -> Neuron {
    let ip = address(info.axon_info.ip);
    Neuron {
        uid: info.uid,
        hotkey: PublicKey::from_bytes(info.hotkey),
        ip,
        port: info.axon_info.port,
        stake: stake as f64 / RAO,
        validator_permit: info.validator_permit,
        is_serving: ip != IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

/// As the SDK reads it (`int_to_ip`): values below 2³² are IPv4.
fn address(value: u128) -> IpAddr {
    match u32::try_from(value) {
        Ok(value) => IpAddr::V4(Ipv4Addr::from(value)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(value)),
    }
}
