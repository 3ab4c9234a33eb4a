//! What the tests of the server share: running one, asking it, and generators that do as they are told.

#![allow(dead_code)] // Each test binary uses its own part.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generate::{
    Candidate, GenerateError, Generation, GenerationEvent, GenerationSink, Generator, Request,
};
use judge::{Judge, Prompt};
use reqwest::{Client, RequestBuilder, Response, multipart};
use serde_json::Value;
use serve::{Access, Equipment, Load, LoadState, ServeConfig, ServeError, Server, Watch};
use splat::{Cloud, Frame, Splat};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what has to come: longer than any machine takes, so that only what never
/// comes is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A server on loopback for everybody, where one request may wait. It has more time for its end than
/// anybody waits for that: an end that takes all of it is seen.
pub(crate) fn config() -> ServeConfig {
    ServeConfig {
        waiting: 1,
        drain: 2 * PATIENCE,
        ..ServeConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)), Access::Everybody)
    }
}

pub(crate) fn client() -> Client {
    let tls = tls::client(&tls::Anchors::default()).unwrap();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(PATIENCE)
        // A server that is about to end closes what nobody uses: each request has its own connection.
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

/// A running server.
pub(crate) struct Served {
    pub(crate) base: String,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) watch: Watch,
    pub(crate) shutdown: CancellationToken,
    pub(crate) ended: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    pub(crate) async fn open(config: ServeConfig, generator: impl Generator) -> Self {
        Self::open_with(config, vec![Arc::new(generator)], None).await
    }

    pub(crate) async fn open_with(
        config: ServeConfig,
        generators: Vec<Arc<dyn Generator>>,
        judge: Option<Arc<Judge>>,
    ) -> Self {
        let served = Self::warmed(config, async { Ok(Equipment { generators, judge }) }).await;
        served.until(|load| load.state == LoadState::Open).await;
        served
    }

    /// A server that is ready when `warm_up` is.
    pub(crate) async fn warmed(
        config: ServeConfig,
        warm_up: impl Future<Output = Result<Equipment, Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static,
    ) -> Self {
        let server = Server::bind(config).await.unwrap();
        let shutdown = CancellationToken::new();
        Self {
            base: format!("http://{}", server.address()),
            address: server.address(),
            client: client(),
            watch: server.watch(),
            ended: tokio::spawn(server.run(warm_up, shutdown.clone())),
            shutdown,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.base));
        request.send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        let request = self.client.delete(format!("{}{path}", self.base));
        request.send().await.unwrap()
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Response {
        self.post(path).json(body).send().await.unwrap()
    }

    /// Words to a base miner.
    pub(crate) async fn ask_for(&self, prompt: &str, seed: &str) -> Response {
        let form = [("prompt", prompt), ("seed", seed)];
        self.post("/generate/").form(&form).send().await.unwrap()
    }

    /// An image to a pod.
    pub(crate) async fn show(&self, image: Vec<u8>, seed: &str) -> Response {
        let form = image_form(image, seed);
        self.post("/generate").multipart(form).send().await.unwrap()
    }

    pub(crate) fn load(&self) -> Load {
        self.watch.load()
    }

    /// Waits until the load is as wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&Load) -> bool) {
        until(|| wanted(&self.load())).await;
    }
}

/// Waits until something holds, but not for ever.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    in_time("it", waiting).await;
}

/// What comes of something that has to come.
pub(crate) async fn in_time<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, coming).await;
    waited.unwrap_or_else(|_| panic!("{what} never came"))
}

pub(crate) fn image_form(image: Vec<u8>, seed: &str) -> multipart::Form {
    let file = multipart::Part::bytes(image)
        .file_name("prompt.jpg")
        .mime_str("image/jpeg")
        .unwrap();
    multipart::Form::new()
        .part("prompt_image_file", file)
        .text("seed", seed.to_owned())
}

/// What a refusal says; each is JSON of the same form.
pub(crate) async fn detail(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    let body = body.as_object().unwrap();
    assert_eq!(body.len(), 1, "{body:?}");
    let detail = body["detail"].as_str().unwrap();
    assert!(!detail.contains('\n'), "one line: {detail}");
    assert!(detail.len() < 500, "a line, not what was sent: {detail}");
    detail.to_owned()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

pub(crate) fn seconds_to_come_again(response: &Response) -> u64 {
    header(response, "retry-after").parse().unwrap()
}

/// A disc on a transparent ground.
pub(crate) fn picture() -> Vec<u8> {
    let mut picture = image::RgbaImage::new(64, 64);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let is_inside = x.abs_diff(32).pow(2) + y.abs_diff(32).pow(2) < 24 * 24;
        *pixel = image::Rgba([200, 60, 40, if is_inside { 255 } else { 0 }]);
    }
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A number of a prompt, to tell whose asset one is.
pub(crate) fn mark(prompt: &Prompt) -> u16 {
    let bytes = match prompt {
        Prompt::Text(text) => text.as_bytes(),
        Prompt::Image(bytes) => bytes,
    };
    let folded = bytes.iter().fold(17_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add((*byte).into())
    });
    (folded >> 8) as u16
}

