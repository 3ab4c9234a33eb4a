//! A generation endpoint that makes the same shell of whatever is asked.

#![allow(dead_code)] // Each test binary uses its own part.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use splat::Container;
use tokio::sync::Semaphore;

use crate::common::shell;

/// Splats of what it makes: enough for every gate of the validator.
const SPLATS: usize = 8000;

/// Starts the endpoint, for text (as base miners) and images (as pods), on a free port and returns its
/// address; each request takes that long. It lives as long as the runtime.
pub(crate) async fn start(takes: Duration) -> String {
    start_as(StatusCode::OK, takes).await.0
}

/// As [`start`], one that says so of its health; and how many requests it has answered.
pub(crate) async fn start_as(health: StatusCode, takes: Duration) -> (String, Arc<AtomicU32>) {
    serve(health, move || tokio::time::sleep(takes)).await
}

/// One that is well, and answers as many requests as `go` has permits for; and how many it has answered.
pub(crate) async fn start_held(go: Arc<Semaphore>) -> (String, Arc<AtomicU32>) {
    let wait = move || {
        let go = Arc::clone(&go);
        async move { go.acquire_owned().await.expect("never closed").forget() }
    };
    serve(StatusCode::OK, wait).await
}

async fn serve<F>(
    health: StatusCode,
    wait: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicU32>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let ply = Container::Ply.write(&shell(SPLATS)).expect("encodes");
    let ply = axum::body::Bytes::from(ply);
    let answered = Arc::<AtomicU32>::default();
    let count = Arc::clone(&answered);
    let answer = move || async move {
        wait().await;
        count.fetch_add(1, Ordering::SeqCst);
        ply
    };
    let router = Router::new()
        .route("/health", get(move || async move { health }))
        .route("/generate/", post(answer.clone()))
        .route("/generate", post(answer));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), answered)
}
