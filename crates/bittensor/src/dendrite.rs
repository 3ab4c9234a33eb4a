//! The calling side.

use std::error::Error;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Response, redirect, retry};
use uuid::Uuid;

use crate::envelope::{Envelope, Terminal};
use crate::start::{Start, Watched};
use crate::synapse::{EMPTY_BODY_HASH, SDK_VERSION, header, signed_text, unix_nanos};
use crate::{CallError, Keypair, Synapse, Target};

/// More than this of an error reply is not read.
const ERROR_BODY_LIMIT: usize = 64 << 10;
/// From this size on, JSON is parsed off the async workers.
pub(crate) const LARGE_BODY: usize = 256 << 10;

/// Bounds of a [`Dendrite`].
#[derive(Debug, Clone)]
pub struct DendriteOptions {
    /// How long to try to reach a peer before giving up as [`CallError::NotSent`].
    pub connect_timeout: Duration,
    /// Largest accepted reply in bytes. A pull may bring an image prompt of several megabytes.
    pub response_limit: usize,
    /// How long an idle connection is kept. An SDK axon drops it after 5 s: stay below, so that no
    /// call goes out on a connection that is just being closed.
    pub idle_timeout: Duration,
}

impl Default for DendriteOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            response_limit: 32 << 20,
            idle_timeout: Duration::from_secs(3),
        }
    }
}

/// Calls axons, signing each request with the hotkey.
///
/// Never repeats a call by itself, follows no redirect and uses no proxy: what a failed call means is
/// the caller's to decide.
#[derive(Debug, Clone)]
pub struct Dendrite {
    keypair: Arc<Keypair>,
    hotkey: String,
    client: reqwest::Client,
    response_limit: usize,
    last_nonce: Arc<AtomicU64>,
    /// How far nonces run ahead of this machine's clock, in nanoseconds.
    lead: Arc<AtomicU64>,
}

/// How far nonces may be made to run ahead: a clock further off than this has to be set right.
const LONGEST_LEAD: Duration = Duration::from_secs(3600);

/// What a call brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<S> {
    /// The peer's message.
    pub message: S,
    /// What the peer's clock showed when it answered, cut to the second: its `date` header. The SDK's
    /// axon looks at its clock once a second only, so it may be older by another one.
    pub date: Option<SystemTime>,
}

