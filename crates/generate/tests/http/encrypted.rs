//! Servers behind TLS: asked where they are trusted, and one clear line where they are not.

use axum::{Router, body::Bytes, routing::post};
use generate::{Health, HttpBackend, HttpOptions};
use splat::Container;
use tls::Anchors;

use super::tls_listener::serve_tls;
use super::tls_support::{Authority, VALID, Years};
use super::{PATIENCE, asset, failure, one, patient, serve_answer, text};

/// A server that `authority` calls `name`; its base address says `localhost`.
async fn serve_as(authority: &Authority, name: &str, years: Years) -> String {
    let answer = |_: Bytes| async { asset(Container::Ply) };
    let router = Router::new().route("/generate/", post(answer));
    let port = serve_tls(authority.server(name, years), router).await;
    format!("https://localhost:{port}")
}

fn trusting(authority: &Authority) -> HttpOptions {
    HttpOptions {
        anchors: Anchors::from_pem(authority.pem().as_bytes()).unwrap(),
        ..patient()
    }
}

#[tokio::test]
async fn a_server_of_a_named_authority_is_asked() {
    let authority = Authority::new();
    let base = serve_as(&authority, "localhost", VALID).await;
    one(&base, trusting(&authority), text("red ball")).await;
}

#[tokio::test]
async fn a_server_that_is_not_trusted_is_told_apart_from_one_that_is_not_there() {
    let (authority, other) = (Authority::new(), Authority::new());
    let base = serve_as(&authority, "localhost", VALID).await;
    for options in [patient(), trusting(&other)] {
        let line = failure(&base, options).await;
        assert_eq!(
            line,
            format!(
                "{base}: its certificate is signed by nobody who is trusted here; if you trust it, \
                 name its authority with --generation.ca"
            )
        );
    }
    let backend = HttpBackend::new(&base, patient()).unwrap();
    let health = backend.health(PATIENCE).await;
    assert!(
        matches!(&health, Health::Silent(why) if why.contains("--generation.ca")),
        "{health:?}"
    );
    let base = serve_as(&authority, "pod.example", VALID).await;
    let line = failure(&base, trusting(&authority)).await;
    let expected = ": its certificate is for pod.example, not for localhost";
    assert!(line.ends_with(expected), "{line}");
    let base = serve_as(&authority, "localhost", (2000, 2001)).await;
    let line = failure(&base, trusting(&authority)).await;
    assert!(line.contains(": its certificate has expired "), "{line}");
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_said_so() {
    let base = serve_answer(asset(Container::Ply)).await;
    let base = base.replace("http://", "https://");
    let line = failure(&base, patient()).await;
    assert!(line.contains("is it an http:// address?"), "{line}");
}
