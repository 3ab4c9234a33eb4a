//! Reads from a healthy node.

use std::time::Duration;

use bittensor::PublicKey;
use bittensor::chain::{ChainClient, ChainError, ChainOptions, LinkState};
use serde_json::Value;

use crate::goldens;
use crate::node::{Era, Fault, Node};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// Bounds a hang, on however slow a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What has to happen.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, future).await;
    outcome.expect("it never happened")
}

/// Short pauses; long time-outs, for the machine may be slow.
pub(crate) fn options() -> ChainOptions {
    ChainOptions {
        call_timeout: PATIENCE,
        connect_timeout: PATIENCE,
        shortest_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(100),
        ..ChainOptions::default()
    }
}

pub(crate) fn client(nodes: &[&Node]) -> ChainClient {
    let endpoints = nodes.iter().map(|node| node.url.clone()).collect();
    ChainClient::connect(endpoints, options()).unwrap()
}

#[tokio::test]
async fn the_metagraph_is_the_sdks() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    let snapshot = client.metagraph(17).await.unwrap();
    assert_eq!(snapshot.block, 6_543_211);
    assert_eq!(snapshot.metagraph.netuid, 17);
    assert_eq!(snapshot.metagraph.neurons, goldens::sdk_neurons());
    assert!(matches!(client.state(), LinkState::Up { .. }));
}

#[tokio::test]
async fn one_read_is_of_one_block() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    let snapshot = client.metagraph(17).await.unwrap();
    let hash = Value::from(format!("0x{:064x}", snapshot.block));
    for params in node.calls("state_call") {
        assert_eq!(params[2], hash, "{params}");
    }
    assert_eq!(node.calls("state_call").len(), 3);
    assert_eq!(
        node.calls("state_getRuntimeVersion"),
        [Value::from(vec![hash])]
    );
    assert_eq!(client.block().await.unwrap(), snapshot.block + 1);
}

#[tokio::test]
async fn a_registration_is_looked_up_under_the_sdks_key() {
    for era in [Era::plain(), Era::wrapped()] {
        let node = Node::start(era).await;
        let client = client(&[&node]);
        let [alice, bob]: [PublicKey; 2] = [ALICE, BOB].map(|text| text.parse().unwrap());
        assert_eq!(client.registration(17, &alice).await.unwrap(), Some(200));
        assert_eq!(client.registration(17, &bob).await.unwrap(), None);
        assert_eq!(client.registration(18, &alice).await.unwrap(), None);
        let keys = goldens::json("storage_keys.json");
        let expected = &keys["Uids_17_Alice_identity_then_blake2_128concat"];
        assert_eq!(node.calls("state_getStorage")[0][0], *expected);
    }
}

#[tokio::test]
async fn metadata_is_read_once_per_runtime_and_upgrades_are_followed() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    for _ in 0..3 {
        client.metagraph(17).await.unwrap();
    }
    let metadata_reads = || {
        let calls = node.calls("state_call");
        let of_metadata = |params: &&Value| params[0] == "Metadata_metadata_at_version";
        calls.iter().filter(of_metadata).count()
    };
    assert_eq!(metadata_reads(), 1);

    node.upgrade(6_543_220, Era::wrapped());
    node.set_block(6_543_300);
    node.clear_calls();
    let snapshot = client.metagraph(17).await.unwrap();
    assert_eq!(snapshot.metagraph.neurons, goldens::sdk_neurons());
    assert_eq!(snapshot.block, 6_543_301);
    client.metagraph(17).await.unwrap();
    // This node has no version 15 any more: one question for it, one for version 16.
    assert_eq!(metadata_reads(), 2);
}

#[tokio::test]
async fn a_runtime_changed_under_the_same_version_is_read_again() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    client.metagraph(17).await.unwrap();
    let changed = Era {
        spec_version: 300,
        ..Era::wrapped()
    };
    node.upgrade(6_543_220, changed);
    node.set_block(6_543_300);
    assert!(client.metagraph(17).await.unwrap_err().is_decoding());
    let snapshot = client.metagraph(17).await.unwrap();
    assert_eq!(snapshot.metagraph.neurons, goldens::sdk_neurons());
}

#[tokio::test]
async fn a_subnet_that_is_not_there_is_named() {
    let node = Node::start(Era::plain()).await;
    let error = client(&[&node]).metagraph(99).await.unwrap_err();
    assert!(
        error.to_string().contains("subnet 99 does not exist"),
        "{error}"
    );
}

#[tokio::test]
async fn refusals_and_nonsense_are_told_apart() {
    let node = Node::faulty(Fault::Error).await;
    let client = client(&[&node]);
    let error = client.block().await.unwrap_err();
    assert!(matches!(error, ChainError::Refused { code: -32000, .. }));
    assert!(!error.is_decoding());
    assert!(
        error.to_string().contains("UnknownBlock (-32000)"),
        "{error}"
    );
    for nonsense in [
        Value::Null,
        Value::from(7),
        Value::from("no hex"),
        Value::from("0xabc"),
        Value::from(vec![1, 2]),
    ] {
        node.set(Fault::Result(nonsense.clone()));
        let error = client.block().await.unwrap_err();
        assert!(
            matches!(error, ChainError::Answer { .. }),
            "{nonsense}: {error}"
        );
    }
    node.set(Fault::None);
    client.block().await.unwrap();
    assert_eq!(node.connections(), 1);
}

#[tokio::test]
async fn many_calls_at_once_share_the_connection() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    let reads = (0..200).map(|_| client.metagraph(17));
    let outcomes = futures_util::future::join_all(reads).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(node.connections(), 1);
}

#[tokio::test]
async fn there_must_be_an_endpoint() {
    let error = ChainClient::connect(Vec::new(), options()).unwrap_err();
    assert!(matches!(error, ChainError::Endpoint { .. }));
}
