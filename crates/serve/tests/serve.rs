//! A server as its three kinds of askers meet it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use generate::{
    Candidate, GenerateError, Generation, GenerationEvent, Generator, Request, SketchBackend,
    SketchOptions,
};
use judge::{Judge, JudgeConfig};
use reqwest::{Client, Response, StatusCode, multipart};
use serde_json::{Value, json};
use serve::{Access, ApiKey, ServeConfig, Server};
use splat::{Cloud, Frame, Splat};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

fn config() -> ServeConfig {
    ServeConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        access: Access::Everybody,
        candidates: 1,
        budget: None,
        waiting: 1,
        drain: Duration::from_secs(20),
    }
}

fn client() -> Client {
    let provider = rustls::crypto::ring::default_provider();
    let tls = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .unwrap()
}

/// A running server.
struct House {
    base: String,
    client: Client,
    shutdown: CancellationToken,
    ended: JoinHandle<()>,
}

impl House {
    async fn open(config: ServeConfig, generator: Arc<dyn Generator>, is_judging: bool) -> Self {
        let judge = is_judging.then(|| Arc::new(Judge::new(JudgeConfig::default())));
        let server = Server::bind(config, vec![generator], judge).await.unwrap();
        let shutdown = CancellationToken::new();
        Self {
            base: format!("http://{}", server.address()),
            client: client(),
            ended: tokio::spawn(server.run(shutdown.clone())),
            shutdown,
        }
    }

    async fn sketching() -> Self {
        let sketch = SketchBackend::new(SketchOptions::default()).unwrap();
        Self::open(config(), Arc::new(sketch), true).await
    }

    async fn ask_for(&self, prompt: &str) -> Response {
        let form = [("prompt", prompt), ("seed", "7")];
        let request = self.client.post(format!("{}/generate/", self.base));
        request.form(&form).send().await.unwrap()
    }

    /// An answer if there is one at once; who waits longer leaves the line.
    async fn ask_for_a_moment(&self) -> Option<Response> {
        let moment = Duration::from_millis(200);
        tokio::time::timeout(moment, self.ask_for("a")).await.ok()
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.base));
        request.json(body).send().await.unwrap()
    }
}