/// A call that is signed and written, and has only to go out.
#[derive(Debug)]
pub struct Prepared<S> {
    request: reqwest::RequestBuilder,
    start: Start,
    answer: PhantomData<fn() -> S>,
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum DendriteError {
    /// The HTTP client refuses its settings.
    #[error("cannot set up the HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    /// No TLS version is left to use.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
}

fn no_tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

impl Dendrite {
    /// A client that signs as `keypair`.
    pub fn new(keypair: Arc<Keypair>, options: DendriteOptions) -> Result<Self, DendriteError> {
        let client = reqwest::Client::builder()
            // Axons speak plain HTTP (bittensor `core/axon.py`): no certificate is ever trusted, and
            // the platform's are not read from disk.
            .tls_backend_preconfigured(no_tls()?)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(options.idle_timeout)
            .build()?;
        Ok(Self {
            hotkey: keypair.public().to_string(),
            keypair,
            client,
            response_limit: options.response_limit,
            last_nonce: Arc::new(AtomicU64::new(0)),
            lead: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Sends `synapse` to the axon at `target` and reads its answer, all within `timeout`. Each call
    /// has a fresh uuid, so that calls may overtake each other without being taken for replays.
    pub async fn call<S: Synapse>(
        &self,
        target: &Target,
        synapse: &S,
        timeout: Duration,
    ) -> Result<S, CallError> {
        let answer = self.exchange(target, synapse, timeout).await?;
        Ok(answer.message)
    }

    /// As [`call`](Self::call), and says what time it is for the peer.
    pub async fn exchange<S: Synapse>(
        &self,
        target: &Target,
        synapse: &S,
        timeout: Duration,
    ) -> Result<Answer<S>, CallError> {
        self.send(self.prepare(target, synapse, timeout)?).await
    }

    /// Signs and writes a call that is to go out soon. Axons refuse one that is older than its time-out
    /// and 4 s (the SDK's `default_verify`).
    pub fn prepare<S: Synapse>(
        &self,
        target: &Target,
        synapse: &S,
        timeout: Duration,
    ) -> Result<Prepared<S>, CallError> {
        let (request, start) = self.request(target, synapse, timeout)?;
        Ok(Prepared {
            request,
            start,
            answer: PhantomData,
        })
    }

    /// Sends what was prepared; its time-out begins now.
    pub async fn send<S: Synapse>(&self, prepared: Prepared<S>) -> Result<Answer<S>, CallError> {
        let Prepared { request, start, .. } = prepared;
        let response = request.send().await.map_err(|error| {
            let what = describe(error);
            if start.call_off() {
                CallError::NotSent(what)
            } else {
                CallError::InDoubt(what)
            }
        })?;
        let status = response.status().as_u16();
        if status != 200 {
            // The status has said what matters; losing the words over it changes nothing.
            let body = read(response, ERROR_BODY_LIMIT).await.unwrap_or_default();
            return Err(CallError::of_status(status, &body));
        }
        let date = response
            .headers()
            .get("date")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| httpdate::parse_http_date(text).ok());
        let message = parse(read(response, self.response_limit).await?).await?;
        Ok(Answer { message, date })
    }

    /// Has nonces run ahead of this machine's clock by at least `lead`, at most an hour: for a clock
    /// that an axon found to be slow. No axon minds a nonce from the future, and since each call has a
    /// uuid of its own, none stands in the way of a later one.
    pub fn lead_by(&self, lead: Duration) {
        let lead = lead.min(LONGEST_LEAD).as_nanos();
        let lead = u64::try_from(lead).unwrap_or(u64::MAX);
        self.lead.fetch_max(lead, Ordering::AcqRel);
    }

    fn request<S: Synapse>(
        &self,
        target: &Target,
        synapse: &S,
        timeout: Duration,
    ) -> Result<(reqwest::RequestBuilder, Start), CallError> {
        let (nonce, uuid, axon) = (self.nonce(), Uuid::new_v4(), target.hotkey.to_string());
        let uuid = uuid.to_string();
        let text = signed_text(
            &nonce.to_string(),
            &self.hotkey,
            &axon,
            &uuid,
            EMPTY_BODY_HASH,
        );
        let signature = format!("0x{}", hex::encode(self.keypair.sign(text.as_bytes())));
        let dendrite = Terminal {
            version: Some(SDK_VERSION),
            nonce: Some(nonce),
            uuid: Some(uuid),
            hotkey: Some(self.hotkey.clone()),
            signature: Some(signature),
            ..Terminal::default()
        };
        let axon = Terminal {
            ip: Some(target.address.ip().to_string()),
            port: Some(target.address.port().into()),
            hotkey: Some(axon),
            ..Terminal::default()
        };
        let body = body(synapse, timeout, &dendrite, &axon)?;
        let start = Start::default();
        let mut request = self
            .client
            .post(format!("http://{}/{}", target.address, S::NAME))
            .timeout(timeout)
            .header("content-type", "application/json")
            .header(header::NAME, S::NAME)
            .header(header::TIMEOUT, format!("{:?}", timeout.as_secs_f64()))
            .header(header::BODY_HASH, EMPTY_BODY_HASH);
        for (prefix, terminal) in [(header::DENDRITE, &dendrite), (header::AXON, &axon)] {
            for (name, value) in terminal.headers() {
                request = request.header(format!("{prefix}{name}"), value);
            }
        }
        for field in S::REQUIRED {
            let name = format!("{}{}", header::INPUT, field.name);
            request = request.header(name, STANDARD.encode(field.empty_json));
        }
        let body = Watched {
            bytes: Some(body.into()),
            start: start.clone(),
        };
        Ok((request.body(reqwest::Body::wrap(body)), start))
    }

    /// The time in nanoseconds with the lead, but always more than the last.
    fn nonce(&self) -> u64 {
        let now = unix_nanos().saturating_add(self.lead.load(Ordering::Acquire));
        let next = |last: u64| Some(now.max(last.saturating_add(1)));
        match self
            .last_nonce
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
        {
            Ok(last) | Err(last) => now.max(last.saturating_add(1)),
        }
    }
}

fn body<S: Synapse>(
    synapse: &S,
    timeout: Duration,
    dendrite: &Terminal,
    axon: &Terminal,
) -> Result<Vec<u8>, CallError> {
    let envelope = Envelope {
        name: S::NAME,
        timeout: timeout.as_secs_f64(),
        total_size: 0,
        header_size: 0,
        dendrite,
        axon,
        computed_body_hash: "",
        synapse,
    };
    let mut body = Vec::with_capacity(synapse.size_hint() + 1024);
    serde_json::to_writer(&mut body, &envelope)
        .map_err(|error| CallError::NotSent(format!("cannot write the message: {error}")))?;
    Ok(body)
}

/// Reads at most `limit` bytes, trusting no announced length.
async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, CallError> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    let too_large = || CallError::Malformed(format!("the reply is larger than {limit} bytes"));
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(64 << 10));
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| CallError::Failed(describe(error)))?
    {
        if chunk.len() > limit - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn parse<S: Synapse>(body: Vec<u8>) -> Result<S, CallError> {
    let is_large = body.len() > LARGE_BODY;
    let parse = move || parse_now(&body);
    if is_large {
        return tokio::task::spawn_blocking(parse)
            .await
            .unwrap_or_else(|error| Err(malformed(&error)));
    }
    parse()
}

fn parse_now<S: Synapse>(body: &[u8]) -> Result<S, CallError> {
    serde_json::from_slice(body).map_err(|error| malformed(&error))
}

/// The parser may quote the peer.
fn malformed(error: &impl ToString) -> CallError {
    CallError::Malformed(crate::call_error::printable(&error.to_string()))
}

/// What a reply comes to.
#[cfg(fuzzing)]
pub(crate) fn outcome<S: Synapse>(status: u16, body: &[u8]) -> Result<S, CallError> {
    match status {
        200 => parse_now(body),
        _ => Err(CallError::of_status(status, body)),
    }
}

/// An HTTP error with its causes and without the address, which the caller knows.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    crate::call_error::printable(&text)
}
