//! Servers that fail: each way is one clear line, and none holds a generation up.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::StatusCode,
    response::Redirect,
    routing::post,
};
use generate::HttpOptions;
use splat::{Cloud, Container};

use super::{asset, at_most, failure, nobody, one, patient, serve, serve_answer, text};

#[tokio::test]
async fn a_refusal_is_passed_on_in_one_line() {
    let said = "CUDA out of memory\n\tTried to allocate \x1b[31m2 GiB";
    let base = serve_answer((StatusCode::INTERNAL_SERVER_ERROR, said)).await;
    let message = failure(&base, patient()).await;
    let expected = "it answers 500 Internal Server Error: \
        CUDA out of memory Tried to allocate [31m2 GiB";
    assert!(message.ends_with(expected), "{message}");
}

#[tokio::test]
async fn a_long_refusal_is_cut() {
    let base = serve_answer((StatusCode::BAD_GATEWAY, "no ".repeat(1_000_000))).await;
    let message = failure(&base, patient()).await;
    assert!(message.contains("502 Bad Gateway: no no"), "{message}");
    assert!(message.len() < 400, "{message}");
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let handler = |_: Bytes| std::future::pending::<()>();
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let options = HttpOptions {
        timeout: Duration::from_millis(250),
        ..patient()
    };
    let message = failure(&base, options).await;
    assert!(
        message.ends_with("no complete answer within 0.25 s"),
        "{message}"
    );
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let handler = |_: Bytes| async {
        let start = Bytes::from(asset(Container::Ply)).slice(..1000);
        let start = futures_util::stream::iter([Ok::<_, Infallible>(start)]);
        let stall = futures_util::stream::pending();
        Body::from_stream(futures_util::StreamExt::chain(start, stall))
    };
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let options = HttpOptions {
        timeout: Duration::from_millis(250),
        ..patient()
    };
    let message = failure(&base, options).await;
    assert!(message.contains("no complete answer within"), "{message}");
}

#[tokio::test]
async fn a_body_announced_too_long_is_not_read() {
    let base = serve_answer(asset(Container::Ply)).await;
    let message = failure(&base, at_most(100_000)).await;
    assert!(
        message.ends_with("its answer is longer than 100000 bytes"),
        "{message}"
    );
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let handler = |_: Bytes| async {
        let chunk = Ok::<_, Infallible>(Bytes::from_static(&[0; 8192]));
        Body::from_stream(futures_util::stream::repeat_with(move || chunk.clone()))
    };
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let message = failure(&base, at_most(100_000)).await;
    assert!(message.contains("longer than 100000 bytes"), "{message}");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let bytes = asset(Container::Ply);
    let limit = bytes.len() as u64;
    let base = serve_answer(bytes).await;
    one(&base, at_most(limit), text("red ball")).await;
    failure(&base, at_most(limit - 1)).await;
}

#[tokio::test]
async fn what_is_no_cloud_is_refused() {
    let base = serve_answer("<html>not yet</html>").await;
    let message = failure(&base, patient()).await;
    assert!(
        message.contains("neither a PLY nor an SPZ file"),
        "{message}"
    );

    let base = serve_answer("").await;
    let message = failure(&base, patient()).await;
    assert!(message.contains("the file is empty"), "{message}");

    let base = serve_answer(splat::ply::write(&Cloud::default())).await;
    let message = failure(&base, patient()).await;
    assert!(message.contains("no splats"), "{message}");

    for container in [Container::Ply, Container::Spz] {
        let whole = asset(container);
        let base = serve_answer(whole[..whole.len() / 2].to_vec()).await;
        let message = failure(&base, patient()).await;
        assert!(message.contains("its answer is not a cloud: "), "{message}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_no_asset() {
    let handler = |_: Bytes| async {
        let start = Bytes::from(asset(Container::Ply)).slice(..1000);
        let broken = [Ok(start), Err(std::io::Error::other("power cut"))];
        Body::from_stream(futures_util::stream::iter(broken))
    };
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let message = failure(&base, patient()).await;
    assert!(message.contains("the connection broke"), "{message}");
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let (_held, base) = nobody();
    let message = failure(&base, patient()).await;
    assert!(message.contains("it cannot be reached: "), "{message}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let followed = Arc::new(Mutex::new(false));
    let flag = Arc::clone(&followed);
    let elsewhere = move || async move { *flag.lock().unwrap() = true };
    let redirect = |_: Bytes| async { Redirect::temporary("/elsewhere") };
    let router = Router::new()
        .route("/generate/", post(redirect))
        .route("/elsewhere", post(elsewhere));
    let base = serve(router).await;
    let message = failure(&base, patient()).await;
    assert!(message.contains("307 Temporary Redirect"), "{message}");
    assert!(message.contains("\"/elsewhere\""), "{message}");
    assert!(!*followed.lock().unwrap());
}
