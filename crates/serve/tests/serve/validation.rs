//! The validators' validation service.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generate::{SketchBackend, SketchOptions};
use judge::{Judge, JudgeConfig};
use reqwest::StatusCode;
use serde_json::{Value, json};
use splat::Cloud;

use crate::common::{Served, Told, config, detail, header, seconds_to_come_again};

async fn sketching() -> Served {
    let sketch = SketchBackend::new(SketchOptions::default()).unwrap();
    let judge = Arc::new(Judge::new(JudgeConfig::default()));
    Served::open_with(config(), vec![Arc::new(sketch)], Some(judge)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_submission_is_a_score_of_0() {
    let served = sketching().await;
    let nothing = json!({
        "score": 0.0, "iqa": 0.0, "alignment_score": 0.0, "ssim": 0.0, "lpips": 0.0,
        "preview": null, "grid_preview": null,
    });
    let few = splat::ply::write(&Cloud::from_iter([]));
    for body in [
        json!({ "prompt": "a", "data": "not base64!" }),
        json!({ "prompt": "a", "data": STANDARD.encode("no ply") }),
        json!({ "prompt": "a", "data": STANDARD.encode("no spz"), "compression": 2 }),
        json!({ "prompt": "a", "data": "", "compression": 1 }),
        json!({ "prompt": "a", "data": STANDARD.encode(&few) }),
        json!({ "data": STANDARD.encode(&few) }),
    ] {
        let answer = served.post_json("/validate_txt_to_3d_ply/", &body).await;
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer, nothing, "{body}");
    }
    for body in [
        json!({ "prompt": "a" }),
        json!({ "prompt": "x".repeat(1025), "data": "" }),
        json!({ "prompt": "a", "data": "", "compression": "two" }),
    ] {
        let answer = served.post_json("/validate_txt_to_3d_ply/", &body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let version = served.get("/version/").await;
    assert_eq!(version.text().await.unwrap(), "\"2.4.0\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_scored_is_no_score() {
    let served = sketching().await;
    let ply = served.ask_for("red ball", "7").await.bytes().await.unwrap();
    let body = json!({ "prompt": "red ball", "data": STANDARD.encode(&ply) });
    let answer = served.post_json("/validate_txt_to_3d_ply/", &body).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(seconds_to_come_again(&answer) > 60);
    assert!(detail(answer).await.contains("not scored"));

    let unjudged = Served::open(config(), Told::default()).await;
    let answer = unjudged.post_json("/validate_txt_to_3d_ply/", &body).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(detail(answer).await.contains("--no-validation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duel_view_is_the_grid_of_four_views() {
    let served = sketching().await;
    let ply = served.ask_for("red ball", "7").await.bytes().await.unwrap();
    let packed =
        splat::spz::encode(&splat::ply::read(&ply).unwrap(), splat::spz::Level::new(3)).unwrap();
    for body in [
        json!({ "data": STANDARD.encode(&ply) }),
        json!({ "data": STANDARD.encode(&packed), "compression": 2, "prompt": null }),
    ] {
        let answer = served.post_json("/render_duel_view/", &body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "content-type"), "image/png");
        let png = answer.bytes().await.unwrap();
        let picture = image::load_from_memory(&png).unwrap();
        assert_eq!((picture.width(), picture.height()), (1041, 1041));
    }
    let odd = json!({ "data": "", "compression": 1 });
    let refused = served.post_json("/render_duel_view/", &odd).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(detail(refused).await, "Unsupported compression: 1");
    let empty = splat::ply::write(&Cloud::from_iter([]));
    let invalid = json!({ "data": STANDARD.encode(&empty) });
    let refused = served.post_json("/render_duel_view/", &invalid).await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
