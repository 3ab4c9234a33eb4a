//! `mine` with its validators from a chain: a node of our own, and rehearsal validators.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub
)]

mod common;
#[path = "common/endpoint.rs"]
mod endpoint;
#[path = "../../bittensor/tests/chain/goldens.rs"]
mod goldens;
#[path = "../../bittensor/tests/chain/layouts.rs"]
mod layouts;
#[path = "../../bittensor/tests/chain/metadata.rs"]
mod metadata;
#[path = "common/network.rs"]
mod network;
#[path = "../../bittensor/tests/chain/node.rs"]
mod node;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bittensor::{Neuron, PublicKey};
use common::{Alive, Run, command, finished};
use node::{Era, Node};
use rehearsal::{Rehearsal, RehearsalConfig};

/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(180);

/// A network of three validators, the miner's hotkey, a node that lists both, and a generator.
struct Stage {
    folder: tempfile::TempDir,
    network: Rehearsal,
    own: PublicKey,
    endpoint: String,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let network = network::start(folder.path(), |config| RehearsalConfig {
            validators: 3,
            speed: 40.0,
            ..config
        })
        .await;
        Self {
            own: network::wallet(folder.path()),
            endpoint: endpoint::start(Duration::from_millis(100)).await,
            network,
            folder,
        }
    }

    /// These validators, and the miner.
    fn neurons(&self, uids: &[usize]) -> Vec<Neuron> {
        let all = &self.network.metagraph().neurons;
        let mut neurons: Vec<_> = uids.iter().map(|&uid| all[uid].clone()).collect();
        neurons.push(Neuron {
            uid: 77,
            hotkey: self.own,
            is_serving: false,
            validator_permit: false,
            stake: 0.0,
            ..all[0].clone()
        });
        neurons
    }

    fn arguments<'a>(&'a self, node: &'a str) -> Vec<&'a str> {
        vec![
            "mine",
            "--subtensor.network",
            node,
            "--subtensor.refresh=1s",
            "--wallet.path=wallets",
            "--wallet.name=w",
            "--wallet.hotkey=h",
            "--data-dir=data",
            "--allow-private-validators",
            "--allow-unjudged",
            "--no-validation",
            "--generation.endpoints",
            &self.endpoint,
        ]
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a miner whose log goes to `log`.
    fn mine(&self, node: &str, log: &str) -> Alive {
        let log = std::fs::File::create(self.path().join(log)).unwrap();
        let mut command = command(self.path());
        command
            .args(self.arguments(node))
            .stdout(Stdio::null())
            .stderr(log);
        Alive::start(&mut command)
    }

    fn run(&self, node: &str, more: &[&str]) -> Run {
        let mut command = command(self.path());
        finished(command.args(self.arguments(node)).args(more))
    }

    fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn pulled(&self, uid: usize) -> u64 {
        self.network.report().validators[uid].tally.tasks_pulled
    }
}

/// Waits for `condition`, but not for ever.
async fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never saw {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Ends the miner as a person would.
fn interrupt(mut miner: Alive) {
    miner.signal("-INT");
    assert_eq!(miner.finish().code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn validators_come_and_go_and_the_chain_may_change_and_die() {
    let stage = Stage::set().await;
    let node = Node::start(Era::with(&stage.neurons(&[0, 1]))).await;
    let url = node.url.to_string();
    let miner = stage.mine(&url, "first.log");
    wait_for("tasks of 0 and 1", || {
        stage.pulled(0) > 0 && stage.pulled(1) > 0
    })
    .await;
    assert_eq!(stage.pulled(2), 0);

    node.change(&stage.neurons(&[1, 2]));
    wait_for("a task of 2", || stage.pulled(2) > 0).await;
    let left = stage.pulled(0);

    // An upgrade changes what nobody here can read: whoever is known stays in use.
    node.garble();
    wait_for("an alarm about the upgrade", || {
        stage
            .log("first.log")
            .contains("a form this version does not understand")
    })
    .await;
    let one = stage.pulled(1);
    wait_for("mining through the upgrade", || stage.pulled(1) > one).await;

    // The chain dies: the same.
    drop(node);
    let (one, two) = (stage.pulled(1), stage.pulled(2));
    wait_for("mining without a chain", || {
        stage.pulled(1) > one + 1 && stage.pulled(2) > two + 1
    })
    .await;
    assert!(stage.pulled(0) <= left + 1, "0 is pulled no more");
    wait_for("an alarm", || {
        stage.log("first.log").contains("the chain cannot be read")
    })
    .await;
    interrupt(miner);

    // A start without a chain goes on with what was saved.
    let (zero, two) = (stage.pulled(0), stage.pulled(2));
    let miner = stage.mine(&url, "second.log");
    wait_for("a task after the restart", || stage.pulled(2) > two).await;
    interrupt(miner);
    let log = stage.log("second.log");
    assert!(
        log.contains("mining begins with the validators of"),
        "{log}"
    );
    assert_eq!(stage.pulled(0), zero);
    let report = stage.network.report_holding(|_| true);
    assert_eq!(report.total.violations, 0, "{report}");
    assert_eq!(report.total.doubled, 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_it_all_and_what_would_stop_mining() {
    let stage = Stage::set().await;
    let node = Node::start(Era::with(&stage.neurons(&[0, 1, 2]))).await;
    let url = node.url.to_string();
    let good = stage.run(&url, &["--check", "--json"]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    let page = good.json();
    assert_eq!(page["ok"], true);
    assert_eq!(page["uid"], 77);
    assert_eq!(page["address"], stage.own.to_string());
    assert_eq!(page["metagraph"]["from"], "chain");
    assert_eq!(page["validators"].as_array().unwrap().len(), 3);
    assert!(page["validators"][0]["connected_in_ms"].is_f64());
    assert_eq!(page["refused"][0]["reason"], "this is our own hotkey");
    assert_eq!(page["generators"][0]["usable"], true);

    let judged = stage.run(&url, &["--check", "--min-stake=1000000"]);
    assert_eq!(judged.code, 1);
    assert!(
        judged
            .stderr
            .contains("stops mining: there is no validator"),
        "{}",
        judged.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotkey_without_a_place_is_told_how_to_get_one() {
    let stage = Stage::set().await;
    let mut neurons = stage.neurons(&[0, 1]);
    neurons.pop();
    let node = Node::start(Era::with(&neurons)).await;
    let url = node.url.to_string();
    let refused = stage.run(&url, &["--json"]);
    refused.refused(1);
    for wanted in [
        stage.own.to_string().as_str(),
        "not registered on subnet 17",
        "btcli subnet register --netuid 17 --wallet.name w --wallet.hotkey h",
    ] {
        assert!(refused.stderr.contains(wanted), "{}", refused.stderr);
    }
    let page = stage.run(&url, &["--check", "--json"]);
    assert_eq!(page.code, 1);
    assert!(page.json()["uid"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_chain_there_is_nothing_to_begin_with() {
    let stage = Stage::set().await;
    // Nobody listens there: the port was ours a moment ago.
    let url = Node::start(Era::plain()).await.url.to_string();
    let refused = stage.run(&url, &["--subtensor.wait=2s"]);
    refused.refused(1);
    assert!(
        refused.stderr.contains("the chain cannot be read"),
        "{}",
        refused.stderr
    );
}
