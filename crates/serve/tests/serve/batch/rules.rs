//! From `ready` to `complete` and on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use serve::{Access, ApiKey, Equipment, ServeConfig};
use splat::Container;
use tokio::sync::oneshot;

use super::{accepted, batch, batching, results, status, storage, until_complete};
use crate::common::{Served, Told, detail, header, in_time, marks, unpacked, until};

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
        let shown = async {
            while status(&served).await["progress"] != done {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        in_time("progress", shown).await;
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
    // While one is at its first, the other takes all that is left.
    one.go();
    one.go();
    one.until_begun(3).await;
    one.go();
    two.go();
    until_complete(&served).await;
    for told in [&one, &two] {
        assert_eq!(told.most_at_once.load(Ordering::SeqCst), 1);
    }
    until(|| served.load().generating == 0).await;
    assert_eq!(unpacked(&results(&served).await).len(), 4);
}
