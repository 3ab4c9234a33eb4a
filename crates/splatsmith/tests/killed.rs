//! A miner killed again and again, at any moment: nothing is lost, doubled, or asked too early.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/endpoint.rs"]
mod endpoint;
#[path = "common/network.rs"]
mod network;

use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Alive, command};
use network::MINE;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rehearsal::{Rehearsal, RehearsalConfig};

/// Fast enough to see many cooldowns; an answer is in doubt for 53 s at this speed.
const SPEED: f64 = 40.0;

/// How often the miner is killed.
const KILLS: u32 = 10;

/// How long to wait for a miner to pull again, or to answer what killed ones left behind.
const PATIENCE: Duration = Duration::from_secs(180);

/// Unjudged and with an endpoint that is quick but not instant: at any moment some tasks wait, one
/// is made, and some are on their way.
fn start_miner(folder: &Path, endpoint: &str) -> Alive {
    let mut command = command(folder);
    command
        .args(MINE)
        .args(["--no-validation", "--generation.endpoints", endpoint])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Alive::start(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    let mut network = network::start(folder.path(), |config| RehearsalConfig {
        validators: 8,
        speed: SPEED,
        seed: 11,
        ..config
    })
    .await;
    let endpoint = endpoint::start(Duration::from_millis(400)).await;
    // The moments follow from a seed; what the miner is doing at each of them does not.
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    for kill in 0..KILLS {
        let mut miner = start_miner(folder.path(), &endpoint);
        let handed_out = network.report().total.tasks_pulled;
        wait_until(|| network.report().total.tasks_pulled > handed_out).await;
        let moment = Duration::from_millis(dice.random_range(0..2500));
        tokio::time::sleep(moment).await;
        assert!(
            miner.ended().is_none(),
            "the miner ended before kill {kill}"
        );
        miner.kill();
    }
    let left: HashSet<String> = tasks(&network).collect();
    let miner = start_miner(folder.path(), &endpoint);
    wait_until(|| !tasks(&network).any(|task| left.contains(&task))).await;
    interrupt(miner);
    // What the last miner pulled since is in its ledger, and not lost.
    let report = network.report_holding(|task| !left.contains(task));
    let unanswered = network.unanswered();
    network.shutdown().await;

    assert!(report.total.tasks_pulled >= u64::from(KILLS), "{report}");
    assert!(report.is_clean(), "{report}\n{unanswered:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_miners_on_one_hotkey_are_one_too_many() {
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    let network = network::start(folder.path(), |config| RehearsalConfig {
        validators: 1,
        ..config
    })
    .await;
    let endpoint = endpoint::start(Duration::ZERO).await;
    let miner = start_miner(folder.path(), &endpoint);
    wait_until(|| network.report().total.tasks_pulled > 0).await;
    let mut elsewhere = MINE;
    if let Some(data_dir) = elsewhere.last_mut() {
        *data_dir = "other-data";
    }
    let second = common::run(folder.path(), elsewhere);
    interrupt(miner);
    second.refused(1);
    assert!(second.stderr.contains("hotkey"), "{}", second.stderr);
}

/// Waits for `condition`, but not for ever: what is asserted at the end says what is missing.
async fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The tasks that reached a miner and wait for an answer.
fn tasks(network: &Rehearsal) -> impl Iterator<Item = String> {
    network.unanswered().into_iter().map(|waiting| waiting.task)
}

/// Ends the miner as a person would, so that it finishes what it has in hand.
fn interrupt(mut miner: Alive) {
    miner.signal("-INT");
    assert_eq!(miner.finish().code, 0, "an interrupted miner ends well");
}
