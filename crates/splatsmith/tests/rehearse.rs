//! A rehearsal from end to end: the command as people start it, short and fast.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/endpoint.rs"]
mod endpoint;
#[path = "common/network.rs"]
mod network;

use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use common::{Alive, command, finished, run};

/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn a_short_rehearsal_is_clean_and_leaves_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let rehearsal = run(
        folder.path(),
        [
            "rehearse",
            "--validators",
            "4",
            "--tasks",
            "6",
            "--speed",
            "40",
            "--json",
        ],
    );
    assert_eq!(rehearsal.code, 0, "{}", rehearsal.stderr);
    let report = rehearsal.json();
    let count = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("no {name}"));
    assert!(count("tasks_answered") >= 6, "{report}");
    for sin in ["violations", "lost", "doubled"] {
        assert_eq!(count(sin), 0, "{sin}: {report}");
    }
    let outcomes = ["accepted", "skipped", "rejected", "unscored"].map(count);
    let outcomes: u64 = outcomes.iter().sum();
    assert_eq!(outcomes, count("tasks_answered"), "{report}");
    assert!(count("accepted") > 0, "{report}");
    assert!(report["generator_idle_share"].is_number());
    assert_eq!(report["validators"].as_array().unwrap().len(), 4);

    let overview = image::open(folder.path().join("rehearsal/overview.png")).unwrap();
    assert!(overview.to_rgb8().pixels().any(|pixel| pixel.0 != [255; 3]));
    let written = std::fs::read(folder.path().join("rehearsal/report.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written, report);
}

#[test]
fn faults_cost_time_but_no_rule_and_no_task() {
    let folder = tempfile::tempdir().unwrap();
    let rehearsal = run(
        folder.path(),
        [
            "rehearse",
            "--validators",
            "6",
            "--tasks",
            "16",
            "--speed",
            "40",
            "--seed",
            "3",
            "--faults",
            "--json",
        ],
    );
    assert_eq!(rehearsal.code, 0, "{}", rehearsal.stderr);
    let report = rehearsal.json();
    for sin in ["violations", "lost", "doubled"] {
        assert_eq!(report[sin], 0, "{report}");
    }
    assert!(report["faults"].as_u64().unwrap() > 0, "{report}");
    assert!(report["tasks_answered"].as_u64().unwrap() > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn validators_alone_are_mined_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    let endpoint = endpoint::start(Duration::ZERO).await;
    let mut validators = command(folder.path());
    validators
        .args(["rehearse", "--validators-only", "--json"])
        .args(["--metagraph-out", "metagraph.json"])
        .args(["--validators", "3", "--speed", "50"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut validators = Alive::start(&mut validators);
    let metagraph = folder.path().join("metagraph.json");
    let deadline = Instant::now() + PATIENCE;
    while !metagraph.is_file() {
        assert!(Instant::now() < deadline, "no metagraph");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut mine = command(folder.path());
    mine.args(network::MINE)
        .args(["--tasks", "3", "--json"])
        .args(["--generation.endpoints", &endpoint]);
    let mine = finished(&mut mine);
    validators.signal("-INT");
    let validators = validators.finish();
    assert_eq!(mine.code, 0, "{}", mine.stderr);
    assert_eq!(validators.code, 0, "{}", validators.stderr);
    let (summary, report) = (mine.json(), validators.json());
    assert!(report["accepted"].as_u64().unwrap() >= 3, "{report}");
    for count in [
        "tasks_pulled",
        "tasks_answered",
        "accepted",
        "violations",
        "doubled",
    ] {
        assert_eq!(summary[count], report[count], "{count}: {summary} {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_share_a_rehearsal_by_their_speed_and_health() {
    let folder = tempfile::tempdir().unwrap();
    let (fast, by_fast) = endpoint::start_as(StatusCode::OK, Duration::from_millis(150)).await;
    // So much slower that it stays so, however much a busy machine adds to either.
    let (slow, by_slow) = endpoint::start_as(StatusCode::OK, Duration::from_secs(5)).await;
    let unwell = StatusCode::SERVICE_UNAVAILABLE;
    let (unwell, by_unwell) = endpoint::start_as(unwell, Duration::ZERO).await;
    let mut rehearse = command(folder.path());
    rehearse
        .args(["rehearse", "--validators", "24", "--tasks", "24"])
        // No faster than it is: nothing waits for a cooldown, and no task runs out of time.
        .args(["--speed", "1", "--json", "--no-validation"])
        .args(["--generation.endpoints", &unwell])
        .args(["--generation.endpoints", &slow])
        .args(["--generation.endpoints", &fast]);
    let rehearsal = finished(&mut rehearse);
    assert_eq!(rehearsal.code, 0, "{}", rehearsal.stderr);
    let report = rehearsal.json();
    for sin in ["violations", "lost", "doubled", "rejected"] {
        assert_eq!(report[sin], 0, "{sin}: {report}");
    }
    let count = |name: &str| report[name].as_u64().unwrap();
    // An endpoint whose machine gives it no turn fails, and a task that fails everywhere is skipped.
    let made = count("tasks_answered") - count("skipped");
    let [by_fast, by_slow, by_unwell] =
        [by_fast, by_slow, by_unwell].map(|count| u64::from(count.load(Ordering::SeqCst)));
    assert_eq!(by_unwell, 0);
    assert!(count("tasks_answered") >= 24 && made >= 12, "{report}");
    assert!(by_fast + by_slow >= made, "{by_fast} and {by_slow}");
    assert!(by_slow >= 1, "{by_fast} and {by_slow}");
    assert!(by_fast > by_slow, "{by_fast} and {by_slow}");
    let warned = format!("{unwell} gets no work until it is well: it answers 503 to /health");
    assert!(rehearsal.stderr.contains(&warned), "{}", rehearsal.stderr);
}
