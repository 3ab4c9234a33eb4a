//! A rehearsal in the test's own process, and a hotkey for the miner beside it.

#![allow(dead_code)] // Each test binary uses its own part.

use std::path::Path;
use std::sync::Arc;

use bittensor::{Keypair, PublicKey, keyfile};
use judge::{Judge, JudgeConfig};
use rehearsal::{Rehearsal, RehearsalConfig};

/// Starts a network and writes its `metagraph.json` into `folder`.
pub(crate) async fn start(
    folder: &Path,
    change: impl FnOnce(RehearsalConfig) -> RehearsalConfig,
) -> Rehearsal {
    let judge = Arc::new(Judge::new(JudgeConfig::default()));
    let network = Rehearsal::start(change(RehearsalConfig::new(judge)))
        .await
        .expect("the network starts");
    let metagraph = network.metagraph().to_json().expect("encodes");
    std::fs::write(folder.join("metagraph.json"), metagraph).expect("written");
    network
}

/// Writes the hotkey that [`MINE`] mines with, and returns its address.
pub(crate) fn wallet(folder: &Path) -> PublicKey {
    let hotkey = folder.join("wallets/w/hotkeys/h");
    let keypair = Keypair::generate();
    keyfile::write_plain(&hotkey, &keypair).expect("written");
    keypair.public()
}

/// `mine` on that network, with everything it keeps inside the folder it runs in.
pub(crate) const MINE: [&str; 11] = [
    "mine",
    "--metagraph",
    "metagraph.json",
    "--wallet.path",
    "wallets",
    "--wallet.name",
    "w",
    "--wallet.hotkey",
    "h",
    "--data-dir",
    "data",
];
