//! The rules of the batch pod, one test each (404-gen-subnet `miner-reference/api_specification.md` and
//! `tests/test_service.py`, at 0f26836).

use std::collections::BTreeSet;
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
use judge::Prompt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use serve::{Access, ApiKey, BatchConfig, Equipment, ServeConfig};
use splat::Container;
use tokio::sync::oneshot;

use crate::common::{Deed, Served, Told, config, detail, header, marks, picture, unpacked, until};

/// Where a batch's images are: `/{name}` is a picture, and some names are trouble. Counts what is asked.
async fn storage() -> (SocketAddr, Arc<AtomicUsize>) {
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
fn batching() -> ServeConfig {
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

fn batch(storage: SocketAddr, prompts: &[(&str, &str)]) -> Value {
    let prompt = |(stem, name): &(&str, &str)| json!({ "stem": stem, "image_url": format!("http://{storage}/{name}") });
    let prompts: Vec<Value> = prompts.iter().map(prompt).collect();
    json!({ "prompts": prompts, "seed": 42 })
}

async fn accepted(served: &Served, batch: &Value) -> Value {
    let answer = served.post_json("/generate", batch).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

async fn status(served: &Served) -> Value {
    served.get_json("/status?replacements_remaining=3").await
}

async fn until_complete(served: &Served) {
    let completed = async {
        while status(served).await["status"] != "complete" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), completed).await;
    assert!(waited.is_ok(), "{}", status(served).await);
}

async fn results(served: &Served) -> Vec<u8> {
    let answer = served.get("/results").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_while_models_are_loaded() {
    let (storage, _) = storage().await;
    let (ready, warmed) = oneshot::channel();
    let served = Served::warmed(batching(), async move {
        warmed.await?;
        Ok(Equipment {
            generators: vec![Arc::new(Told::ready())],
            judge: None,
        })
    })
    .await;
    assert_eq!(status(&served).await["status"], "warming_up");
    let asked = batch(storage, &[("a", "a")]);
    let early = served.post_json("/generate", &asked).await;
    assert_eq!(early.status(), StatusCode::CONFLICT);
    let early: Value = early.json().await.unwrap();
    assert_eq!(
        early,
        json!({ "detail": "Cannot accept batch", "current_status": "warming_up" })
    );
    let nothing = served.get("/results").await;
    assert_eq!(nothing.status(), StatusCode::CONFLICT);
    assert!(detail(nothing).await.contains("'warming_up'"));
    ready.send(()).unwrap();
    served
        .until(|load| load.state == serve::LoadState::Open)
        .await;
    assert_eq!(status(&served).await["status"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_without_a_value_are_left_out() {
    let served = Served::open(batching(), Told::ready()).await;
    assert_eq!(status(&served).await, json!({ "status": "ready" }));
    assert_eq!(
        served.get_json("/status").await,
        json!({ "status": "ready" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_from_ready_to_complete_and_on_to_the_next() {
    let (storage, asked) = storage().await;
    let told = Told::default();
    let served = Served::open(batching(), told.clone()).await;
    let first = batch(storage, &[("aa0", "1"), ("aa1", "2"), ("aa2", "moved")]);
    assert_eq!(accepted(&served, &first).await, json!({ "accepted": 3 }));
    let generating = status(&served).await;
    assert_eq!(
        generating,
        json!({ "status": "generating", "progress": 0, "total": 3 })
    );
    for _ in 0..3 {
        told.go();
    }
    until_complete(&served).await;
    let answer = served.get("/results").await;
    assert_eq!(header(&answer, "content-type"), "application/zip");
    assert_eq!(header(&answer, "transfer-encoding"), "chunked");
    assert!(!answer.headers().contains_key("content-length"));
    let files = unpacked(&answer.bytes().await.unwrap());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["aa0.ply", "aa1.ply", "aa2.ply"], "and no manifest");
    assert!(files.values().all(|asset| marks(asset).0 == 42));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(status(&served).await["status"], "complete", "it stays");

    let next = batch(storage, &[("bb0", "1"), ("bb1", "2")]);
    assert_eq!(accepted(&served, &next).await, json!({ "accepted": 2 }));
    assert_eq!(status(&served).await["status"], "generating");
    let gone = served.get("/results").await;
    assert_eq!(gone.status(), StatusCode::CONFLICT, "the last one is gone");
    told.go();
    told.go();
    until_complete(&served).await;
    let files = unpacked(&results(&served).await);
    assert_eq!(files.len(), 2);
    assert!(files.contains_key("bb0.ply"));
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_shown_as_it_comes() {
    let (storage, _) = storage().await;
    let told = Told::default();
    let served = Served::open(batching(), told.clone()).await;
    let prompts = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")];
    accepted(&served, &batch(storage, &prompts)).await;
    for done in 1..4 {
        told.go();
        while status(&served).await["progress"] != done {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(status(&served).await["total"], 4);
    }
    assert_eq!(told.most_at_once.load(Ordering::SeqCst), 1, "one at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_with_the_same_stems_begins_nothing_anew() {
    let (storage, _) = storage().await;
    let told = Told::default();
    let served = Served::open(batching(), told.clone()).await;
    let asked = batch(storage, &[("aaa", "1"), ("bbb", "2")]);
    accepted(&served, &asked).await;
    told.until_begun(1).await;
    // The set counts, not its order.
    let again = batch(storage, &[("bbb", "2"), ("aaa", "1")]);
    assert_eq!(accepted(&served, &again).await, json!({ "accepted": 2 }));
    told.go();
    told.go();
    until_complete(&served).await;
    assert_eq!(accepted(&served, &asked).await, json!({ "accepted": 2 }));
    assert_eq!(status(&served).await["status"], "complete");
    assert_eq!(told.begun.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_stems_are_refused_flat_while_generating() {
    let (storage, _) = storage().await;
    let served = Served::open(batching(), Told::default()).await;
    accepted(&served, &batch(storage, &[("existing", "1")])).await;
    let other = batch(storage, &[("different", "1")]);
    let refused = served.post_json("/generate", &other).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(
        refused,
        json!({ "detail": "Cannot accept batch", "current_status": "generating" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_there_when_complete_and_only_then() {
    let (storage, _) = storage().await;
    let served = Served::open(batching(), Told::default()).await;
    let early = served.get("/results").await;
    assert_eq!(early.status(), StatusCode::CONFLICT);
    assert!(detail(early).await.contains("'ready'"));
    accepted(&served, &batch(storage, &[("a", "1")])).await;
    let early = served.get("/results").await;
    assert_eq!(early.status(), StatusCode::CONFLICT);
    assert!(detail(early).await.contains("'generating'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_the_same_bytes_every_time() {
    let (storage, _) = storage().await;
    let told = Told {
        splats: 5000,
        ..Told::ready()
    };
    let served = Served::open(batching(), told).await;
    let asked = batch(storage, &[("a", "1"), ("b", "2"), ("c", "missing")]);
    accepted(&served, &asked).await;
    until_complete(&served).await;
    let first = results(&served).await;
    assert!(!first.is_empty());
    for _ in 0..3 {
        // Somebody loses the connection; the next gets the whole.
        let mut broken = served.get("/results").await;
        broken.chunk().await.unwrap().unwrap();
        drop(broken);
        assert_eq!(results(&served).await, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stem_is_in_one_place_whatever_becomes_of_its_image() {
    let (storage, _) = storage().await;
    let served = Served::open(batching(), Told::ready()).await;
    let prompts = [
        ("good", "1"),
        ("gone", "missing"),
        ("text", "text"),
        ("large", "large"),
        ("endless", "endless"),
        ("circle", "circle"),
        ("fine", "2"),
    ];
    let mut asked = batch(storage, &prompts);
    let more = [("scheme", "file:///etc/passwd"), ("nothing", "no address")];
    for (stem, url) in more {
        let prompt = json!({ "stem": stem, "image_url": url });
        asked["prompts"].as_array_mut().unwrap().push(prompt);
    }
    accepted(&served, &asked).await;
    until_complete(&served).await;
    let mut files = unpacked(&results(&served).await);
    let failed: Value = serde_json::from_slice(&files.remove("_failed.json").unwrap()).unwrap();
    let failed = failed.as_object().unwrap();
    let made: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(made, ["fine.ply", "good.ply"]);
    for (stem, reason) in [
        ("gone", "image download failed: it answers 404 Not Found"),
        ("text", "image download failed: it is no PNG"),
        ("large", "larger than 20 MB"),
        ("endless", "larger than 20 MB"),
        ("circle", "redirects too often"),
        ("scheme", "scheme is file"),
        ("nothing", "image_url: "),
    ] {
        let said = failed[stem].as_str().unwrap();
        assert!(said.contains(reason), "{stem}: {said}");
    }
    assert_eq!(failed.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_which_nothing_was_made_is_a_manifest_alone() {
    let (storage, _) = storage().await;
    let told = Told {
        deed: Arc::new(|_| Deed::Refuse),
        ..Told::ready()
    };
    let served = Served::open(batching(), told).await;
    accepted(&served, &batch(storage, &[("a", "1"), ("b", "2")])).await;
    until_complete(&served).await;
    let files = unpacked(&results(&served).await);
    assert_eq!(files.len(), 1);
    let failed: Value = serde_json::from_slice(&files["_failed.json"]).unwrap();
    let stems: BTreeSet<&String> = failed.as_object().unwrap().keys().collect();
    assert_eq!(stems.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_crashes_still_ends_in_complete() {
    let (storage, _) = storage().await;
    let count = Arc::<AtomicUsize>::default();
    let told = Told {
        deed: Arc::new(move |_: &Prompt| {
            if count.fetch_add(1, Ordering::SeqCst) < 2 {
                Deed::Make
            } else {
                Deed::Panic
            }
        }),
        ..Told::ready()
    };
    let served = Served::open(batching(), told).await;
    let stems: Vec<String> = (0..9).map(|number| format!("crash{number}")).collect();
    let prompts: Vec<(&str, &str)> = stems.iter().map(|stem| (&**stem, "1")).collect();
    accepted(&served, &batch(storage, &prompts)).await;
    until_complete(&served).await;
    let mut files = unpacked(&results(&served).await);
    let failed: Value = serde_json::from_slice(&files.remove("_failed.json").unwrap()).unwrap();
    let failed: BTreeSet<String> = failed.as_object().unwrap().keys().cloned().collect();
    let made: BTreeSet<String> = files
        .keys()
        .map(|name| name.trim_end_matches(".ply").to_owned())
        .collect();
    assert_eq!(made.len(), 2, "partial results count");
    assert!(made.is_disjoint(&failed));
    let all: BTreeSet<String> = made.union(&failed).cloned().collect();
    assert_eq!(all, stems.into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_fails_is_asked_again() {
    let (storage, _) = storage().await;
    let count = Arc::<AtomicUsize>::default();
    let told = Told {
        deed: Arc::new(move |_: &Prompt| {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                Deed::Fail
            } else {
                Deed::Make
            }
        }),
        ..Told::ready()
    };
    let served = Served::open(batching(), told.clone()).await;
    accepted(&served, &batch(storage, &[("a", "1")])).await;
    until_complete(&served).await;
    let files = unpacked(&results(&served).await);
    assert!(files.contains_key("a.ply"), "{:?}", files.keys());
    assert_eq!(told.begun.load(Ordering::SeqCst), 2);
}

/// Whose generator has failed for good.
async fn broken() -> Served {
    let told = Told {
        deed: Arc::new(|_| Deed::Fail),
        ..Told::ready()
    };
    let served = Served::open(batching(), told).await;
    for _ in 0..3 {
        let failed = served.show(picture(), "1").await;
        assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(detail(failed).await.contains("out of memory"));
    }
    served
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_is_asked_for_where_no_generator_works() {
    let (storage, _) = storage().await;
    let served = broken().await;
    let told = status(&served).await;
    assert_eq!(told["status"], "replace");
    let generator = &told["payload"]["generators"][0];
    assert_eq!(generator["failures_in_a_row"], 3);
    assert_eq!(generator["last_failure"], "told: out of memory");
    let asked = batch(storage, &[("a", "1")]);
    let refused = served.post_json("/generate", &asked).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(
        refused,
        json!({ "detail": "Cannot accept batch", "current_status": "replace" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_machine_is_asked_for_where_none_is_left() {
    let (storage, _) = storage().await;
    let served = broken().await;
    for query in ["?replacements_remaining=0", ""] {
        let told = served.get_json(&format!("/status{query}")).await;
        assert_eq!(told["status"], "ready", "it pushes through");
        assert_eq!(told["payload"]["reason"], "every generator fails");
    }
    let asked = batch(storage, &[("a", "1")]);
    assert_eq!(accepted(&served, &asked).await, json!({ "accepted": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_is_asked_for_in_the_middle_of_a_batch() {
    let (storage, _) = storage().await;
    let told = Told {
        deed: Arc::new(|_| Deed::Fail),
        ..Told::ready()
    };
    let served = Served::open(batching(), told).await;
    accepted(&served, &batch(storage, &[("a", "1"), ("b", "2")])).await;
    let asked = async {
        while status(&served).await["status"] != "replace" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), asked).await;
    assert!(waited.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_none_changes_nothing() {
    let (storage, _) = storage().await;
    let served = Served::open(batching(), Told::ready()).await;
    let good = json!({ "stem": "a", "image_url": format!("http://{storage}/1") });
    for (body, reason) in [
        (batch(storage, &[("Invalid-Stem!", "1")]), "stem"),
        (batch(storage, &[("a", "1"), ("a", "2")]), "twice"),
        (batch(storage, &[]), "prompts"),
        (json!({ "prompts": [good] }), "seed"),
        (json!({ "prompts": [good], "seed": "many" }), "seed"),
        (json!({ "seed": 1 }), "prompts"),
        (
            json!({ "prompts": [{ "stem": "a" }], "seed": 1 }),
            "image_url",
        ),
        (json!([]), "invalid"),
    ] {
        let refused = served.post_json("/generate", &body).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let said = detail(refused).await;
        assert!(said.contains(reason), "{body}: {said}");
    }
    let request = served
        .post("/generate")
        .header("content-type", "application/json");
    let broken = request.body("{").send().await.unwrap();
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
    assert_eq!(status(&served).await["status"], "ready");
    let odd = served.get("/status?replacements_remaining=many").await;
    assert_eq!(odd.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_extension_is_the_operators_choice() {
    let (storage, _) = storage().await;
    let mut spz = batching();
    spz.batch.container = Container::Spz;
    let told = Told {
        splats: 100,
        ..Told::ready()
    };
    let served = Served::open(spz, told).await;
    accepted(&served, &batch(storage, &[("a", "1")])).await;
    until_complete(&served).await;
    let files = unpacked(&results(&served).await);
    let (cloud, found) = splat::read(&files["a.spz"]).unwrap();
    assert_eq!(cloud.len(), 100);
    assert_eq!(found, Container::Spz);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_accepted_and_not_asked_for() {
    let (storage, _) = storage().await;
    let served = Served::open(batching(), Told::ready()).await;
    let asked = batch(storage, &[("a", "1")]);
    let request = served.post("/generate").bearer_auth("provider's own");
    let answer = request.json(&asked).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    until_complete(&served).await;

    // Unless its operator wants one.
    let keyed = ServeConfig {
        access: Access::Key(ApiKey::new("secret")),
        ..batching()
    };
    let served = Served::open(keyed, Told::ready()).await;
    let stranger = served.get("/status").await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    let known = served.client.get(format!("{}/status", served.base));
    let known = known.bearer_auth("secret").send().await.unwrap();
    assert_eq!(known.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_are_not_asked_for_images_unless_the_operator_allows_it() {
    let (storage, asked) = storage().await;
    let served = Served::open(config(), Told::ready()).await;
    let mut asking = batch(storage, &[("a", "1")]);
    let name =
        json!({ "stem": "b", "image_url": format!("http://localhost:{}/1", storage.port()) });
    asking["prompts"].as_array_mut().unwrap().push(name);
    accepted(&served, &asking).await;
    until_complete(&served).await;
    let files = unpacked(&results(&served).await);
    let failed: Value = serde_json::from_slice(&files["_failed.json"]).unwrap();
    for stem in ["a", "b"] {
        let said = failed[stem].as_str().unwrap();
        assert!(said.contains("loopback"), "{said}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_generators_work_on_a_batch_each_one_at_a_time() {
    let (storage, _) = storage().await;
    let (one, two) = (Told::default(), Told::default());
    let generators: Vec<Arc<dyn generate::Generator>> =
        vec![Arc::new(one.clone()), Arc::new(two.clone())];
    let served = Served::open_with(batching(), generators, None).await;
    let prompts = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")];
    accepted(&served, &batch(storage, &prompts)).await;
    one.until_begun(1).await;
    two.until_begun(1).await;
    for told in [&one, &two] {
        told.go();
        told.go();
    }
    until_complete(&served).await;
    for told in [&one, &two] {
        assert_eq!(told.most_at_once.load(Ordering::SeqCst), 1);
    }
    until(|| served.load().generating == 0).await;
    assert_eq!(unpacked(&results(&served).await).len(), 4);
}
