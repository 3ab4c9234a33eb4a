//! Flags, environment and settings file, from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Run, command, run};

fn errors(run: &Run) -> usize {
    run.stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count()
}

#[test]
fn every_problem_is_shown_at_once_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let bad = [
        "render",
        "x.ply",
        "-o",
        "y.obj",
        "--views",
        "0",
        "--background",
        "mauve",
        "--profile",
        "none",
    ];
    let refused = run(folder.path(), bad);
    assert_eq!(
        (refused.code, errors(&refused)),
        (2, 4),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.lines().all(|line| line.contains("; ")),
        "{}",
        refused.stderr
    );
}

#[test]
fn usage_errors_exit_with_2_and_help_with_0() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), ["frobnicate"]).code, 2);
    assert_eq!(
        run(folder.path(), ["rehearse", "--validators", "many"]).code,
        2
    );
    assert_eq!(run(folder.path(), ["--help"]).code, 0);
    assert_eq!(
        run(folder.path(), ["--version"]).stdout,
        format!("splatsmith {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn mining_on_another_subnet_s_metagraph_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("m.json"),
        r#"{"netuid": 29, "neurons": []}"#,
    )
    .unwrap();
    let refused = run(
        folder.path(),
        ["mine", "--metagraph", "m.json", "--data-dir", "d"],
    );
    refused.refused(2);
    assert!(refused.stderr.contains("--netuid 29"), "{}", refused.stderr);
}

#[test]
fn a_missing_hotkey_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("m.json"),
        r#"{"netuid": 17, "neurons": []}"#,
    )
    .unwrap();
    let arguments = [
        "mine",
        "--metagraph",
        "m.json",
        "--data-dir",
        "d",
        "--wallet.path",
        "w",
    ];
    let refused = run(folder.path(), arguments);
    refused.refused(1);
    assert!(
        refused.stderr.contains("btcli wallet new-hotkey"),
        "{}",
        refused.stderr
    );
    assert!(
        !folder.path().join("d").exists(),
        "nothing is begun without a key"
    );
}

#[test]
fn environment_and_file_fill_in_what_is_not_typed() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |file: &str, variable: &str, flag: Option<&str>| {
        std::fs::write(folder.path().join("splatsmith.toml"), file).unwrap();
        let mut command = command(folder.path());
        command.args(["rehearse", "--backend", "trellis"]);
        command.args(flag);
        if !variable.is_empty() {
            command.env("SPLATSMITH_SPEED", variable);
        }
        Run::from(command.output().unwrap()).stderr
    };
    // The value in force is the one complained about.
    assert!(refused("speed = 0.5", "", None).contains("--speed 0.5"));
    assert!(refused("speed = 0.5", "0.25", None).contains("--speed 0.25"));
    assert!(refused("speed = 0.5", "0.25", Some("--speed=0.125")).contains("--speed 0.125"));
    assert!(refused("spede = 1", "", None).contains("no setting spede"));
}
