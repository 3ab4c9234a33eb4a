//! The base miner's generator.

use std::sync::Arc;

use generate::{SketchBackend, SketchOptions};
use judge::{Judge, JudgeConfig};
use reqwest::{StatusCode, multipart};

use crate::common::{Deed, Served, Told, config, detail, header, picture};

#[tokio::test(flavor = "multi_thread")]
async fn a_base_miner_gets_a_ply_and_what_is_known_of_it() {
    let sketch = SketchBackend::new(SketchOptions::default()).unwrap();
    let judge = Arc::new(Judge::new(JudgeConfig::default()));
    let served = Served::open_with(config(), vec![Arc::new(sketch)], Some(judge)).await;
    let answer = served.ask_for("red ball", "7").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "content-type"), "application/octet-stream");
    assert_eq!(header(&answer, "x-splatsmith-seed"), "7");
    // The networks of the score are not here: no verdict passes, and the best is sent all the same.
    assert!(["pass", "fail"].contains(&header(&answer, "x-splatsmith-verdict")));
    let ply = answer.bytes().await.unwrap();
    let cloud = splat::ply::read(&ply).unwrap();
    assert!(cloud.len() > 7000, "{}", cloud.len());
    let again = served.ask_for("red ball", "7").await.bytes().await.unwrap();
    assert_eq!(ply, again, "the same seed");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_kinds_of_form_are_read() {
    let served = Served::open(config(), Told::ready()).await;
    let form = multipart::Form::new().text("prompt", "red sofa");
    let request = served.post("/generate/").multipart(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "as curl -F sends it");
    assert_eq!(header(&answer, "x-splatsmith-verdict"), "unjudged");
    let urlencoded = served.post("/generate/").form(&[("prompt", "red sofa")]);
    let answer = urlencoded.send().await.unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::OK,
        "as the official miner does"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_said_in_a_line() {
    let told = Told {
        deed: Arc::new(|_| Deed::Refuse),
        ..Told::ready()
    };
    let served = Served::open(config(), told).await;
    for (prompt, seed, reason) in [
        ("  ", "1", "prompt: it is empty"),
        (&*"x".repeat(1025), "1", "longer than 1024 characters"),
        (&*"x".repeat(5000), "1", "longer than 1024 characters"),
        ("a", "many", "seed: not a whole number"),
        ("a", "1", "it shows nothing"),
    ] {
        let refused = served.ask_for(prompt, seed).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let said = detail(refused).await;
        assert!(said.contains(reason), "{said}");
    }
    let request = served.post("/generate/").form(&[("seed", "1")]);
    let missing = request.send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(detail(missing).await.contains("prompt: it is missing"));
    let request = served.post("/generate/").body("red sofa");
    let plain = request.send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let form = multipart::Form::new().text("prompt", "x".repeat(5000));
    let request = served.post("/generate/").multipart(form);
    let long = request.send().await.unwrap();
    assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let form = multipart::Form::new().part("image", multipart::Part::bytes(picture()));
    let request = served.post("/generate/").multipart(form);
    let image = request.send().await.unwrap();
    assert!(
        detail(image).await.contains("prompt"),
        "an image has its own path"
    );
}
