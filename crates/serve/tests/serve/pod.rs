//! The rules of a competition's pod for one image, one test each (404-gen-subnet
//! `Competitions/competition0.md` and the orchestrator that holds pods to them, at 01f0a25).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use generate::{Generator, HttpBackend, HttpOptions};
use judge::Prompt;
use reqwest::{StatusCode, multipart};
use serde_json::json;
use serve::Equipment;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::common::{
    Served, Told, config, detail, header, image_form, in_time, mark, marks, picture,
    seconds_to_come_again, until,
};

/// A pod's request, by hand.
fn request(image: &[u8], seed: u32) -> Vec<u8> {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"prompt_image_file\"; \
        filename=\"prompt.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        .to_vec();
    body.extend_from_slice(image);
    body.extend_from_slice(b"\r\n--b\r\nContent-Disposition: form-data; name=\"seed\"\r\n\r\n");
    body.extend_from_slice(seed.to_string().as_bytes());
    body.extend_from_slice(b"\r\n--b--\r\n");
    let length = body.len();
    let mut request = format!(
        "POST /generate HTTP/1.1\r\nHost: pod\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend(body);
    request
}

/// The head of an answer; the body is left where it is.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(in_time("a head", stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_makes_a_ply_stream() {
    let served = Served::open(config(), Told::ready()).await;
    let answer = served.show(picture(), "42").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "content-type"), "application/octet-stream");
    let ply = answer.bytes().await.unwrap();
    assert!(ply.starts_with(b"ply\n"));
    assert_eq!(marks(&ply), (42, mark(&Prompt::Image(picture().into()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_upright_in_viewers_and_a_unit_long() {
    let told = Told {
        splats: 1000,
        ..Told::ready()
    };
    let served = Served::open(config(), told).await;
    let answer = served.show(picture(), "1").await;
    let cloud = splat::ply::read(&answer.bytes().await.unwrap()).unwrap();
    let bounds = splat::inspect::Bounds::of(&cloud.columns().positions).unwrap();
    assert!((bounds.longest_side() - 1.0).abs() < 1e-3, "{bounds:?}");
    // Most splats are low, which is +Y in a PLY that viewers turn.
    let low = cloud.columns().positions[1].iter().filter(|y| **y > 0.0);
    assert!(low.count() > 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_makes_the_same_bytes() {
    let served = Served::open(config(), Told::ready()).await;
    let bytes = async |seed: &str| served.show(picture(), seed).await.bytes().await.unwrap();
    assert_eq!(bytes("-5").await, bytes("-5").await);
    assert_ne!(bytes("-5").await, bytes("5").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_is_sent_when_the_asset_exists_and_not_before() {
    let told = Told::default();
    let served = Served::open(config(), told.clone()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(&request(&picture(), 1)).await.unwrap();
    told.until_begun(1).await;
    let early = tokio::time::timeout(Duration::from_millis(300), stream.read_u8()).await;
    assert!(early.is_err(), "the clock of the pod still runs");
    told.go();
    let head = head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_generation_begins_at_the_head_while_eight_bodies_are_unread() {
    let told = Told {
        // 56 bytes each: far more than all buffers on the way.
        splats: 400_000,
        ..Told::ready()
    };
    let served = Served::open(config(), told.clone()).await;
    let mut unread = Vec::new();
    for seed in 0..9 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(&request(&picture(), seed)).await.unwrap();
        let head = head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{seed}: {head}");
        unread.push((seed, stream, head));
    }
    let load = served.load();
    assert!(load.unsent_bytes > 9 * 20_000_000, "{load:?}");
    assert_eq!(load.generating, 0, "no generator waits for a reader");
    for (seed, mut stream, head) in unread {
        let length = head.to_ascii_lowercase();
        let length = length.split_once("content-length: ").unwrap().1;
        let length: usize = length.split_once("\r\n").unwrap().0.parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        assert_eq!(marks(&body).0, seed, "to each its own");
    }
    served.until(|load| load.unsent_bytes == 0).await;
    assert_eq!(told.most_at_once.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_generation_at_a_time_however_many_ask() {
    let told = Told::default();
    let waiting = serve::ServeConfig {
        waiting: 8,
        ..config()
    };
    let served = Arc::new(Served::open(waiting, told.clone()).await);
    let asked: Vec<_> = (0..5)
        .map(|seed| {
            let served = Arc::clone(&served);
            tokio::spawn(async move { served.show(picture(), &seed.to_string()).await })
        })
        .collect();
    // Whoever has come waits, also the moment before it is its turn.
    told.until_begun(1).await;
    served.until(|load| load.waiting == 4).await;
    assert_eq!(told.begun.load(Ordering::SeqCst), 1);
    for _ in 0..5 {
        told.go();
    }
    for answer in asked {
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(told.most_at_once.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_200_once_requests_can_be_sent_and_not_before() {
    let (ready, warmed) = oneshot::channel();
    let served = Served::warmed(config(), async move {
        warmed.await?;
        Ok(Equipment {
            generators: vec![Arc::new(Told::ready())],
            judge: None,
        })
    })
    .await;
    let health = served.get("/health").await;
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(seconds_to_come_again(&health) >= 1);
    let said: serde_json::Value = health.json().await.unwrap();
    assert_eq!(said, json!({ "status": "warming_up" }));
    let early = served.show(picture(), "1").await;
    assert_eq!(early.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(seconds_to_come_again(&early) >= 1);
    assert!(detail(early).await.contains("made ready"));

    ready.send(()).unwrap();
    served
        .until(|load| load.state == serve::LoadState::Open)
        .await;
    let health = served.get("/health").await;
    assert_eq!(health.status(), StatusCode::OK);
    let said: serde_json::Value = health.json().await.unwrap();
    assert_eq!(said, json!({ "status": "healthy", "generators": 1 }));
    assert_eq!(served.show(picture(), "1").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_how_many_requests_are_worked_on_at_a_time() {
    let generators: Vec<Arc<dyn Generator>> = vec![
        Arc::new(Told::ready()),
        Arc::new(Told::ready()),
        Arc::new(Told::ready()),
    ];
    let served = Served::open_with(config(), generators, None).await;
    let said = served.get_json("/health").await;
    assert_eq!(said, json!({ "status": "healthy", "generators": 3 }));
    // And a miner that has it for an endpoint takes it at its word.
    let miner = HttpBackend::new(&served.base, HttpOptions::default()).unwrap();
    miner.vacancy().await;
    assert_eq!(*miner.capacity().borrow(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_up_that_fails_ends_the_server_with_its_reason() {
    let served = Served::warmed(config(), async { Err("no CUDA driver".into()) }).await;
    let ended = served.ended.await.unwrap().unwrap_err();
    assert_eq!(ended.to_string(), "no CUDA driver");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_is_not_worked_for() {
    let told = Told::default();
    let served = Served::open(config(), told.clone()).await;
    for gone in 1..=3 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(&request(&picture(), 1)).await.unwrap();
        told.until_begun(gone).await;
        drop(stream);
        until(|| told.cancelled.load(Ordering::SeqCst) == gone).await;
    }
    told.go();
    assert_eq!(served.show(picture(), "1").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_image_is_said_in_a_line() {
    let served = Served::open(config(), Told::ready()).await;
    let empty = served.show(Vec::new(), "1").await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(detail(empty).await, "prompt_image_file: it is empty");
    let bad_seed = served.show(picture(), "many").await;
    assert_eq!(bad_seed.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(detail(bad_seed).await.contains("seed"));
    let form = multipart::Form::new().text("seed", "1");
    let missing = served.post("/generate").multipart(form).send().await;
    assert!(
        detail(missing.unwrap())
            .await
            .contains("prompt_image_file: it is missing")
    );
    let form = multipart::Form::new().text("prompt", "red sofa");
    let text = served.post("/generate").multipart(form).send().await;
    assert!(detail(text.unwrap()).await.contains("/generate/"));
    let form = [("prompt", "red sofa")];
    let text = served.post("/generate").form(&form).send().await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(detail(text).await.contains("/generate/"));
    let large = served.show(vec![0; (20 << 20) + 1], "1").await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let broken = served
        .post("/generate")
        .header("content-type", "multipart/form-data; boundary=b")
        .body("no parts")
        .send()
        .await
        .unwrap();
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
    // Nothing of that was worked on, and the next one is.
    let form = image_form(picture(), "1");
    let answer = served.post("/generate").multipart(form).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
}
