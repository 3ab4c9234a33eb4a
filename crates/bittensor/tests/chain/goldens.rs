//! Bytes of the chain's layouts, and what the Python SDK's own classes read from them.

use std::net::IpAddr;
use std::path::Path;

use bittensor::Neuron;
use parity_scale_codec::{Decode, Encode};
use serde_json::Value;

use crate::layouts::{AccountId32, plain, wrapped};

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bittensor/tests/data/chain");
    std::fs::read(path.join(name)).unwrap()
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).unwrap()
}

pub(crate) fn neurons() -> Vec<u8> {
    bytes("neurons_lite.scale")
}

pub(crate) fn state() -> Vec<u8> {
    bytes("subnet_state_option.scale")
}

/// The golden neurons as values, to be changed and encoded afresh.
pub(crate) fn neuron_values() -> Vec<plain::NeuronInfoLite> {
    let bytes = neurons();
    let values = Vec::<plain::NeuronInfoLite>::decode(&mut &*bytes).unwrap();
    assert_eq!(values.encode(), bytes, "the layout is not the goldens'");
    values
}

#[allow(dead_code)] // For those who mine from the node.
/// What the chain says of these neurons: `neurons_lite` and the subnet's state.
pub(crate) fn subnet_of(neurons: &[Neuron]) -> (Vec<u8>, Vec<u8>) {
    let pattern = neuron_values().remove(0);
    let lite = |neuron: &Neuron| {
        let mut value = pattern.clone();
        value.hotkey = AccountId32(*neuron.hotkey.as_bytes());
        value.uid = neuron.uid;
        value.validator_permit = neuron.validator_permit;
        value.axon_info.port = neuron.port;
        value.axon_info.ip = match neuron.ip {
            _ if !neuron.is_serving => 0,
            IpAddr::V4(ip) => u32::from(ip).into(),
            IpAddr::V6(ip) => ip.into(),
        };
        value
    };
    let values: Vec<_> = neurons.iter().map(lite).collect();
    let mut state = state_value();
    let stakes = neurons.iter().map(|neuron| (neuron.stake * 1e9) as u64);
    state.total_stake = stakes.map(Into::into).collect();
    state.hotkeys = values.iter().map(|value| value.hotkey.clone()).collect();
    (values.encode(), Some(state).encode())
}

/// The golden state as a value.
pub(crate) fn state_value() -> plain::SubnetState {
    let bytes = state();
    let value = Option::<plain::SubnetState>::decode(&mut &*bytes).unwrap();
    assert_eq!(value.encode(), bytes, "the layout is not the goldens'");
    value.unwrap()
}

/// The same neurons after the upgrade.
pub(crate) fn wrapped_neurons() -> Vec<u8> {
    let values = neuron_values();
    let values: Vec<_> = values.iter().map(wrapped::NeuronInfoLite::of).collect();
    values.encode()
}

/// The same state after the upgrade.
pub(crate) fn wrapped_state() -> Vec<u8> {
    Some(wrapped::SubnetState::of(&state_value())).encode()
}

/// What the SDK makes of the goldens: neurons from `neurons_lite`, stake from the state.
pub(crate) fn sdk_neurons() -> Vec<Neuron> {
    let neurons = json("neurons_lite.json");
    let state = json("subnet_state.json");
    let stakes = state["sdk_view"]["total_stake"].as_array().unwrap();
    let views = neurons["sdk_view"].as_array().unwrap();
    assert_eq!(views.len(), 4);
    views
        .iter()
        .zip(stakes)
        .map(|(view, stake)| {
            let axon = &view["axon"];
            Neuron {
                uid: view["uid"].as_u64().unwrap() as u16,
                hotkey: view["hotkey"].as_str().unwrap().parse().unwrap(),
                ip: axon["ip"].as_str().unwrap().parse::<IpAddr>().unwrap(),
                port: axon["port"].as_u64().unwrap() as u16,
                stake: stake.as_f64().unwrap(),
                validator_permit: view["validator_permit"].as_bool().unwrap(),
                is_serving: axon["is_serving"].as_bool().unwrap(),
            }
        })
        .collect()
}
