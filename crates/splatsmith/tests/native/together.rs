//! Devices of this machine and endpoints elsewhere, mining together.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;

use crate::common::{Run, command};
use crate::{endpoint, goldens, paint, pipeline};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "on a machine that is busy the endpoint may make them all"]
async fn our_own_networks_and_an_endpoint_share_a_rehearsal() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let (elsewhere, by_endpoint) =
        endpoint::start_as(StatusCode::OK, Duration::from_millis(400)).await;
    let mut rehearse = command(folder.path());
    rehearse
        .args(["rehearse", "--validators=6", "--tasks=6", "--speed=25"])
        .args(["--json", "--backend=trellis", "--no-validation"])
        .arg(format!("--trellis.folder={}", trellis.display()))
        .arg(format!("--flux.folder={}", flux.display()))
        .args(["--flux.side=64", "--trellis.steps=2"])
        .args(["--generation.endpoints", &elsewhere]);
    let ended = tokio::task::spawn_blocking(move || rehearse.output().unwrap());
    let run = Run::from(ended.await.unwrap());
    let report = run.json();
    for sin in ["violations", "lost", "doubled"] {
        assert_eq!(report[sin], 0, "{sin}: {report}");
    }
    let count = |name: &str| report[name].as_u64().unwrap();
    assert!(count("tasks_answered") >= 6, "{report}");
    let by_endpoint = u64::from(by_endpoint.load(Ordering::SeqCst));
    let by_devices = count("tasks_answered").saturating_sub(by_endpoint);
    assert!(
        by_endpoint >= 1 && by_devices >= 1,
        "{by_endpoint} elsewhere, {by_devices} here: {report}"
    );
}
