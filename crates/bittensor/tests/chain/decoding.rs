//! Decoding alone: parity with the SDK, and what is refused.

use std::path::Path;

use bittensor::chain::{ChainError, Runtime};
use bittensor::{Metagraph, Neuron};
use parity_scale_codec::{Compact, Encode};
use proptest::prelude::*;
use scale_info::meta_type;

use crate::goldens;
use crate::layouts::plain;
use crate::metadata::{self, Types, plain_types, wrapped_types};

fn plain_runtime() -> Runtime {
    Runtime::from_metadata(&metadata::v15(&plain_types())).unwrap()
}

fn wrapped_runtime() -> Runtime {
    Runtime::from_metadata(&metadata::v16(&wrapped_types())).unwrap()
}

fn read(runtime: &Runtime, neurons: &[u8], state: &[u8]) -> Vec<Neuron> {
    let metagraph = runtime.metagraph(17, neurons, state).unwrap();
    assert_eq!((metagraph.netuid, metagraph.speed), (17, 1.0));
    metagraph.neurons
}

#[test]
fn the_goldens_read_as_the_sdk_reads_them() {
    let neurons = read(&plain_runtime(), &goldens::neurons(), &goldens::state());
    assert_eq!(neurons, goldens::sdk_neurons());
}

#[test]
fn either_metadata_version_will_do() {
    let runtime = Runtime::from_metadata(&metadata::v16(&plain_types())).unwrap();
    let neurons = read(&runtime, &goldens::neurons(), &goldens::state());
    assert_eq!(neurons, goldens::sdk_neurons());
}

#[test]
fn an_upgrade_that_wraps_moves_and_adds_fields_is_followed() {
    let (neurons, state) = (goldens::wrapped_neurons(), goldens::wrapped_state());
    assert_ne!(neurons, goldens::neurons());
    let upgraded = wrapped_runtime();
    assert_eq!(read(&upgraded, &neurons, &state), goldens::sdk_neurons());
    // Compiled-in layouts would break either way:
    let old = plain_runtime();
    assert!(old.metagraph(17, &neurons, &state).is_err());
    let stale = upgraded.metagraph(17, &goldens::neurons(), &goldens::state());
    assert!(stale.is_err());
}

