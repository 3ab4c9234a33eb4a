//! On how many requests a server works at a time: what it says of it, and when it is asked.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use generate::{Generator, HttpBackend, HttpOptions, MOST_AT_ONCE};
use splat::Container;

use super::{asset, serve, soon, text};

/// A server that makes clouds and says of itself what it is told to.
struct Told {
    health: Arc<Mutex<(StatusCode, String)>>,
    /// How often it was asked how it is.
    looks: Arc<AtomicU32>,
    backend: Arc<HttpBackend>,
}

impl Told {
    async fn new(words: &str, at_once: usize) -> Self {
        let health = Arc::new(Mutex::new((StatusCode::OK, words.to_owned())));
        let looks = Arc::<AtomicU32>::default();
        let (saying, counting) = (Arc::clone(&health), Arc::clone(&looks));
        let say = move || async move {
            counting.fetch_add(1, Ordering::SeqCst);
            saying.lock().unwrap().clone()
        };
        let make = |_: Bytes| async { asset(Container::Ply) };
        let router = Router::new()
            .route("/health", get(say))
            .route("/generate/", post(make));
        let options = HttpOptions {
            at_once,
            ..HttpOptions::default()
        };
        Self {
            health,
            looks,
            backend: Arc::new(HttpBackend::new(&serve(router).await, options).unwrap()),
        }
    }

    fn says(&self, status: StatusCode, words: &str) {
        *self.health.lock().unwrap() = (status, words.to_owned());
    }

    fn looks(&self) -> u32 {
        self.looks.load(Ordering::SeqCst)
    }

    async fn makes_one(&self) {
        let mut generation = self.backend.start(text("red ball"));
        while let Some(event) = soon(generation.next()).await {
            event.unwrap();
        }
    }

    fn capacity(&self) -> usize {
        *self.backend.capacity().borrow()
    }
}

fn words(generators: usize) -> String {
    format!(r#"{{"status":"healthy","generators":{generators}}}"#)
}

#[tokio::test]
async fn what_a_server_says_of_itself_is_taken_within_reason() {
    let padded = format!("{{\"generators\":4,\"pad\":\"{}\"}}", " ".repeat(20_000));
    for (said, at_once, expected) in [
        (words(4).as_str(), 1, 4),
        (r#"{"generators":2}"#, 3, 2),
        (r#"{"status":"healthy"}"#, 1, 1),
        (r#"{"status":"healthy"}"#, 3, 3),
        ("ok", 1, 1),
        ("", 1, 1),
        ("[4]", 1, 1),
        (&words(0), 1, 1),
        (&words(usize::MAX), 1, MOST_AT_ONCE),
        (r#"{"generators":-3}"#, 1, 1),
        (r#"{"generators":"many"}"#, 1, 1),
        (r#"{"generators":1e99}"#, 1, 1),
        (&padded, 1, 1),
        ("", 1000, MOST_AT_ONCE),
    ] {
        let told = Told::new(said, at_once).await;
        soon(told.backend.vacancy()).await;
        let shown: String = said.chars().take(60).collect();
        assert_eq!(told.capacity(), expected, "{shown}, else {at_once}");
    }
}

#[tokio::test]
async fn a_server_at_work_is_asked_again_now_and_then() {
    let told = Told::new(&words(4), 1).await;
    assert_eq!(told.capacity(), 1, "nothing is known");
    soon(told.backend.vacancy()).await;
    assert_eq!((told.capacity(), told.looks()), (4, 1));
    told.says(StatusCode::OK, &words(2));
    told.makes_one().await;
    soon(told.backend.vacancy()).await;
    assert_eq!((told.capacity(), told.looks()), (4, 1), "not for each");
    later().await;
    told.makes_one().await;
    soon(told.backend.vacancy()).await;
    assert_eq!((told.capacity(), told.looks()), (2, 2));
    // What it makes counts for more than what it says.
    told.says(StatusCode::SERVICE_UNAVAILABLE, "");
    later().await;
    told.makes_one().await;
    soon(told.backend.vacancy()).await;
    assert_eq!((told.capacity(), told.looks()), (2, 3));
    // Another server at the same address, perhaps.
    told.says(StatusCode::OK, "{}");
    later().await;
    soon(told.backend.vacancy()).await;
    assert_eq!((told.capacity(), told.looks()), (1, 4));
}

#[tokio::test]
async fn a_server_that_does_not_say_is_not_asked_again() {
    let told = Told::new("{}", 2).await;
    soon(told.backend.vacancy()).await;
    later().await;
    told.makes_one().await;
    soon(told.backend.vacancy()).await;
    assert_eq!((told.capacity(), told.looks()), (2, 1));
}

#[tokio::test]
async fn of_those_who_want_to_know_one_asks() {
    let told = Told::new(&words(8), 1).await;
    let vacancies = (0..8).map(|_| told.backend.vacancy());
    soon(futures_util::future::join_all(vacancies)).await;
    assert_eq!((told.capacity(), told.looks()), (8, 1));
}

/// Half a minute later.
async fn later() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
}
