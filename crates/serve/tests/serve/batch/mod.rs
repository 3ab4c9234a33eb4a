//! The rules of the batch pod, one test each (404-gen-subnet `miner-reference/api_specification.md` and
//! `tests/test_service.py`, at 0f26836).

mod rules;
mod troubles;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode as Status;
use axum::response::Redirect;
use axum::routing::get;
use bittensor::AddressPolicy;
use reqwest::StatusCode;
use serde_json::{Value, json};
use serve::{BatchConfig, ServeConfig};

use crate::common::{Served, config, in_time, picture};

/// Where a batch's images are: `/{name}` is a picture, and some names are trouble. Counts what is asked.
pub(super) async fn storage() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    let image = move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        picture()
    };
    let router = Router::new()
        .route("/{name}", get(image))
        .route("/missing", get(|| async { Status::NOT_FOUND }))
        .route("/text", get(|| async { "no picture" }))
        .route("/large", get(|| async { vec![0_u8; (20 << 20) + 1] }))
        .route("/moved", get(|| async { Redirect::temporary("/new") }))
        .route("/circle", get(|| async { Redirect::temporary("/circle") }))
        .route(
            "/endless",
            get(|| async {
                let zeros = futures_util::stream::repeat_with(|| {
                    Ok::<_, std::convert::Infallible>(vec![0_u8; 1 << 16])
                });
                Body::from_stream(zeros)
            }),
        );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

/// Batches may name images on this machine.
pub(super) fn batching() -> ServeConfig {
    ServeConfig {
        batch: BatchConfig {
            images: AddressPolicy {
                allow_private: true,
            },
            ..BatchConfig::default()
        },
        ..config()
    }
}

pub(super) fn batch(storage: SocketAddr, prompts: &[(&str, &str)]) -> Value {
    let prompt = |(stem, name): &(&str, &str)| json!({ "stem": stem, "image_url": format!("http://{storage}/{name}") });
    let prompts: Vec<Value> = prompts.iter().map(prompt).collect();
    json!({ "prompts": prompts, "seed": 42 })
}

pub(super) async fn accepted(served: &Served, batch: &Value) -> Value {
    let answer = served.post_json("/generate", batch).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

pub(super) async fn status(served: &Served) -> Value {
    served.get_json("/status?replacements_remaining=3").await
}

pub(super) async fn until_complete(served: &Served) {
    let completed = async {
        while status(served).await["status"] != "complete" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    in_time("a complete batch", completed).await;
}

pub(super) async fn results(served: &Served) -> Vec<u8> {
    let answer = served.get("/results").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.bytes().await.unwrap().to_vec()
}
