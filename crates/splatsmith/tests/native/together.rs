//! Devices of this machine and endpoints elsewhere, mining together.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Semaphore;

use crate::common::{Run, command};
use crate::{endpoint, goldens, paint, pipeline};

/// The endpoint holds what it is asked for until our own networks have made a cloud, and the rehearsal ends
/// once both have: how fast either is decides nothing.
#[tokio::test(flavor = "multi_thread")]
async fn our_own_networks_and_an_endpoint_share_a_rehearsal() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let go = Arc::new(Semaphore::new(0));
    let (elsewhere, by_endpoint) = endpoint::start_held(Arc::clone(&go)).await;
    let mut rehearse = command(folder.path());
    rehearse
        .args(["rehearse", "--validators=6", "--speed=20", "--for=4m"])
        .args(["--json", "--backend=trellis", "--no-validation"])
        .arg(format!("--trellis.folder={}", trellis.display()))
        .arg(format!("--flux.folder={}", flux.display()))
        .args(["--flux.side=64", "--trellis.steps=2"])
        .args(["--generation.endpoints", &elsewhere])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let watched = tokio::task::spawn_blocking(move || {
        let child = rehearse.spawn().unwrap();
        until_both_made_some(child, &go, &by_endpoint)
    });
    let (run, shared) = watched.await.unwrap();
    assert!(shared, "{}", run.stderr);
    let report = run.json();
    for sin in ["violations", "lost", "doubled"] {
        assert_eq!(report[sin], 0, "{sin}: {report}");
    }
}

/// Reads along until our own networks have made a cloud, has the endpoint `go` on then, and when that has
/// made one, has the rehearsal finish what it has in hand. How that ended, and whether it came to it.
fn until_both_made_some(mut child: Child, go: &Semaphore, by_endpoint: &AtomicU32) -> (Run, bool) {
    let (mut said, mut by_us, mut shared) = (String::new(), false, false);
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if !by_us && line.contains(": made ") {
            by_us = true;
            go.add_permits(Semaphore::MAX_PERMITS / 2);
        }
        if !shared && by_endpoint.load(Ordering::SeqCst) > 0 {
            shared = true;
            let id = child.id().to_string();
            let sent = Command::new("kill").args(["-INT", &id]).status();
            assert!(sent.unwrap().success());
        }
        said += &line;
        said.push('\n');
    }
    let run = Run {
        stderr: said,
        ..Run::from(child.wait_with_output().unwrap())
    };
    (run, shared)
}
