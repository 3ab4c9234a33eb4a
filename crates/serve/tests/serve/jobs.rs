//! Our own jobs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generate::{SketchBackend, SketchOptions};
use judge::{Judge, JudgeConfig, Prompt};
use reqwest::{StatusCode, multipart};
use serde_json::{Value, json};
use serve::{JobLimits, ServeConfig};

use crate::common::{
    Deed, Served, Told, config, detail, header, in_time, mark, marks, picture,
    seconds_to_come_again, until,
};
use crate::events::{Event, Events};

async fn asked(served: &Served, body: &Value) -> String {
    let answer = served.post_json("/v1/jobs", body).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let location = header(&answer, "location").to_owned();
    let job: Value = answer.json().await.unwrap();
    assert_eq!(job["links"]["job"], location);
    location
}

async fn until_finished(served: &Served, job: &str) -> Value {
    let finished = async {
        loop {
            let view = served.get_json(job).await;
            if !["queued", "running"].contains(&view["state"].as_str().unwrap()) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    in_time("the end of a job", finished).await
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|(_, name, _)| name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_asked_for_followed_and_fetched() {
    let told = Told {
        steps: 3,
        splats: 100,
        ..Told::default()
    };
    let served = Served::open(config(), told.clone()).await;
    let job = asked(&served, &json!({ "prompt": "red sofa", "seed": 7 })).await;
    let mut events = Events::of(&served, &job, None).await;
    let (_, name, data) = events.next().await.unwrap();
    assert_eq!((&*name, &data["prompt"]), ("queued", &json!("red sofa")));
    let (number, name, data) = events.next().await.unwrap();
    assert_eq!((&*name, &data["state"]), ("running", &json!("running")));
    let running = served.get_json(&job).await;
    assert_eq!(running["state"], "running");
    assert_eq!(running["seed"], 7);
    let early = served.get(&format!("{job}/result")).await;
    assert_eq!(early.status(), StatusCode::CONFLICT);
    assert!(detail(early).await.contains("no result yet"));

    told.go();
    let rest = events.rest().await;
    assert_eq!(names(&rest), ["progress", "progress", "progress", "done"]);
    let steps: Vec<&Value> = rest[..3].iter().map(|(_, _, data)| data).collect();
    for (step, done) in steps.into_iter().zip(1..) {
        assert_eq!(
            step,
            &json!({ "stage": "splats", "done": done, "total": 3 })
        );
    }
    let done = &rest[3].2;
    assert_eq!(done["state"], "done");
    assert_eq!(done["result"]["splats"], 100);
    assert_eq!(done["result"]["verdict"], "unjudged");
    assert_eq!(done["result"]["notes"], json!(["made as told"]));
    assert_eq!(done, &served.get_json(&job).await);

    let ply = served.get(&format!("{job}/result")).await;
    assert_eq!(header(&ply, "content-type"), "application/octet-stream");
    assert_eq!(header(&ply, "x-splatsmith-seed"), "7");
    assert!(header(&ply, "content-disposition").ends_with(".ply\""));
    let ply = ply.bytes().await.unwrap();
    assert_eq!(done["result"]["ply_bytes"], ply.len());
    assert_eq!(marks(&ply), (7, mark(&Prompt::Text("red sofa".into()))));
    let spz = served.get(&format!("{job}/result?format=spz")).await;
    let (cloud, container) = splat::read(&spz.bytes().await.unwrap()).unwrap();
    assert_eq!((cloud.len(), container), (100, splat::Container::Spz));
    let odd = served.get(&format!("{job}/result?format=glb")).await;
    assert_eq!(odd.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let preview = served.get(&format!("{job}/preview")).await;
    assert_eq!(header(&preview, "content-type"), "image/png");
    let preview = image::load_from_memory(&preview.bytes().await.unwrap()).unwrap();
    assert_eq!((preview.width(), preview.height()), (1041, 1041));

    // Who comes late hears it as it was.
    let all = Events::of(&served, &job, None).await.rest().await;
    assert_eq!(all[0].2["state"], "queued");
    assert!(all[0].2.get("started").is_none());
    for (_, name, then) in &all[..2] {
        for later in ["finished", "result"] {
            assert!(then.get(later).is_none(), "{name}: {then}");
        }
    }
    // Who comes back hears what is newer; who has heard all, nothing.
    let again = Events::of(&served, &job, Some(number)).await.rest().await;
    assert_eq!(names(&again), names(&rest));
    let last = again.last().unwrap().0;
    let nothing = Events::of(&served, &job, Some(last)).await.rest().await;
    assert_eq!(names(&nothing), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_are_told_as_they_are_judged() {
    let sketch = SketchBackend::new(SketchOptions::default()).unwrap();
    let judge = Arc::new(Judge::new(JudgeConfig::default()));
    let several = ServeConfig {
        candidates: Some(3),
        most_candidates: 3,
        ..config()
    };
    let served = Served::open_with(several, vec![Arc::new(sketch)], Some(judge)).await;
    let body = json!({ "prompt": "red ball", "seed": 1, "candidates": 2, "profile": "pull-2025" });
    let job = asked(&served, &body).await;
    let events = Events::of(&served, &job, None).await.rest().await;
    let judged: Vec<&Value> = events
        .iter()
        .filter(|(_, name, _)| name == "candidate")
        .map(|(_, _, data)| data)
        .collect();
    assert!((1..=2).contains(&judged.len()), "{judged:?}");
    assert_eq!(judged[0]["seed"], 1);
    assert_eq!(judged[0]["score"], Value::Null, "no networks are here");
    assert!(!judged[0]["summary"].as_str().unwrap().is_empty());
    let view = served.get_json(&job).await;
    assert_eq!(view["candidates"].as_array().unwrap().len(), judged.len());
    assert_eq!(view["profile"], "pull-2025");
    let ply = served
        .get(&format!("{job}/result"))
        .await
        .bytes()
        .await
        .unwrap();
    let cloud = splat::ply::read(&ply).unwrap();
    let bounds = splat::inspect::Bounds::of(&cloud.columns().positions).unwrap();
    assert!((bounds.longest_side() - 1.5).abs() < 1e-3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_taken_in_base64_or_as_a_file() {
    let served = Served::open(config(), Told::ready()).await;
    let marked = mark(&Prompt::Image(picture().into()));
    let base64 = STANDARD.encode(picture());
    for image in [base64.clone(), format!("data:image/png;base64,{base64}")] {
        let job = asked(&served, &json!({ "image": image, "seed": -1 })).await;
        let view = until_finished(&served, &job).await;
        assert_eq!(view["image_bytes"], picture().len());
        assert!(view.get("prompt").is_none());
        let ply = served
            .get(&format!("{job}/result"))
            .await
            .bytes()
            .await
            .unwrap();
        assert_eq!(marks(&ply), (u32::MAX, marked));
    }
    let form = multipart::Form::new()
        .part(
            "image",
            multipart::Part::bytes(picture()).file_name("a.png"),
        )
        .text("seed", "9")
        .text("candidates", "1")
        .text("budget_seconds", "2.5");
    let answer = served
        .post("/v1/jobs")
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let job = header(&answer, "location").to_owned();
    until_finished(&served, &job).await;
    let ply = served
        .get(&format!("{job}/result"))
        .await
        .bytes()
        .await
        .unwrap();
    assert_eq!(marks(&ply), (9, marked));
    let form = [("prompt", "red sofa")];
    let answer = served.post("/v1/jobs").form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_job_is_said_in_a_line() {
    let served = Served::open(config(), Told::ready()).await;
    for (body, reason) in [
        (json!({}), "give a prompt (text) or an image"),
        (json!({ "prompt": "a", "image": "AAAA" }), "not both"),
        (json!({ "prompt": " " }), "prompt: it is empty"),
        (json!({ "prompt": "x".repeat(1025) }), "1024"),
        (json!({ "image": "" }), "image: it is empty"),
        (json!({ "image": "no base64!" }), "image: not base64"),
        (json!({ "prompt": "a", "candidates": 0 }), "1 to 1"),
        (json!({ "prompt": "a", "candidates": 2 }), "1 to 1"),
        (json!({ "prompt": "a", "candidates": -1 }), "candidates"),
        (
            json!({ "prompt": "a", "budget_seconds": -1 }),
            "budget_seconds",
        ),
        (json!({ "prompt": "a", "budget_seconds": 601 }), "0 to 600"),
        (json!({ "prompt": "a", "profile": "mine" }), "viewer"),
        (json!({ "prompt": "a", "seed": 1.5 }), "seed"),
        (
            json!({ "prompt": "a", "seed": "9".repeat(100_000) }),
            "seed",
        ),
        (json!({ "prompt": "a", "sede": 1 }), "unknown field"),
        (json!("a"), "invalid type"),
    ] {
        let refused = served.post_json("/v1/jobs", &body).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let said = detail(refused).await;
        assert!(said.contains(reason), "{body}: {said}");
    }
    let text = served
        .post("/v1/jobs")
        .body("red sofa")
        .send()
        .await
        .unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = json!({ "image": STANDARD.encode(vec![0; (20 << 20) + 4]) });
    let large = served.post_json("/v1/jobs", &large).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(served.get_json("/v1/jobs").await, json!({ "jobs": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_says_why() {
    let told = Told {
        deed: Arc::new(|prompt| match prompt {
            Prompt::Text(text) if text == "broken" => Deed::Fail,
            _ => Deed::Refuse,
        }),
        ..Told::ready()
    };
    let served = Served::open(config(), told).await;
    for (prompt, reason) in [("broken", "out of memory"), ("empty", "it shows nothing")] {
        let job = asked(&served, &json!({ "prompt": prompt })).await;
        let events = Events::of(&served, &job, None).await.rest().await;
        assert_eq!(names(&events).last(), Some(&"failed"));
        let view = served.get_json(&job).await;
        assert!(view["error"].as_str().unwrap().contains(reason), "{view}");
        let result = served.get(&format!("{job}/result")).await;
        assert_eq!(result.status(), StatusCode::CONFLICT);
        assert!(detail(result).await.contains(reason));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_wherever_it_stands() {
    let told = Told::default();
    let served = Served::open(config(), told.clone()).await;
    let running = asked(&served, &json!({ "prompt": "a" })).await;
    told.until_begun(1).await;
    let queued = asked(&served, &json!({ "prompt": "b" })).await;
    let followed = Events::of(&served, &queued, None).await;
    for job in [&queued, &running] {
        let cancelled = served.delete(job).await;
        assert_eq!(cancelled.status(), StatusCode::OK);
        let view: Value = cancelled.json().await.unwrap();
        assert_eq!(view["state"], "cancelled");
        assert_eq!(served.get_json(job).await["state"], "cancelled");
        let result = served.get(&format!("{job}/result")).await;
        assert_eq!(result.status(), StatusCode::CONFLICT);
    }
    assert_eq!(names(&followed.rest().await), ["queued", "cancelled"]);
    until(|| told.cancelled.load(Ordering::SeqCst) == 1).await;
    served
        .until(|load| load.generating == 0 && load.waiting == 0)
        .await;
    assert_eq!(
        told.begun.load(Ordering::SeqCst),
        1,
        "the other never began"
    );

    // The line is free again; what is finished is forgotten when it is deleted.
    told.go();
    let third = asked(&served, &json!({ "prompt": "c" })).await;
    assert_eq!(until_finished(&served, &third).await["state"], "done");
    assert!(served.load().job_bytes > 0);
    let forgotten = served.delete(&third).await;
    assert_eq!(forgotten.status(), StatusCode::NO_CONTENT);
    for path in [
        third.clone(),
        format!("{third}/result"),
        format!("{third}/events"),
    ] {
        assert_eq!(served.get(&path).await.status(), StatusCode::NOT_FOUND);
    }
    served.until(|load| load.job_bytes == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_wait_in_the_same_line_as_everybody() {
    let told = Told::default();
    let served = Served::open(config(), told.clone()).await;
    let first = asked(&served, &json!({ "prompt": "a" })).await;
    told.until_begun(1).await;
    let second = asked(&served, &json!({ "prompt": "b" })).await;
    let third = served
        .post_json("/v1/jobs", &json!({ "prompt": "c" }))
        .await;
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(seconds_to_come_again(&third) >= 1);
    let miner = served.ask_for("d", "1").await;
    assert_eq!(miner.status(), StatusCode::TOO_MANY_REQUESTS);
    told.go();
    told.go();
    for job in [first, second] {
        assert_eq!(until_finished(&served, &job).await["state"], "done");
    }
    let jobs = served.get_json("/v1/jobs").await;
    let prompts: Vec<&Value> = jobs["jobs"].as_array().unwrap().iter().collect();
    assert_eq!(prompts[0]["prompt"], "b", "the newest first");
    assert_eq!(prompts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_jobs_is_bounded() {
    let few = ServeConfig {
        jobs: JobLimits {
            count: 3,
            ..JobLimits::default()
        },
        ..config()
    };
    let served = Served::open(few, Told::ready()).await;
    let mut jobs = Vec::new();
    for number in 0..10 {
        let job = asked(&served, &json!({ "prompt": "a", "seed": number })).await;
        until_finished(&served, &job).await;
        jobs.push(job);
    }
    served.until(|load| load.jobs_kept <= 3).await;
    assert_eq!(served.get(&jobs[6]).await.status(), StatusCode::NOT_FOUND);
    let ply = served.get(&format!("{}/result", jobs[7])).await;
    assert_eq!(marks(&ply.bytes().await.unwrap()).0, 7);

    let short = ServeConfig {
        jobs: JobLimits {
            age: Duration::from_millis(50),
            ..JobLimits::default()
        },
        ..config()
    };
    let served = Served::open(short, Told::ready()).await;
    let job = asked(&served, &json!({ "prompt": "a" })).await;
    until(|| served.load().jobs_unfinished == 0).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(served.get(&job).await.status(), StatusCode::NOT_FOUND);
    served.until(|load| load.job_bytes == 0).await;
}