async fn detail(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["detail"].as_str().unwrap().to_owned()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

/// Makes one splat each time it is told to.
#[derive(Default)]
struct OnDemand {
    told: Arc<Notify>,
    begun: Arc<Notify>,
}

impl Generator for OnDemand {
    fn label(&self) -> &str {
        "on demand"
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let told = Arc::clone(&self.told);
        self.begun.notify_one();
        tokio::spawn(async move {
            tokio::select! {
                () = told.notified() => {}
                () = sink.cancelled() => return,
            }
            let splat = Splat {
                position: [0.0; 3],
                log_scale: [-4.0; 3],
                rotation: [1.0, 0.0, 0.0, 0.0],
                opacity_logit: 2.0,
                colour: [0.5; 3],
            };
            let made = Candidate {
                cloud: Cloud::from_iter([splat]),
                frame: Frame::YUp,
                seed: request.seed,
                elapsed: Duration::ZERO,
                notes: Vec::new(),
                recipe: generate::Recipe::default(),
                stages: Vec::new(),
            };
            sink.send(Ok::<_, GenerateError>(GenerationEvent::Candidate(
                Box::new(made),
            )))
            .await;
        });
        generation
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_miner_gets_a_ply_and_what_is_known_of_it() {
    let house = House::sketching().await;
    let answer = house.ask_for("red ball").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "content-type"), "application/octet-stream");
    assert_eq!(header(&answer, "x-splatsmith-seed"), "7");
    // The networks of the score are not here: no verdict passes, and the best is sent all the same.
    assert!(["pass", "fail"].contains(&header(&answer, "x-splatsmith-verdict")));
    let ply = answer.bytes().await.unwrap();
    let cloud = splat::ply::read(&ply).unwrap();
    assert!(cloud.len() > 7000, "{}", cloud.len());

    let again = house.ask_for("red ball").await.bytes().await.unwrap();
    assert_eq!(ply, again, "the same seed");

    for (prompt, reason) in [("  ", "empty"), (&*"x".repeat(1025), "1024 characters")] {
        let refused = house.ask_for(prompt).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(detail(refused).await.contains(reason));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_takes_an_image_and_sends_it_upright_for_viewers() {
    let house = House::sketching().await;
    let health: Value = house
        .client
        .get(format!("{}/health", house.base))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(health, json!({ "status": "healthy" }));

    let mut picture = image::RgbaImage::new(64, 64);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let is_inside = x.abs_diff(32).pow(2) + y.abs_diff(32).pow(2) < 24 * 24;
        *pixel = image::Rgba([200, 60, 40, if is_inside { 255 } else { 0 }]);
    }
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let send = |png: Vec<u8>, seed: &str| {
        let file = multipart::Part::bytes(png)
            .file_name("prompt.jpg")
            .mime_str("image/jpeg")
            .unwrap();
        let form = multipart::Form::new()
            .part("prompt_image_file", file)
            .text("seed", seed.to_owned());
        let request = house.client.post(format!("{}/generate", house.base));
        request.multipart(form).send()
    };
    let answer = send(png.into_inner(), "-5").await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let cloud = splat::ply::read(&answer.bytes().await.unwrap()).unwrap();
    let bounds = splat::inspect::Bounds::of(&cloud.columns().positions).unwrap();
    assert!((bounds.longest_side() - 1.0).abs() < 1e-3, "{bounds:?}");

    let broken = send(b"no picture".to_vec(), "1").await.unwrap();
    assert_eq!(broken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let bad_seed = send(vec![1], "many").await.unwrap();
    assert!(detail(bad_seed).await.contains("seed"));
    let form = multipart::Form::new().text("seed", "1");
    let request = house.client.post(format!("{}/generate", house.base));
    let missing = request.multipart(form).send().await.unwrap();
    assert!(detail(missing).await.contains("prompt_image_file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_line_sends_away_and_a_shutdown_finishes_what_is_in_hand() {
    let generator = Arc::new(OnDemand::default());
    let (told, begun) = (Arc::clone(&generator.told), Arc::clone(&generator.begun));
    let house = Arc::new(House::open(config(), generator, false).await);
    // Whoever is sent away comes again.
    let ask = || {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            loop {
                let answer = house.ask_for("a").await;
                if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                    return answer;
                }
            }
        })
    };
    let first = ask();
    begun.notified().await;
    let second = ask();
    // The second is in line when a third is sent away, which may take several attempts.
    let mut third = house.ask_for_a_moment().await;
    while third.is_none() {
        third = house.ask_for_a_moment().await;
    }
    let third = third.unwrap();
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&third, "retry-after"), "15");

    told.notify_one();
    let answered = first.await.unwrap();
    assert_eq!(answered.status(), StatusCode::OK);
    assert_eq!(header(&answered, "x-splatsmith-verdict"), "unjudged");

    begun.notified().await;
    house.shutdown.cancel();
    told.notify_one();
    assert_eq!(second.await.unwrap().status(), StatusCode::OK);
    let request = house.client.get(format!("{}/health", house.base));
    assert!(request.send().await.is_err(), "it listens no more");
    let mut house = Arc::into_inner(house).unwrap();
    (&mut house.ended).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_is_not_worked_for() {
    let generator = Arc::new(OnDemand::default());
    let told = Arc::clone(&generator.told);
    let house = House::open(config(), generator, false).await;
    for _ in 0..3 {
        assert!(house.ask_for_a_moment().await.is_none());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    told.notify_one();
    assert_eq!(house.ask_for("a").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_asked_for() {
    let config = ServeConfig {
        access: Access::Key(ApiKey::new("secret")),
        ..config()
    };
    let house = House::open(config, Arc::<OnDemand>::default(), true).await;
    let refused = house.ask_for("a").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(detail(refused).await.contains("API key"));
    let version = house.client.get(format!("{}/version/", house.base));
    let version = version.bearer_auth("secret").send().await.unwrap();
    assert_eq!(version.text().await.unwrap(), "\"2.4.0\"");
    let health = house.client.get(format!("{}/health", house.base));
    assert_eq!(health.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_submission_is_a_score_of_0() {
    let house = House::sketching().await;
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
        let answer = house.post("/validate_txt_to_3d_ply/", &body).await;
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer, nothing, "{body}");
    }
    for body in [
        json!({ "prompt": "a" }),
        json!({ "prompt": "x".repeat(1025), "data": "" }),
        json!({ "prompt": "a", "data": "", "compression": "two" }),
    ] {
        let answer = house.post("/validate_txt_to_3d_ply/", &body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_scored_is_no_score() {
    let house = House::sketching().await;
    let ply = house.ask_for("red ball").await.bytes().await.unwrap();
    let body = json!({ "prompt": "red ball", "data": STANDARD.encode(&ply) });
    let answer = house.post("/validate_txt_to_3d_ply/", &body).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(detail(answer).await.contains("not scored"));

    let unjudged = House::open(config(), Arc::<OnDemand>::default(), false).await;
    let answer = unjudged.post("/validate_txt_to_3d_ply/", &body).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(detail(answer).await.contains("--no-validation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duel_view_is_the_grid_of_four_views() {
    let house = House::sketching().await;
    let ply = house.ask_for("red ball").await.bytes().await.unwrap();
    let packed =
        splat::spz::encode(&splat::ply::read(&ply).unwrap(), splat::spz::Level::new(3)).unwrap();
    for body in [
        json!({ "data": STANDARD.encode(&ply) }),
        json!({ "data": STANDARD.encode(&packed), "compression": 2, "prompt": null }),
    ] {
        let answer = house.post("/render_duel_view/", &body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "content-type"), "image/png");
        let png = answer.bytes().await.unwrap();
        let picture = image::load_from_memory(&png).unwrap();
        assert_eq!((picture.width(), picture.height()), (1041, 1041));
    }
    let odd = json!({ "data": "", "compression": 1 });
    let refused = house.post("/render_duel_view/", &odd).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(detail(refused).await, "Unsupported compression: 1");
    let empty = splat::ply::write(&Cloud::from_iter([]));
    let invalid = json!({ "data": STANDARD.encode(&empty) });
    let refused = house.post("/render_duel_view/", &invalid).await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
