//! A generation endpoint that makes the same shell of whatever is asked.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use splat::Container;

use crate::common::shell;

/// Splats of what it makes: enough for every gate of the validator.
const SPLATS: usize = 8000;

/// Starts the endpoint, for text (as base miners) and images (as pods), on a free port and returns its address; each request takes that
/// long. It lives as long as the runtime.
pub(crate) async fn start(takes: Duration) -> String {
    let ply = Container::Ply.write(&shell(SPLATS)).expect("encodes");
    let ply = axum::body::Bytes::from(ply);
    let answer = move || async move {
        tokio::time::sleep(takes).await;
        ply
    };
    let router = Router::new()
        .route("/generate/", post(answer.clone()))
        .route("/generate", post(answer));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
