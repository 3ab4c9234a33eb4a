//! `mine --source gateway`, as an operator types it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/network.rs"]
mod network;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use common::run;

/// What workers brought.
type Brought = Arc<Mutex<Vec<Bytes>>>;

/// A gateway that has a task for everybody who asks and takes what comes.
async fn gateway() -> (String, Brought) {
    let brought = Brought::default();
    let shelf = Arc::clone(&brought);
    let asked = Arc::new(Mutex::new(0));
    let routes = Router::new()
        .route(
            "/get_tasks",
            post(move |body: Bytes| async move {
                let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
                let signed = request["timestamp"].as_str().unwrap();
                assert!(signed.starts_with("404_GATEWAY_"));
                assert_eq!(request["worker_id"], "rig-1");
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                serde_json::json!({"gateways": [], "tasks": [{
                    "id": format!("task-{asked}"), "prompt": "a red apple", "model": "404-3dgs",
                    "seed": 5, "assignment_token": format!("token-{asked}"),
                }]})
                .to_string()
            }),
        )
        .route(
            "/add_result",
            post(move |body: Bytes| async move {
                shelf.lock().unwrap().push(body);
                "Ok"
            }),
        )
        .layer(DefaultBodyLimit::disable());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (format!("http://{address}"), brought)
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_gateway_are_answered_without_any_list_of_validators() {
    let (url, brought) = gateway().await;
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    let path = folder.path().to_owned();
    let mine = tokio::task::spawn_blocking(move || {
        run(
            &path,
            [
                "mine",
                "--source=gateway",
                "--gateway.url",
                &url,
                "--gateway.worker-id=rig-1",
                "--wallet.path=wallets",
                "--wallet.name=w",
                "--wallet.hotkey=h",
                "--data-dir=data",
                "--backend=sketch",
                "--tasks=2",
                "--json",
            ],
        )
    })
    .await
    .unwrap();
    assert_eq!(mine.code, 0, "{}", mine.stderr);
    let summary = mine.json();
    assert_eq!(summary["tasks_answered"], 2, "{summary}");
    assert_eq!(summary["lost"], 0);
    assert!(mine.stderr.contains("gateway place 0"), "{}", mine.stderr);
    assert!(!mine.stderr.contains("token-1"), "{}", mine.stderr);
    let brought = brought.lock().unwrap();
    assert_eq!(brought.len(), 2);
    let text = String::from_utf8_lossy(&brought[0]).into_owned();
    assert!(
        text.contains("404_GATEWAY_") && text.contains("token-"),
        "{}",
        &text[..400]
    );
}

#[test]
fn a_gateway_elsewhere_is_not_worked_for_with_the_rehearsal_backend() {
    let folder = tempfile::tempdir().unwrap();
    network::wallet(folder.path());
    let refused = run(
        folder.path(),
        [
            "mine",
            "--source=gateway",
            "--gateway.url=https://gateway.invalid",
            "--wallet.path=wallets",
            "--wallet.name=w",
            "--wallet.hotkey=h",
            "--data-dir=data",
            "--backend=sketch",
        ],
    );
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("rehearsals only"),
        "{}",
        refused.stderr
    );
    let unnamed = run(
        folder.path(),
        ["mine", "--source=gateway", "--data-dir=data"],
    );
    assert_eq!(unnamed.code, 2);
    assert!(
        unnamed.stderr.contains("--gateway.url"),
        "{}",
        unnamed.stderr
    );
}