#[test]
fn metadata_without_what_a_miner_reads_is_refused() {
    let text = |bytes: &[u8]| Runtime::from_metadata(bytes).unwrap_err().to_string();
    assert!(text(&metadata::v14()).contains("version 14"));
    assert!(text(b"").contains("the metadata"));
    assert!(text(b"meta").contains("the metadata"));
    assert!(text(b"nonsense").contains("the metadata"));
    let mut bytes = metadata::v15(&plain_types());
    bytes[0] = b'M';
    assert!(text(&bytes).contains("magic number"));
    let mut bytes = metadata::v15(&plain_types());
    let at = find(&bytes, b"get_neurons_lite");
    bytes[at] = b'G';
    assert!(text(&bytes).contains("get_neurons_lite"));
    let mut bytes = metadata::v15(&plain_types());
    let at = find(&bytes, b"Uids");
    bytes[at] = b'u';
    assert!(text(&bytes).contains("Uids"));
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

#[test]
fn a_type_of_another_shape_is_refused() {
    let runtime = Runtime::from_metadata(&metadata::v15(&Types {
        neurons: meta_type::<Vec<(u16, bool)>>(),
        ..plain_types()
    }))
    .unwrap();
    let neurons = vec![(17u16, true)].encode();
    let error = runtime
        .metagraph(17, &neurons, &goldens::state())
        .unwrap_err();
    assert!(error.is_decoding() && matches!(error, ChainError::Layout { .. }));
    // Types that would never end are refused before anything is decoded.
    let endless = Runtime::from_metadata(&metadata::v15(&Types {
        neurons: meta_type::<Vec<()>>(),
        ..plain_types()
    }));
    assert!(endless.unwrap_err().to_string().contains("no size"));
}

#[test]
fn every_byte_must_be_accounted_for() {
    let runtime = plain_runtime();
    let (neurons, state) = (goldens::neurons(), goldens::state());
    for cut in 0..neurons.len() {
        let outcome = runtime.metagraph(17, &neurons[..cut], &state);
        assert!(outcome.is_err(), "the first {cut} bytes passed");
    }
    for cut in 0..state.len() {
        assert!(runtime.metagraph(17, &neurons, &state[..cut]).is_err());
    }
    let longer = [neurons.as_slice(), &[0]].concat();
    let error = runtime.metagraph(17, &longer, &state).unwrap_err();
    assert!(error.to_string().contains("left over"), "{error}");
    let longer = [state.as_slice(), &[0]].concat();
    assert!(runtime.metagraph(17, &neurons, &longer).is_err());
}

/// Reads the goldens after a change of their values.
fn changed(
    change: impl FnOnce(&mut Vec<plain::NeuronInfoLite>, &mut plain::SubnetState),
) -> Result<Metagraph, String> {
    let (mut neurons, mut state) = (goldens::neuron_values(), goldens::state_value());
    change(&mut neurons, &mut state);
    plain_runtime()
        .metagraph(17, &neurons.encode(), &Some(state).encode())
        .map_err(|error| {
            assert!(error.is_decoding());
            error.to_string()
        })
}

#[test]
fn contradictions_are_refused_by_name() {
    assert!(changed(|_, _| ()).is_ok());
    type Change = fn(&mut Vec<plain::NeuronInfoLite>, &mut plain::SubnetState);
    let cases: [(Change, &str); 9] = [
        (
            |neurons, _| neurons[2].netuid = 18,
            "uid 2 of 17 is listed as of 18",
        ),
        (|neurons, _| neurons[2].uid = 1, "uid 1 is listed twice"),
        (
            |neurons, _| neurons[2].hotkey = neurons[1].coldkey.clone(),
            "without stake",
        ),
        (
            |neurons, _| neurons.truncate(3),
            "3 neurons, 4 hotkeys and 4 stakes",
        ),
        (
            |_, state| state.total_stake.truncate(3),
            "4 hotkeys and 3 stakes",
        ),
        (
            |_, state| state.hotkeys.truncate(3),
            "3 hotkeys and 4 stakes",
        ),
        (
            |_, state| state.netuid = 16,
            "the state of 17 says it is of 16",
        ),
        (
            |_, state| state.hotkeys[1] = state.hotkeys[0].clone(),
            "listed twice",
        ),
        (
            |neurons, _| {
                let one = neurons[0].clone();
                neurons.resize(4097, one);
            },
            "more than a subnet has",
        ),
    ];
    for (change, expected) in cases {
        let error = changed(change).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let none = plain_runtime().metagraph(99, &Vec::<u8>::new().encode(), &[0]);
    assert!(none.unwrap_err().to_string().contains("99 does not exist"));
}

#[test]
fn an_empty_subnet_is_no_error() {
    let metagraph = changed(|neurons, state| {
        neurons.clear();
        state.hotkeys.clear();
        state.total_stake.clear();
    });
    assert!(metagraph.unwrap().neurons.is_empty());
}

#[test]
fn claimed_counts_cost_nothing() {
    let runtime = plain_runtime();
    for count in [1u64 << 14, 1 << 30, 1 << 62, u64::MAX] {
        let claim = Compact(count).encode();
        assert!(runtime.metagraph(17, &claim, &goldens::state()).is_err());
        // The count of hotkeys follows the option and the netuid.
        let state = [&[1, 0x44], claim.as_slice()].concat();
        assert!(runtime.metagraph(17, &goldens::neurons(), &state).is_err());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        neurons in proptest::collection::vec(any::<u8>(), 0..2000),
        state in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        for runtime in [plain_runtime(), wrapped_runtime()] {
            let _ = runtime.metagraph(17, &neurons, &goldens::state());
            let _ = runtime.metagraph(17, &goldens::neurons(), &state);
        }
    }

    #[test]
    fn any_change_of_the_bytes_is_survived(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (mut neurons, mut state) = (goldens::wrapped_neurons(), goldens::wrapped_state());
        for (index, byte) in &changes {
            *index.get_mut(&mut neurons) = *byte;
            *index.get_mut(&mut state) = *byte;
        }
        let runtime = wrapped_runtime();
        let _ = runtime.metagraph(17, &neurons, &goldens::wrapped_state());
        let _ = runtime.metagraph(17, &goldens::wrapped_neurons(), &state);
    }

    #[test]
    fn any_change_of_the_metadata_is_survived(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = metadata::v16(&wrapped_types());
        for (index, byte) in &changes {
            *index.get_mut(&mut bytes) = *byte;
        }
        if let Ok(runtime) = Runtime::from_metadata(&bytes) {
            let _ = runtime.metagraph(17, &goldens::wrapped_neurons(), &goldens::wrapped_state());
        }
    }
}

/// The seeds of `fuzz_targets/chain.rs`: two generations of metadata, with the goldens in their layout.
/// With `SPLATSMITH_WRITE_SEEDS` set they are written, otherwise they must be as they would be.
#[test]
fn the_fuzz_target_begins_with_these_layouts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/chain");
    let seed = |choice: u8, metadata: &[u8], neurons: &[u8], state: &[u8]| {
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_le_bytes();
        let lengths = [length(metadata), length(neurons)].concat();
        [&[choice], lengths.as_slice(), metadata, neurons, state].concat()
    };
    let (plain, wrapped) = (plain_types(), wrapped_types());
    let (neurons, state) = (goldens::neurons(), goldens::state());
    let (new_neurons, new_state) = (goldens::wrapped_neurons(), goldens::wrapped_state());
    for (name, bytes) in [
        ("plain", seed(0, &metadata::v15(&plain), &neurons, &state)),
        (
            "wrapped",
            seed(1, &metadata::v16(&wrapped), &new_neurons, &new_state),
        ),
        ("own_v16", seed(9, &metadata::v16(&plain), &neurons, &state)),
        (
            "own_v15",
            seed(9, &metadata::v15(&wrapped), &new_neurons, &new_state),
        ),
    ] {
        if std::env::var_os("SPLATSMITH_WRITE_SEEDS").is_some() {
            std::fs::write(folder.join(name), &bytes).unwrap();
        }
        assert_eq!(std::fs::read(folder.join(name)).unwrap(), bytes, "{name}");
    }
}
