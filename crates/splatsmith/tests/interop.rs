//! Against the official Python SDK: our miner on its axons, its dendrite on our rehearsal.
//!
//! Where there is a python3 of 3.10 or later, `tests/interop/prepare` makes one with the SDK beside
//! the build, the first time from a package index; `SPLATSMITH_INTEROP_PYTHON` names another. Where
//! none can be had the tests say that they are skipped, unless `SPLATSMITH_INTEROP_REQUIRED` is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/endpoint.rs"]
mod endpoint;
#[path = "common/network.rs"]
mod network;
#[path = "common/python.rs"]
mod python;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Alive, command, finished};
use python::{json_of, script};
use rehearsal::RehearsalConfig;

/// How long Python may take to import the SDK and open its axons.
const START: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn our_miner_answers_200_tasks_of_the_sdk_s_axons() {
    let Some(python) = python::sdk() else { return };
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    let endpoint = endpoint::start(Duration::ZERO).await;
    let metagraph = folder.path().join("metagraph.json");
    let mut axons = Command::new(python);
    axons
        .arg(script("axons.py"))
        .args([
            "--axons",
            "8",
            "--tasks",
            "200",
            "--for",
            "900",
            "--metagraph",
        ])
        .arg(&metagraph)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let axons = Alive::start(&mut axons);
    let deadline = Instant::now() + START;
    while !metagraph.is_file() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut mine = command(folder.path());
    mine.args(network::MINE)
        .args([
            "--tasks",
            "200",
            "--for",
            "14m",
            "--json",
            "--no-validation",
        ])
        .args(["--generation.endpoints", &endpoint]);
    let mine = finished(&mut mine);
    let books = json_of(&axons.finish());
    assert_eq!(mine.code, 0, "{}", mine.stderr);

    assert_eq!(books["errors"], 0, "{books}");
    assert_eq!(books["doubled"], 0, "{books}");
    assert!(books["answered"].as_u64().unwrap() >= 200, "{books}");
    assert_eq!(books["validators"].as_array().unwrap().len(), 8);
    let verified = books["verified"].as_u64().unwrap();
    assert_eq!(
        verified,
        books["pulls"].as_u64().unwrap() + books["submissions"].as_u64().unwrap(),
        "every call's signature was verified: {books}"
    );
    let summary = mine.json();
    assert!(
        summary["tasks_answered"].as_u64().unwrap() >= 200,
        "{summary}"
    );
    for sin in ["violations", "lost", "doubled"] {
        assert_eq!(summary[sin], 0, "{summary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_s_dendrite_mines_on_our_rehearsal() {
    let Some(python) = python::sdk() else { return };
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    // At no more than a real validator's speed, it is still the cooldown when Python calls early.
    let network = network::start(folder.path(), |config| RehearsalConfig {
        speed: 1.0,
        ..config
    })
    .await;
    let spz = common::shell_file(folder.path(), "shell.spz", 8000);
    let axon = &network.metagraph().neurons[0];
    let mut dendrite = Command::new(python);
    dendrite
        .arg(script("dendrite.py"))
        .args(["--port", &axon.port.to_string()])
        .args(["--hotkey", &axon.hotkey.to_string()])
        .arg("--results")
        .arg(spz);
    let calls = json_of(&finished(&mut dendrite));

    assert_eq!(calls["pull"]["status"], 200, "{calls}");
    assert_eq!(
        calls["pull"]["task"], calls["pull_again"]["task"],
        "{calls}"
    );
    assert_eq!(calls["pull_signed_for_another"]["status"], 401, "{calls}");
    let submit = &calls["submit"];
    assert_eq!(
        (&submit["status"], &submit["blanked"]),
        (&200.into(), &true.into()),
        "{calls}"
    );
    assert!(
        submit["feedback"]["task_fidelity_score"].as_f64().unwrap() >= 0.6,
        "{calls}"
    );
    assert_eq!(
        calls["pull_early"]["task"],
        serde_json::Value::Null,
        "{calls}"
    );
    assert_eq!(calls["pull_early"]["cooldown_violations"], 1, "{calls}");
    assert_eq!(calls["submit_without_task"]["status"], 403, "{calls}");
    assert_eq!(network.report().total.accepted, 1);
}
