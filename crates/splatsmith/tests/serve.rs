//! `serve` as people start it, and `generate` as its client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::process::Stdio;
use std::time::Duration;

use common::{Alive, command, run};

/// How long a server may take to say what it has to.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running server, and where it listens.
struct Served {
    process: Alive,
    address: String,
}

fn serve(folder: &std::path::Path) -> Served {
    let mut command = command(folder);
    command
        .args(["serve", "--port", "0"])
        .stderr(Stdio::piped());
    let mut process = Alive::start(&mut command);
    let lines = process.lines();
    let next = || lines.recv_timeout(PATIENCE).expect("another line");
    let address = loop {
        if let Some((_, address)) = next().split_once("listening at ") {
            break address.to_owned();
        }
    };
    // It listens while it is made ready, and refuses work until then.
    while !next().ends_with("ready") {}
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

    served.process.signal("-TERM");
    assert_eq!(served.process.finish().code, 0);
}

#[test]
fn other_machines_are_not_let_in_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), ["serve", "--host=0.0.0.0", "--port=0"]);
    refused.refused(2);
    assert!(refused.stderr.contains("--no-auth"), "{}", refused.stderr);
}
