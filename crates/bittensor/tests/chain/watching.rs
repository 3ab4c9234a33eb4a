//! The last good metagraph stays in use, whatever happens.

use std::time::Duration;

use bittensor::chain::{ChainState, ChainWatcher, Notice, Snapshot, WatchOptions};
use tokio::sync::watch::Receiver;

use crate::goldens;
use crate::node::{Era, Fault, Node};
use crate::reads::{client, soon};

const OPTIONS: WatchOptions = WatchOptions {
    every: Duration::from_millis(20),
    retry: Duration::from_millis(10),
    stuck_after: Duration::from_secs(600),
};

async fn until(
    states: &mut Receiver<ChainState>,
    holds: impl FnMut(&ChainState) -> bool,
) -> ChainState {
    soon(states.wait_for(holds)).await.unwrap().clone()
}

fn block(state: &ChainState) -> u64 {
    state.snapshot.as_ref().map_or(0, |snapshot| snapshot.block)
}

#[tokio::test]
async fn it_keeps_the_metagraph_current() {
    let node = Node::start(Era::plain()).await;
    let watcher = ChainWatcher::start(client(&[&node]), 17, OPTIONS, None);
    let mut states = watcher.subscribe();
    let first = until(&mut states, |state| state.snapshot.is_some()).await;
    assert!(matches!(first.notice(), Some(Notice::Refreshed { block }) if block > 6_543_210));
    let later = until(&mut states, |state| block(state) > 6_543_214).await;
    assert!(later.failure.is_none());
    let snapshot = later.snapshot.unwrap();
    assert_eq!(snapshot.metagraph.neurons, goldens::sdk_neurons());
}

#[tokio::test]
async fn an_unreadable_runtime_raises_an_alarm_and_the_last_good_one_stays() {
    let node = Node::start(Era::plain()).await;
    let watcher = ChainWatcher::start(client(&[&node]), 17, OPTIONS, None);
    let mut states = watcher.subscribe();
    until(&mut states, |state| state.snapshot.is_some()).await;

    // The runtime changes its layouts, but the node's metadata does not tell.
    let broken = Era {
        metadata: Era::plain().metadata,
        ..Era::wrapped()
    };
    node.upgrade(6_600_000, broken);
    node.set_block(6_600_000);
    let state = until(&mut states, |state| {
        state
            .failure
            .as_ref()
            .is_some_and(|failure| failure.count >= 3)
    })
    .await;
    let Some(Notice::Failed { error, age }) = state.notice() else {
        panic!("no alarm")
    };
    assert!(error.is_decoding(), "{error}");
    assert!(age.is_some());
    assert!(block(&state) > 6_543_210 && block(&state) < 6_600_000);
    assert_eq!(
        state.snapshot.unwrap().metagraph.neurons,
        goldens::sdk_neurons()
    );

    node.upgrade(6_700_000, Era::wrapped());
    node.set_block(6_700_000);
    let healed = until(&mut states, |state| block(state) > 6_700_000).await;
    assert!(healed.failure.is_none());
}

#[tokio::test]
async fn a_node_that_vanishes_is_waited_for() {
    let node = Node::start(Era::plain()).await;
    let watcher = ChainWatcher::start(client(&[&node]), 17, OPTIONS, None);
    let mut states = watcher.subscribe();
    until(&mut states, |state| state.snapshot.is_some()).await;
    for fault in [Fault::Half, Fault::Text("garbage".into()), Fault::Flood] {
        node.set(fault.clone());
        let failed = until(&mut states, |state| state.failure.is_some()).await;
        assert!(failed.snapshot.is_some());
        let Some(Notice::Failed { error, .. }) = failed.notice() else {
            panic!("{fault:?}")
        };
        assert!(!error.is_decoding(), "{fault:?}: {error}");
        node.set(Fault::None);
        until(&mut states, |state| state.failure.is_none()).await;
    }
}

#[tokio::test]
async fn a_kept_metagraph_is_in_use_until_the_first_read() {
    let node = Node::faulty(Fault::Error).await;
    let metagraph = bittensor::Metagraph {
        netuid: 17,
        neurons: goldens::sdk_neurons(),
        speed: 1.0,
    };
    let kept = Snapshot {
        block: 5,
        read_at: 1_790_000_000,
        metagraph,
    };
    let watcher = ChainWatcher::start(client(&[&node]), 17, OPTIONS, Some(kept.clone()));
    let mut states = watcher.subscribe();
    assert!(states.borrow().notice().is_none());
    assert_eq!(*states.borrow().snapshot.as_deref().unwrap(), kept);
    let state = until(&mut states, |state| state.reads > 1).await;
    assert_eq!(*state.snapshot.unwrap(), kept);
    node.set(Fault::None);
    let state = until(&mut states, |state| block(state) > 5).await;
    assert!(state.failure.is_none());
}

#[tokio::test]
async fn a_head_that_stands_still_is_left() {
    let (stuck, good) = (
        Node::start(Era::plain()).await,
        Node::start(Era::plain()).await,
    );
    // The newest block goes back with every look, so it never is a new one.
    let options = WatchOptions {
        stuck_after: Duration::ZERO,
        ..OPTIONS
    };
    let watcher = ChainWatcher::start(client(&[&stuck, &good]), 17, options, None);
    let mut states = watcher.subscribe();
    until(&mut states, |state| state.snapshot.is_some()).await;
    stuck.set_block(1_000);
    let state = until(&mut states, |state| state.failure.is_some()).await;
    let Some(Notice::Failed { error, .. }) = state.notice() else {
        panic!("no notice")
    };
    assert!(error.to_string().contains("stands still"), "{error}");
    good.set_block(7_000_000);
    let state = until(&mut states, |state| block(state) > 7_000_000).await;
    assert!(state.failure.is_none());
}

#[tokio::test]
async fn it_ends_when_dropped() {
    let node = Node::start(Era::plain()).await;
    let watcher = ChainWatcher::start(client(&[&node]), 17, OPTIONS, None);
    let mut states = watcher.subscribe();
    until(&mut states, |state| state.snapshot.is_some()).await;
    drop(watcher);
    soon(async { while states.changed().await.is_ok() {} }).await;
}
