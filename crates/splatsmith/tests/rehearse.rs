//! A rehearsal from end to end: the command as people start it, short and fast.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::run;

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
            "100",
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
    let outcomes = count("accepted") + count("skipped") + count("rejected");
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
            "--for",
            "30s",
            "--speed",
            "100",
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
