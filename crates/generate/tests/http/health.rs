//! When a server can be given work: how it says it is, and what its answers say about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use generate::{Generator, Health, HttpBackend};
use splat::Container;

use super::{PATIENCE, asset, nobody, patient, serve, serve_answer, soon, text};

/// A server that says and does as it is told.
#[derive(Clone)]
struct Told {
    health: Arc<AtomicU16>,
    answer: Arc<AtomicU16>,
    /// How often it was asked how it is.
    looks: Arc<AtomicU32>,
}

impl Told {
    async fn serve(health: u16) -> (Self, HttpBackend) {
        let told = Self {
            health: Arc::new(AtomicU16::new(health)),
            answer: Arc::new(AtomicU16::new(200)),
            looks: Arc::default(),
        };
        let status = |status: &AtomicU16| {
            StatusCode::from_u16(status.load(Ordering::SeqCst)).expect("a status")
        };
        let (saying, making) = (told.clone(), told.clone());
        let health = move || async move {
            saying.looks.fetch_add(1, Ordering::SeqCst);
            status(&saying.health)
        };
        let make = move |_: Bytes| async move { (status(&making.answer), asset(Container::Ply)) };
        let router = Router::new()
            .route("/health", get(health))
            .route("/generate/", post(make));
        (told, backend(&serve(router).await))
    }

    fn looks(&self) -> u32 {
        self.looks.load(Ordering::SeqCst)
    }
}

fn backend(base: &str) -> HttpBackend {
    HttpBackend::new(base, patient()).unwrap()
}

/// Lets it make one cloud, or fail to.
async fn make(backend: &HttpBackend) -> bool {
    let mut generation = backend.start(text("red ball"));
    let mut made = false;
    while let Some(event) = soon(generation.next()).await {
        made = event.is_ok();
    }
    made
}

/// Has its vacancy waited for until it has been asked how it is so many times: each answer but the last
/// has been heard by then, and was no good one.
async fn has_none_after(told: &Told, backend: &HttpBackend, looks: u32) {
    let asked = async {
        while told.looks() < looks {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        biased;
        () = soon(asked) => {}
        () = backend.vacancy() => panic!("vacant after {} looks", told.looks()),
    }
}

#[tokio::test]
async fn a_server_that_warms_up_has_no_vacancy_until_it_is_well() {
    let (told, backend) = Told::serve(503).await;
    has_none_after(&told, &backend, 2).await;
    let waiting = async {
        soon(backend.vacancy()).await;
        told.looks()
    };
    let before = told.looks();
    let recovery = async {
        while told.looks() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        told.health.store(200, Ordering::SeqCst);
    };
    let (looks, ()) = tokio::join!(waiting, recovery);
    assert!(looks >= before + 2, "it was asked again: {looks}");
    soon(backend.vacancy()).await;
    assert_eq!(told.looks(), looks, "it is believed for a while");
}

#[tokio::test]
async fn an_answer_that_fails_puts_it_in_doubt_and_a_good_one_clears_it() {
    let (told, backend) = Told::serve(200).await;
    soon(backend.vacancy()).await;
    let before = told.looks();
    assert!(before >= 1);
    told.answer.store(500, Ordering::SeqCst);
    told.health.store(500, Ordering::SeqCst);
    assert!(!make(&backend).await);
    has_none_after(&told, &backend, before + 2).await;
    let looks = told.looks();
    told.answer.store(200, Ordering::SeqCst);
    assert!(make(&backend).await);
    soon(backend.vacancy()).await;
    assert_eq!(told.looks(), looks, "what it makes counts for more");
}

#[tokio::test]
async fn a_server_that_was_well_long_ago_is_asked_again() {
    let (told, backend) = Told::serve(200).await;
    assert!(make(&backend).await);
    soon(backend.vacancy()).await;
    assert_eq!(told.looks(), 0, "its answer said it");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(25)).await;
    tokio::time::resume();
    told.health.store(502, Ordering::SeqCst);
    has_none_after(&told, &backend, 2).await;
}

#[tokio::test]
async fn a_server_that_knows_no_such_question_is_taken_as_it_is() {
    let base = serve_answer(asset(Container::Ply)).await;
    soon(backend(&base).vacancy()).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_has_no_vacancy() {
    let (_held, base) = nobody();
    let backend = backend(&base);
    let health = backend.health(PATIENCE).await;
    assert!(matches!(health, Health::Silent(_)), "{health:?}");
    let wait = Duration::from_millis(400);
    let vacancy = tokio::time::timeout(wait, backend.vacancy()).await;
    assert!(vacancy.is_err());
}
