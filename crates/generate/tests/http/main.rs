//! The HTTP backend against servers on the loopback: good ones, and every kind of bad one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

mod capacity;
#[path = "../common/mod.rs"]
mod common;
mod encrypted;
mod faults;
mod health;
mod service;
#[path = "../../../tls/tests/support/listener.rs"]
mod tls_listener;
#[path = "../../../tls/tests/support/mod.rs"]
mod tls_support;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, response::IntoResponse, routing::post};
use common::ball;
use generate::{
    Candidate, GenerateError, GenerationEvent, Generator, HttpBackend, HttpOptions, Request,
};
use judge::Prompt;
use splat::Container;
use tokio::net::{TcpListener, TcpSocket};

/// Bounds a hang, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Serves until the test's runtime goes; the base address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// A server whose text endpoint always answers the same.
async fn serve_answer<R>(answer: R) -> String
where
    R: IntoResponse + Clone + Send + Sync + 'static,
{
    let handler = move |_: Bytes| async move { answer };
    serve(Router::new().route("/generate/", post(handler))).await
}

/// A base address at which nobody listens, nor anybody else can as long as the socket is held.
fn nobody() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    socket.bind(any).unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    (socket, base)
}

/// For servers that are to be waited for.
fn patient() -> HttpOptions {
    HttpOptions {
        connect_timeout: PATIENCE,
        ..HttpOptions::default()
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it never happened")
}

fn text(prompt: &str) -> Request {
    Request {
        prompt: Prompt::Text(prompt.to_owned()),
        seed: 7,
        candidates: Some(1),
        deadline: None,
    }
}

fn image(bytes: &[u8]) -> Request {
    Request {
        prompt: Prompt::Image(Arc::from(bytes)),
        ..text("")
    }
}

/// Everything a backend at `base` makes of the request, to the end.
async fn all(
    base: &str,
    options: HttpOptions,
    request: Request,
) -> Vec<Result<Candidate, GenerateError>> {
    let backend = HttpBackend::new(base, options).unwrap();
    let mut generation = backend.start(request);
    let mut outcomes = Vec::new();
    while let Some(event) = soon(generation.next()).await {
        match event {
            Ok(GenerationEvent::Candidate(candidate)) => outcomes.push(Ok(*candidate)),
            Ok(GenerationEvent::Progress { done, total, .. }) => assert!(done <= total),
            Err(error) => outcomes.push(Err(error)),
        }
    }
    outcomes
}

/// The one candidate of a generation.
async fn one(base: &str, options: HttpOptions, request: Request) -> Candidate {
    let mut outcomes = all(base, options, request).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0).unwrap()
}

/// The one line a generation fails with. It names the endpoint, and trying again is allowed.
async fn failure(base: &str, options: HttpOptions) -> String {
    let mut outcomes = all(base, options, text("red ball")).await;
    assert_eq!(outcomes.len(), 1);
    let error = outcomes.remove(0).unwrap_err();
    assert!(error.is_retryable());
    let message = error.to_string();
    assert!(message.starts_with(&format!("{base}: ")), "{message}");
    assert!(!message.contains('\n'), "{message}");
    message
}

fn at_most(max_bytes: u64) -> HttpOptions {
    HttpOptions {
        max_bytes,
        ..patient()
    }
}

fn asset(container: Container) -> Vec<u8> {
    container.write(&ball()).unwrap()
}
