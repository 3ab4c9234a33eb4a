//! What holds for every interface: who may ask, how much, and how it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use serve::{Access, ApiKey, LoadState, ServeConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{
    Deed, Served, Told, config, detail, header, in_time, marks, picture, seconds_to_come_again,
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_asked_for_by_every_path_but_the_public_ones() {
    let keyed = ServeConfig {
        access: Access::Key(ApiKey::new("secret")),
        ..config()
    };
    let served = Served::open(keyed, Told::ready()).await;
    for path in [
        "/status",
        "/results",
        "/v1/jobs",
        "/v1/jobs/x",
        "/v1/load",
        "/version/",
        "/x",
    ] {
        let refused = served.get(path).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(header(&refused, "www-authenticate"), "Bearer");
        assert!(detail(refused).await.contains("API key"));
    }
    for path in [
        "/generate",
        "/generate/",
        "/v1/jobs",
        "/validate_txt_to_3d_ply/",
    ] {
        let refused = served.post_json(path, &json!({})).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/health", "/openapi.json"] {
        assert_eq!(served.get(path).await.status(), StatusCode::OK, "{path}");
    }
    let known = |name, value| served.post("/generate/").header(name, value);
    for request in [
        known("authorization", "Bearer secret"),
        known("x-api-key", "secret"),
    ] {
        let answer = request.form(&[("prompt", "a")]).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_may_not_ask_for_work() {
    let told = Told::ready();
    let served = Served::open(config(), told.clone()).await;
    let request = served.post("/generate/").form(&[("prompt", "a")]);
    let refused = request.header("origin", "https://example.com").send().await;
    let refused = refused.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(detail(refused).await.contains("another site"));
    assert_eq!(told.begun.load(Ordering::SeqCst), 0);
    let request = served.post("/generate/").form(&[("prompt", "a")]);
    let own = request.header("origin", &served.base).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_line_sends_away_with_the_time_a_place_takes_to_be_free() {
    let told = Told::default();
    let served = Arc::new(Served::open(config(), told.clone()).await);
    let ask = || {
        let served = Arc::clone(&served);
        tokio::spawn(async move { served.ask_for("a", "1").await })
    };
    let first = ask();
    told.until_begun(1).await;
    let second = ask();
    served.until(|load| load.waiting == 1).await;
    let third = served.ask_for("a", "1").await;
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(seconds_to_come_again(&third), 15, "nothing is known yet");
    assert_eq!(detail(third).await, "the line is full");
    told.go();
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    told.go();
    assert_eq!(second.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_begun_while_too_much_waits_for_slow_readers() {
    let told = Told {
        splats: 400_000,
        ..Told::ready()
    };
    let small = ServeConfig {
        most_unsent: 1 << 20,
        ..config()
    };
    let served = Served::open(small, told.clone()).await;
    let form = "prompt=a&seed=3";
    let request = format!(
        "POST /generate/ HTTP/1.1\r\nHost: pod\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(request.as_bytes()).await.unwrap();
    in_time("a head", slow.read_u8()).await.unwrap();
    assert!(served.load().unsent_bytes > 20_000_000);
    for refused in [
        served.ask_for("b", "1").await,
        served.show(picture(), "1").await,
        served
            .post_json("/v1/jobs", &json!({ "prompt": "b" }))
            .await,
    ] {
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(seconds_to_come_again(&refused) >= 1);
        assert!(detail(refused).await.contains("waits for readers"));
    }
    assert_eq!(told.begun.load(Ordering::SeqCst), 1);
    drop(slow);
    served.until(|load| load.unsent_bytes == 0).await;
    let answer = served.ask_for("b", "4").await;
    assert_eq!(marks(&answer.bytes().await.unwrap()).0, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_fails_hands_over_to_one_that_works() {
    let broken = Told {
        deed: Arc::new(|_| Deed::Fail),
        ..Told::ready()
    };
    let works = Told::ready();
    let generators: Vec<Arc<dyn generate::Generator>> =
        vec![Arc::new(broken.clone()), Arc::new(works.clone())];
    let served = Served::open_with(config(), generators, None).await;
    let began = Instant::now();
    for _ in 0..6 {
        assert_eq!(served.ask_for("a", "1").await.status(), StatusCode::OK);
    }
    assert_eq!(works.begun.load(Ordering::SeqCst), 6);
    // It rests after each failure, for a second and then twice as long every time.
    let failed = broken.begun.load(Ordering::SeqCst);
    assert!(failed >= 1, "nothing is known of it at first");
    let rested = Duration::from_secs((1 << (failed - 1)) - 1);
    let elapsed = began.elapsed();
    assert!(rested <= elapsed, "{failed} failures in {elapsed:?}");
    let status = served.get_json("/status?replacements_remaining=3").await;
    assert_eq!(status["status"], "ready", "one works");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_what_is_in_hand_is_finished_and_what_is_new_refused() {
    let told = Told::default();
    let served = Arc::new(Served::open(config(), told.clone()).await);
    let ask = {
        let served = Arc::clone(&served);
        tokio::spawn(async move { served.ask_for("a", "5").await.bytes().await.unwrap() })
    };
    told.until_begun(1).await;
    let job = served
        .post_json("/v1/jobs", &json!({ "prompt": "b", "seed": 6 }))
        .await;
    let job = header(&job, "location").to_owned();
    served.shutdown.cancel();
    served.until(|load| load.state == LoadState::Draining).await;

    let health = served.get("/health").await;
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    let health: serde_json::Value = health.json().await.unwrap();
    assert_eq!(health, json!({ "status": "draining" }));
    for refused in [
        served.ask_for("c", "1").await,
        served.show(picture(), "1").await,
        served
            .post_json("/v1/jobs", &json!({ "prompt": "c" }))
            .await,
        served
            .post_json("/generate", &json!({ "prompts": [], "seed": 1 }))
            .await,
        served
            .post_json("/validate_txt_to_3d_ply/", &json!({}))
            .await,
    ] {
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(seconds_to_come_again(&refused) >= 1);
        assert!(detail(refused).await.contains("about to end"));
    }
    assert_eq!(told.begun.load(Ordering::SeqCst), 1);
    told.go();
    assert_eq!(marks(&ask.await.unwrap()).0, 5, "it was in hand");
    told.go();
    served.until(|load| load.jobs_unfinished == 0).await;
    // It was promised: the server stays until it is fetched.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ply = served.get(&format!("{job}/result")).await;
    assert_eq!(marks(&ply.bytes().await.unwrap()).0, 6);
    until(|| served.ended.is_finished()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_comes_in_bounded_time_whatever_is_in_hand() {
    let told = Told::default();
    let short = ServeConfig {
        drain: Duration::from_millis(300),
        ..config()
    };
    let served = Served::open(short, told.clone()).await;
    let stuck = served
        .post_json("/v1/jobs", &json!({ "prompt": "a" }))
        .await;
    assert_eq!(stuck.status(), StatusCode::ACCEPTED);
    told.until_begun(1).await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    served.shutdown.cancel();
    until(|| served.ended.is_finished()).await;
    assert!(served.ended.await.unwrap().is_ok());
    // The connection ends too.
    let ended = in_time("the end of the connection", idle.read_u8()).await;
    assert!(ended.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_and_slow_heads_are_given_up() {
    let served = Served::open(config(), Told::ready()).await;
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nHo").await.unwrap();
    let mut answer = Vec::new();
    // The server hangs up by itself.
    let _ = in_time("the end of a slow head", slow.read_to_end(&mut answer)).await;
    let mut long = TcpStream::connect(served.address).await.unwrap();
    let head = format!(
        "GET /health HTTP/1.1\r\nHost: pod\r\nX: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let _ = long.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = in_time("the end of a long head", long.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}
