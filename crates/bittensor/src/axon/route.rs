//! A synapse, its handler, and the JSON between them.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::error::Category;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reply::{self, Headers, Reply};
use super::{Caller, HandlerError};
use crate::dendrite::LARGE_BODY;
use crate::envelope::{Envelope, Surroundings, Terminal};
use crate::{PublicKey, RequiredField, Synapse};

/// The SDK's time-out where a body states none.
const DEFAULT_TIMEOUT: f64 = 12.0;

/// A verified request.
pub(super) struct Call {
    pub(super) handlers: Handlers,
    pub(super) hotkey: PublicKey,
    pub(super) address: SocketAddr,
    pub(super) body: Bytes,
}

/// The handlers under way. Each is a task of its own: as behind the SDK's server, a caller that hangs
/// up does not stop what it has set off.
#[derive(Debug, Clone, Default)]
pub(super) struct Handlers {
    running: TaskTracker,
    stop: CancellationToken,
}

impl Handlers {
    async fn run<T: Send + 'static>(
        &self,
        handler: impl Future<Output = Result<T, HandlerError>> + Send + 'static,
    ) -> Result<T, HandlerError> {
        let stop = self.stop.clone();
        let task = self
            .running
            .spawn(async move { stop.run_until_cancelled(handler).await });
        match task.await {
            Ok(Some(answer)) => answer,
            Ok(None) => Err(HandlerError::Failed("stopped by shutdown".into())),
            Err(error) => Err(HandlerError::Failed(error.to_string())),
        }
    }

    /// Waits until all have ended, and after `grace` stops them where they stand.
    pub(super) async fn finish(&self, grace: Duration) {
        self.running.close();
        if tokio::time::timeout(grace, self.running.wait())
            .await
            .is_err()
        {
            self.stop.cancel();
            self.running.wait().await;
        }
    }
}

/// A request that brought no answer of its handler's.
pub(super) enum Refusal {
    /// Send this.
    Reply(Box<Reply>),
    /// Send 500, and log why.
    Internal(String),
}

type Answer = Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>;

impl From<Reply> for Refusal {
    fn from(reply: Reply) -> Self {
        Self::Reply(Box::new(reply))
    }
}

/// A synapse with its handler behind it.
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) required: &'static [RequiredField],
    /// Required fields and the base64 of their empty values, as headers show them.
    pub(super) inputs: Arc<[(String, String)]>,
    answer: Box<dyn Fn(Call) -> Answer + Send + Sync>,
}

impl Route {
    pub(super) fn new<S, F, A>(handler: F) -> Self
    where
        S: Synapse,
        F: Fn(Caller, S) -> A + Send + Sync + 'static,
        A: Future<Output = Result<S, HandlerError>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let input = |field: &RequiredField| (field.name.into(), STANDARD.encode(field.empty_json));
        let inputs: Arc<[(String, String)]> = S::REQUIRED.iter().map(input).collect();
        let for_answers = Arc::clone(&inputs);
        let answer = move |call| -> Answer {
            Box::pin(answer(Arc::clone(&handler), Arc::clone(&for_answers), call))
        };
        Self {
            name: S::NAME,
            required: S::REQUIRED,
            inputs,
            answer: Box::new(answer),
        }
    }

    pub(super) fn answer(&self, call: Call) -> Answer {
        (self.answer)(call)
    }
}

async fn answer<S, F, A>(
    handler: Arc<F>,
    inputs: Arc<[(String, String)]>,
    call: Call,
) -> Result<Reply, Refusal>
where
    S: Synapse,
    F: Fn(Caller, S) -> A + Send + Sync + 'static,
    A: Future<Output = Result<S, HandlerError>> + Send + 'static,
{
    let Call {
        handlers,
        hotkey,
        address,
        body,
    } = call;
    let (surroundings, synapse) = parse::<S>(body).await?;
    let started = Instant::now();
    let stated = |end: &Option<Terminal>| end.as_ref()?.hotkey.as_deref()?.parse().ok();
    let caller = Caller {
        hotkey,
        body_hotkey: stated(&surroundings.dendrite),
        body_axon_hotkey: stated(&surroundings.axon),
        address,
    };
    match handlers.run(handler(caller, synapse)).await {
        Ok(synapse) => success(surroundings, &inputs, &synapse, started),
        Err(HandlerError::Failed(why)) => Err(Refusal::Internal(why)),
        Err(HandlerError::Instead { status, body }) => {
            let status = StatusCode::from_u16(status)
                .ok()
                .filter(|status| status.as_u16() >= 200);
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Err(reply::bare(status, body.into()).into())
        }
        Err(HandlerError::CutShort) => Err(reply::cut_short().into()),
    }
}

/// Reads the SDK's fields and the synapse's own out of one body, a large one off the async workers.
async fn parse<S: Synapse>(body: Bytes) -> Result<(Surroundings, S), Refusal> {
    if body.len() <= LARGE_BODY {
        return parse_now(&body);
    }
    tokio::task::spawn_blocking(move || parse_now(&body))
        .await
        .unwrap_or_else(|error| Err(Refusal::Internal(error.to_string())))
}

fn parse_now<S: Synapse>(body: &[u8]) -> Result<(Surroundings, S), Refusal> {
    if body.is_empty() {
        // FastAPI takes it for no body at all; the SDK's own look at it then fails.
        return Err(Refusal::Internal("no body".into()));
    }
    if std::str::from_utf8(body).is_err() {
        let what = json!("There was an error parsing the body");
        return Err(reply::detail(StatusCode::BAD_REQUEST, &what).into());
    }
    let read = || -> Result<_, serde_json::Error> {
        Ok((serde_json::from_slice(body)?, serde_json::from_slice(body)?))
    };
    read().map_err(|error| match error.classify() {
        // JSON, but not this synapse's: in the SDK an exception like any other.
        Category::Data => Refusal::Internal(error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => {
            let at = error.column();
            let what = json!([{
                "type": "json_invalid", "loc": ["body", at], "msg": "JSON decode error",
                "input": {}, "ctx": { "error": error.to_string() },
            }]);
            reply::detail(StatusCode::UNPROCESSABLE_ENTITY, &what).into()
        }
    })
}

/// The whole synapse with both ends filled in, and the same ends in the headers.
fn success<S: Synapse>(
    surroundings: Surroundings,
    inputs: &[(String, String)],
    synapse: &S,
    started: Instant,
) -> Result<Reply, Refusal> {
    let axon = Terminal {
        status_code: Some(200),
        status_message: Some("Success".into()),
        process_time: Some(started.elapsed().as_secs_f64()),
        ..surroundings.axon.unwrap_or_default()
    };
    let dendrite = surroundings.dendrite.unwrap_or_default();
    let timeout = surroundings.timeout.filter(|timeout| timeout.is_finite());
    let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT);
    let envelope = Envelope {
        name: S::NAME,
        timeout,
        total_size: surroundings.total_size.unwrap_or(0),
        header_size: surroundings.header_size.unwrap_or(0),
        dendrite: &dendrite,
        axon: &axon,
        computed_body_hash: surroundings.computed_body_hash.as_deref().unwrap_or(""),
        synapse,
    };
    let mut body = Vec::with_capacity(synapse.size_hint() + 1024);
    serde_json::to_writer(&mut body, &envelope)
        .map_err(|error| Refusal::Internal(error.to_string()))?;
    let headers = Headers {
        name: S::NAME,
        timeout,
        axon: &axon,
        dendrite: Some(&dendrite),
        inputs,
    };
    Ok(reply::with_headers(StatusCode::OK, body, &headers))
}