/// Splats that say in their colours what they were made of: the seed's low 32 bits and the prompt's mark.
/// Higher ones (+Y) are rarer, so that it shows which way up they are.
pub(crate) fn marked_cloud(splats: usize, prompt: &Prompt, seed: u64) -> Cloud {
    let colour = [
        f32::from(seed as u16),
        f32::from((seed >> 16) as u16),
        f32::from(mark(prompt)),
    ];
    (0..splats)
        .map(|index| {
            let part = index as f32 / splats as f32;
            Splat {
                position: [part.fract() - 0.5, 2.0 * part * part * part, 0.1 * part],
                log_scale: [-4.0; 3],
                rotation: [1.0, 0.1, 0.0, 0.0],
                opacity_logit: 2.0,
                colour,
            }
        })
        .collect()
}

/// The seed's low 32 bits and the prompt's mark of an asset, which all its splats agree on.
pub(crate) fn marks(asset: &[u8]) -> (u32, u16) {
    let (cloud, _) = splat::read(asset).unwrap();
    let [red, green, blue] = &cloud.columns().colours;
    let whole = |column: &Vec<f32>| {
        assert!(column.iter().all(|value| *value == column[0]), "mixed");
        column[0] as u32
    };
    (whole(red) | whole(green) << 16, whole(blue) as u16)
}

/// What a told generator does with a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Make,
    Fail,
    Refuse,
    Panic,
}

/// Makes marked clouds, each when it is told to, and counts.
#[derive(Clone)]
pub(crate) struct Told {
    /// Permission for so many clouds.
    pub(crate) go: Arc<Semaphore>,
    pub(crate) begun: Arc<AtomicUsize>,
    pub(crate) cancelled: Arc<AtomicUsize>,
    /// What somebody waits for now; one that nobody wants any more ends by itself.
    pub(crate) at_work: Arc<Mutex<Vec<(usize, GenerationSink)>>>,
    /// Most of those at a time.
    pub(crate) most_at_once: Arc<AtomicUsize>,
    pub(crate) splats: usize,
    pub(crate) steps: u32,
    /// What to do with the prompt of this mark.
    pub(crate) deed: Arc<dyn Fn(&Prompt) -> Deed + Send + Sync>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            go: Arc::new(Semaphore::new(0)),
            begun: Arc::default(),
            cancelled: Arc::default(),
            at_work: Arc::default(),
            most_at_once: Arc::default(),
            splats: 1,
            steps: 0,
            deed: Arc::new(|_| Deed::Make),
        }
    }
}

impl Told {
    /// One that waits for nobody's word.
    pub(crate) fn ready() -> Self {
        Self {
            go: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            ..Self::default()
        }
    }

    /// Allows one more cloud.
    pub(crate) fn go(&self) {
        self.go.add_permits(1);
    }

    /// One begins.
    fn begin(&self, sink: &GenerationSink) -> usize {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        let mut at_work = self.at_work.lock().unwrap();
        at_work.retain(|(_, sink)| !sink.is_cancelled());
        at_work.push((number, sink.clone()));
        self.most_at_once.fetch_max(at_work.len(), Ordering::SeqCst);
        number
    }

    /// One is finished.
    fn end(&self, number: usize) {
        let mut at_work = self.at_work.lock().unwrap();
        at_work.retain(|(known, _)| *known != number);
    }

    pub(crate) async fn until_begun(&self, count: usize) {
        until(|| self.begun.load(Ordering::SeqCst) >= count).await;
    }
}

impl Generator for Told {
    fn label(&self) -> &str {
        "told"
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let told = self.clone();
        let deed = (told.deed)(&request.prompt);
        assert_ne!(deed, Deed::Panic, "as it was told to");
        let number = told.begin(&sink);
        tokio::spawn(async move {
            let allowed = tokio::select! {
                allowed = told.go.acquire() => allowed,
                () = sink.cancelled() => {
                    told.end(number);
                    told.cancelled.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            };
            allowed.unwrap().forget();
            for done in 1..=told.steps {
                let total = told.steps;
                let step = GenerationEvent::Progress {
                    stage: "splats",
                    done,
                    total,
                };
                sink.send(Ok(step)).await;
            }
            let event = match deed {
                Deed::Make | Deed::Panic => Ok(GenerationEvent::Candidate(Box::new(Candidate {
                    cloud: marked_cloud(told.splats, &request.prompt, request.seed),
                    frame: Frame::YUp,
                    seed: request.seed,
                    elapsed: Duration::ZERO,
                    notes: vec!["made as told".to_owned()],
                    recipe: generate::Recipe::default(),
                    stages: Vec::new(),
                }))),
                Deed::Fail => Err(GenerateError::Backend {
                    backend: "told".to_owned(),
                    reason: "out of memory".to_owned(),
                }),
                Deed::Refuse => Err(GenerateError::Prompt("it shows nothing".to_owned())),
            };
            // Before it is handed over: what waits for this may begin at once.
            told.end(number);
            sink.send(event).await;
        });
        generation
    }
}

/// The files of a ZIP, each checked against its checksum.
pub(crate) fn unpacked(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = rawzip::ZipArchive::from_slice(zip).unwrap();
    let mut files = BTreeMap::new();
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().unwrap() {
        let method = entry.compression_method();
        assert_eq!(method, rawzip::CompressionMethod::DEFLATE);
        let name = entry.file_path().try_normalize().unwrap();
        let name = name.as_ref().to_owned();
        let local = archive.get_entry(entry.wayfinder()).unwrap();
        let inflated = flate2::bufread::DeflateDecoder::new(local.data());
        let mut content = Vec::new();
        let mut reader = local.verifying_reader(inflated);
        reader.read_to_end(&mut content).unwrap();
        assert!(files.insert(name, content).is_none(), "twice");
    }
    files
}
