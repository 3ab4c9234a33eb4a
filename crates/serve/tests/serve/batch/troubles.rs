//! What goes wrong, and what a batch comes to then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use judge::Prompt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{accepted, batch, batching, results, status, storage, until_complete};
use crate::common::{Deed, Served, Told, config, detail, in_time, picture, unpacked};

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
    in_time("the wish for another machine", asked).await;
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
