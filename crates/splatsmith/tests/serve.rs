//! `serve` as people start it, and `generate` as its client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use common::{command, run};

/// A running server, and where it listens.
struct Served {
    process: Child,
    address: String,
}

fn serve(folder: &std::path::Path) -> Served {
    let mut process = command(folder)
        .args(["serve", "--port", "0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = lines
        .by_ref()
        .find_map(|line| Some(line.unwrap().split_once("listening at ")?.1.to_owned()))
        .expect("an address");
    // It listens while it is made ready, and refuses work until then.
    assert!(lines.by_ref().any(|line| line.unwrap().ends_with("ready")));
    // Whatever else it says is read, so that it never waits for its reader.
    std::thread::spawn(move || lines.for_each(drop));
    Served { process, address }
}

#[test]
fn a_served_generator_is_a_backend_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = serve(folder.path());
    let backend = format!("--backend={}", served.address);
    let made = run(
        folder.path(),
        [
            "generate",
            "red ball",
            &backend,
            "--no-validation",
            "-o",
            "ball.spz",
            "--json",
        ],
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.json()["splats"].as_u64().unwrap() > 7000);
    let checked = run(folder.path(), ["inspect", "ball.spz", "--json"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);

    let id = served.process.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(sent.unwrap().success());
    assert!(served.process.wait().unwrap().success());
}

#[test]
fn other_machines_are_not_let_in_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), ["serve", "--host=0.0.0.0", "--port=0"]);
    refused.refused(2);
    assert!(refused.stderr.contains("--no-auth"), "{}", refused.stderr);
}
