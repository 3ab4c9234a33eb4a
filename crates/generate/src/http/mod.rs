//! A generator behind HTTP: the base miner's endpoint for text, the pod's for images.
//!
//! - Text: `POST {base}/generate/`, form fields `prompt` and `seed`. The base miner's own server
//!   knows no seed and leaves the field unread: with it, the same seed need not give the same cloud.
//! - Image: `POST {base}/generate`, multipart: the file `prompt_image_file` and `seed`.
//!
//! `GET {base}/health` says whether there is work to be given to it, and in our own servers' words,
//! `{"generators": 4}`, on how many requests it works at a time.
//!
//! The answer's body is a PLY or an SPZ, told apart by its first bytes. Candidates are asked for
//! one after another, because these servers make one at a time. Over `https://` the server must
//! show a certificate of an authority that browsers trust, or that the operator has named.

mod address;
mod endpoint;
mod health;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use judge::Prompt;
use splat::Frame;
use thiserror::Error;
use tls::Anchors;
use tokio::{runtime::Handle, sync::watch};

use crate::generator::{
    Candidate, GenerateError, Generation, GenerationEvent, GenerationSink, Generator, Recipe,
    Request,
};
use endpoint::Endpoint;
pub use health::Health;

/// The most requests one address has at a time, whatever its server says: eight devices, and the one that
/// is made ready meanwhile, with room to spare.
pub const MOST_AT_ONCE: usize = 16;

/// How an endpoint is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// Which way is up in what the endpoint makes. `None` takes what its kind is known to make:
    /// raw +Y up for text, as the base miner, and raw −Y up for images, as the pods.
    pub frame: Option<Frame>,
    /// Longest answer in bytes; anything longer is given up. The pods' limit is about 200 MB.
    pub max_bytes: u64,
    /// Longest time to a connection.
    pub connect_timeout: Duration,
    /// Longest time for one candidate, from the request to the last byte of its answer.
    pub timeout: Duration,
    /// On how many requests at a time a server works that does not say, 1 to [`MOST_AT_ONCE`].
    pub at_once: usize,
    /// Whose certificates are trusted beside those of the authorities that browsers trust.
    pub anchors: Anchors,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            frame: None,
            max_bytes: 256 * 1024 * 1024,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(300),
            at_once: 1,
            anchors: Anchors::default(),
        }
    }
}

impl HttpOptions {
    fn frame_for(&self, prompt: &Prompt) -> Frame {
        self.frame.unwrap_or(match prompt {
            Prompt::Text(_) => Frame::YUp,
            Prompt::Image(_) => Frame::YDown,
        })
    }
}

/// Why an endpoint cannot be used at all.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The address is none.
    #[error("the address of a generator is like http://10.0.0.7:8093, and this is none: {0}")]
    Address(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] tls::Error),
    /// There is no runtime to speak HTTP on.
    #[error("an HTTP generator needs a tokio runtime around it: {0}")]
    Runtime(#[from] tokio::runtime::TryCurrentError),
    /// The HTTP client refuses its settings.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Asks a server for clouds.
#[derive(Debug)]
pub struct HttpBackend {
    endpoint: Arc<Endpoint>,
    runtime: Handle,
}

impl HttpBackend {
    /// A backend that asks the server at `base_url`, such as `http://10.0.0.7:8093`. A user and a
    /// password in it are sent as basic authentication and never shown. Nothing is sent yet.
    ///
    /// Its generations run on the tokio runtime this is called in.
    ///
    /// # Errors
    /// When the address is not an `http://` or `https://` one, or there is no runtime.
    pub fn new(base_url: &str, options: HttpOptions) -> Result<Self, HttpError> {
        let address = address::Address::parse(base_url)?;
        Ok(Self {
            endpoint: Arc::new(Endpoint::new(address, options)?),
            runtime: Handle::try_current()?,
        })
    }
}

impl HttpBackend {
    /// Asks the server how it is, by `GET {base}/health`, for at most `timeout`.
    pub async fn health(&self, timeout: Duration) -> Health {
        self.endpoint.health(timeout).await
    }
}

impl Generator for HttpBackend {
    fn label(&self) -> &str {
        self.endpoint.label()
    }

    /// At once where its last answer was a good one and not long ago, else when it says that it is well.
    fn vacancy(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.endpoint.well())
    }

    /// As its server said when it was asked last how it is.
    fn capacity(&self) -> watch::Receiver<usize> {
        self.endpoint.capacity()
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let endpoint = Arc::clone(&self.endpoint);
        self.runtime.spawn(async move {
            tokio::select! {
                // Dropping the other branch closes its connection, which is how a server learns
                // that nobody waits any more.
                () = sink.cancelled() => {}
                () = make_all(&endpoint, &request, &sink) => {}
            }
        });
        generation
    }
}

async fn make_all(endpoint: &Endpoint, request: &Request, sink: &GenerationSink) {
    for number in 0..request.candidates_of_any_kind() {
        let late = request
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline);
        if number > 0 && late {
            return;
        }
        let seed = request.seed.wrapping_add(number.into());
        let made = make_one(endpoint, &request.prompt, seed, sink).await;
        let failed = made.is_err();
        let made = made.map(|candidate| GenerationEvent::Candidate(Box::new(candidate)));
        if !sink.send(made).await || failed {
            return;
        }
    }
}

async fn make_one(
    endpoint: &Endpoint,
    prompt: &Prompt,
    seed: u64,
    sink: &GenerationSink,
) -> Result<Candidate, GenerateError> {
    let started = Instant::now();
    let asked = endpoint.ask(prompt, seed, sink).await;
    endpoint.known.heard(&asked);
    let cloud = asked?;
    Ok(Candidate {
        cloud,
        frame: endpoint.options().frame_for(prompt),
        seed,
        elapsed: started.elapsed(),
        notes: Vec::new(),
        recipe: Recipe::default(),
        stages: Vec::new(),
    })
}
