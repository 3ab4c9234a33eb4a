//! Nodes that stall, lie, flood and vanish.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use bittensor::chain::{ChainClient, ChainError, ChainOptions, LinkState, Snapshot};

use crate::goldens;
use crate::node::{Era, Fault, Node};
use crate::reads::{client, options, soon};

/// Reads until it succeeds.
async fn persist(client: &ChainClient) -> Snapshot {
    let read = async {
        loop {
            match client.metagraph(17).await {
                Ok(snapshot) => return snapshot,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    soon(read).await
}

/// Short enough to see time-outs in a test, and long enough for a good node on a slow machine.
fn impatient() -> ChainOptions {
    ChainOptions {
        call_timeout: Duration::from_secs(4),
        connect_timeout: Duration::from_secs(2),
        ping_every: Duration::from_secs(1),
        ..options()
    }
}

fn impatient_client(nodes: &[&Node]) -> ChainClient {
    let endpoints = nodes.iter().map(|node| node.url.clone()).collect();
    ChainClient::connect(endpoints, impatient()).unwrap()
}

/// Gives a call up before a connection can answer it.
fn hasty_client(node: &Node) -> ChainClient {
    let options = ChainOptions {
        call_timeout: Duration::from_millis(50),
        ..options()
    };
    ChainClient::connect(vec![node.url.clone()], options).unwrap()
}

#[tokio::test]
async fn whatever_the_first_node_does_the_second_is_found() {
    let faults = [
        Fault::Refuse,
        Fault::Deaf,
        Fault::Stall,
        Fault::Freeze,
        Fault::Half,
        Fault::Text("garbage".into()),
        Fault::Text("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":".into()),
        Fault::Raw(b"HTTP/1.1 500 no\r\n\r\n".to_vec()),
        Fault::Raw(vec![0xff; 100]),
        // A text frame that is not UTF-8.
        Fault::Raw(vec![0x81, 2, 0xff, 0xfe]),
        Fault::Flood,
        Fault::Fragments,
    ];
    let found = faults.map(|fault| async move {
        let (bad, good) = (
            Node::faulty(fault.clone()).await,
            Node::start(Era::plain()).await,
        );
        let client = impatient_client(&[&bad, &good]);
        let snapshot = persist(&client).await;
        assert_eq!(
            snapshot.metagraph.neurons,
            goldens::sdk_neurons(),
            "{fault:?}"
        );
        assert!(bad.connections() >= 1, "{fault:?}");
        assert!(bad.calls("chain_getHeader").is_empty(), "{fault:?}");
    });
    join_all(found).await;
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_by_their_header() {
    for fault in [Fault::Flood, Fault::Fragments] {
        let node = Node::faulty(fault.clone()).await;
        let error = client(&[&node]).block().await.unwrap_err();
        let ChainError::Disconnected { why, .. } = &error else {
            panic!("{fault:?}: {error}");
        };
        assert!(
            why.contains("too long") || why.contains("too large"),
            "{why}"
        );
        // What was taken is the limit (8 MB) and what the sockets' buffers hold, not the whole.
        assert!(node.poured() < 50, "{fault:?}: {} MB", node.poured());
    }
}

#[tokio::test]
async fn an_unanswered_call_times_out_and_the_node_is_left() {
    let (stalled, other) = (
        Node::faulty(Fault::Stall).await,
        Node::faulty(Fault::Stall).await,
    );
    let options = ChainOptions {
        call_timeout: Duration::from_millis(200),
        ..options()
    };
    let endpoints = vec![stalled.url.clone(), other.url.clone()];
    let client = ChainClient::connect(endpoints, options).unwrap();
    soon(async {
        while other.connections() == 0 {
            let error = client.block().await.unwrap_err();
            assert!(!error.is_decoding(), "{error}");
        }
    })
    .await;
    assert!(stalled.connections() >= 1);
}

#[tokio::test]
async fn a_silent_node_is_noticed_without_a_call() {
    let (frozen, good) = (
        Node::faulty(Fault::Freeze).await,
        Node::start(Era::plain()).await,
    );
    let options = ChainOptions {
        ping_every: Duration::from_millis(50),
        ..options()
    };
    let endpoints = vec![frozen.url.clone(), good.url.clone()];
    let client = ChainClient::connect(endpoints, options).unwrap();
    soon(good.until_connected(1)).await;
    drop(client);
}

#[tokio::test]
async fn pings_keep_a_healthy_connection() {
    let node = Node::start(Era::plain()).await;
    let options = ChainOptions {
        ping_every: Duration::from_millis(500),
        ..options()
    };
    let client = ChainClient::connect(vec![node.url.clone()], options).unwrap();
    client.block().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2250)).await;
    client.block().await.unwrap();
    assert_eq!(node.connections(), 1);
}

#[tokio::test]
async fn whoever_slept_does_not_take_the_node_for_dead() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    client.block().await.unwrap();
    // As a machine that was suspended: pings and their answers have had no time.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(600)).await;
    tokio::time::resume();
    // What is due happens before this is answered.
    client.block().await.unwrap();
    assert_eq!(node.connections(), 1);
    assert!(matches!(client.state(), LinkState::Up { .. }));
}

#[tokio::test]
async fn an_unreachable_chain_says_why() {
    let (_held, mut secret) = Node::nobody();
    secret.set_path("/v1/api-key");
    // Where the first attempt takes longer than the call, there is no reason yet.
    for millis in [300, 1500, 7500, 40_000] {
        let options = ChainOptions {
            call_timeout: Duration::from_millis(millis),
            ..options()
        };
        let client = ChainClient::connect(vec![secret.clone()], options).unwrap();
        let why = match client.block().await.unwrap_err() {
            ChainError::Unreachable(why) => why,
            ChainError::Timeout { .. } => continue,
            error => panic!("{error}"),
        };
        assert!(why.contains("refused"), "{why}");
        assert!(!why.contains("api-key"), "{why}");
        assert!(matches!(client.state(), LinkState::Down { .. }));
        return;
    }
    panic!("no attempt within 40 s");
}

#[tokio::test]
async fn a_node_that_drops_us_is_not_stormed() {
    for fault in [Fault::Refuse, Fault::Text("garbage".into())] {
        let node = Node::faulty(fault.clone()).await;
        let client = hasty_client(&node);
        let begun = Instant::now();
        soon(async {
            while begun.elapsed() < Duration::from_millis(1500) || node.connections() < 2 {
                let _ = client.block().await;
            }
        })
        .await;
        // Pauses of 10, 20, 40, 80, 100, 100 … ms, each shortened by up to a half: four to reach
        // 100, then one in 50 ms at most.
        let connections = node.connections();
        let most = 6 + begun.elapsed().as_millis() as usize / 50;
        assert!(connections <= most, "{fault:?}: {connections} > {most}");
    }
}

#[tokio::test]
async fn a_node_that_comes_back_is_found_again() {
    let node = Node::start(Era::plain()).await;
    let client = client(&[&node]);
    let before = client.metagraph(17).await.unwrap();
    node.set(Fault::Half);
    assert!(client.metagraph(17).await.is_err());
    node.set(Fault::None);
    let after = persist(&client).await;
    assert_eq!(after.metagraph, before.metagraph);
}

#[tokio::test]
async fn the_connection_ends_with_its_last_client() {
    let node = Node::faulty(Fault::Refuse).await;
    let client = hasty_client(&node);
    let clone = client.clone();
    drop(client);
    let _ = clone.block().await;
    drop(clone);
    // One attempt may still be on its way; if they went on, there would be five of them each time.
    let quiet = async {
        loop {
            let before = node.connections();
            tokio::time::sleep(Duration::from_millis(500)).await;
            if node.connections() == before {
                return;
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), quiet).await;
    ended.expect("it goes on");
}
