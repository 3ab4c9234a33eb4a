//! The checks, in the SDK's order, around the handlers.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::head::Head;
use super::nonces::Nonces;
use super::reply::{self, Headers, Reply};
use super::route::{Call, Handlers, Refusal, Route};
use super::{Axon, NONCE_CAPACITY};
use crate::PublicKey;
use crate::envelope::Terminal;
use crate::synapse::{EMPTY_BODY_HASH, SDK_VERSION, unix_nanos};

/// More of an unknown route's name is not repeated back.
const LONGEST_NAME: usize = 100;

/// An axon at work: everything its connections share.
pub(super) struct Service {
    axon: Axon,
    hotkey: PublicKey,
    uuid: String,
    local: SocketAddr,
    nonces: Mutex<Nonces>,
    handlers: Handlers,
}

/// What is known of a request while it is being checked.
struct Progress<'a> {
    route: &'a Route,
    head: Head,
    peer: SocketAddr,
    started: Instant,
}

impl Service {
    pub(super) fn new(axon: Axon, local: SocketAddr) -> Self {
        Self {
            hotkey: axon.keypair.public(),
            axon,
            uuid: Uuid::new_v4().to_string(),
            local,
            nonces: Mutex::new(Nonces::new(NONCE_CAPACITY)),
            handlers: Handlers::default(),
        }
    }

    pub(super) fn limits(&self) -> (usize, Duration) {
        (self.axon.connection_limit, self.axon.grace)
    }

    /// Ends the handlers that are still at work.
    pub(super) async fn finish(&self, grace: Duration) {
        self.handlers.finish(grace).await;
    }

    /// Answers one request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        let started = Instant::now();
        let path = request.uri().path().to_owned();
        let name = path.split('/').nth(1).unwrap_or("");
        let Some(route) = self.axon.routes.iter().find(|route| route.name == name) else {
            return self.unknown_route(name, started);
        };
        let head = match Head::read(request.headers(), route.required) {
            Ok(head) => head,
            Err(_) => {
                let message = internal(route.name, "the headers cannot be read");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return to_nobody(status, &message, started);
            }
        };
        let progress = Progress {
            route,
            head,
            peer,
            started,
        };
        let hotkey = match self.admit(&progress) {
            Ok(hotkey) => hotkey,
            Err((status, message)) => return self.error(&progress, status, &message),
        };
        if let Some(reply) = misrouted(&request, &path, name) {
            return reply;
        }
        match self.handle(&progress, request.into_body(), hotkey).await {
            Ok(reply) => reply,
            Err(Refusal::Reply(reply)) => *reply,
            Err(Refusal::Internal(why)) => self.internal(&progress, &why),
        }
    }

    /// Blacklist, then nonce and signature.
    fn admit(&self, progress: &Progress<'_>) -> Result<PublicKey, (StatusCode, String)> {
        let blacklist = self.axon.blacklists.get(progress.route.name);
        if let (Some(reason), Some(claimed)) = (blacklist, progress.head.claimed_hotkey())
            && let Some(reason) = reason(&claimed)
        {
            return Err((
                StatusCode::FORBIDDEN,
                format!("Forbidden. Key is blacklisted: {reason}."),
            ));
        }
        progress
            .head
            .verify(&self.hotkey, &self.nonces, unix_nanos())
            .map_err(|why| {
                (
                    StatusCode::UNAUTHORIZED,
                    format!("Not Verified with error: {why}"),
                )
            })
    }

    async fn handle(
        &self,
        progress: &Progress<'_>,
        body: Incoming,
        hotkey: PublicKey,
    ) -> Result<Reply, Refusal> {
        let body = self.read(body).await?;
        // No synapse here declares hash fields, so the hash is always that of nothing.
        if progress.head.body_hash.as_deref() != Some(EMPTY_BODY_HASH) {
            return Err(Refusal::Internal(
                "hash mismatch between header and body".into(),
            ));
        }
        progress
            .route
            .answer(Call {
                handlers: self.handlers.clone(),
                hotkey,
                address: progress.peer,
                body,
            })
            .await
    }

    /// Reads the body within the axon's bounds of size and time.
    async fn read(&self, body: Incoming) -> Result<Bytes, Refusal> {
        let limited = Limited::new(body, self.axon.body_limit);
        let collected = tokio::time::timeout(self.axon.body_timeout, limited.collect());
        let (status, what) = match collected.await {
            Ok(Ok(body)) => return Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Request body too large")
            }
            Ok(Err(_)) => (
                StatusCode::BAD_REQUEST,
                "There was an error parsing the body",
            ),
            Err(_) => (
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time",
            ),
        };
        Err(reply::closing(reply::detail(status, &json!(what))).into())
    }

    fn unknown_route(&self, name: &str, started: Instant) -> Reply {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let known: Vec<String> = self
            .axon
            .routes
            .iter()
            .map(|route| format!("'{}'", route.name))
            .collect();
        let known = known.join(", ");
        let message = format!("Synapse name '{name}' not found. Available synapses [{known}]");
        to_nobody(StatusCode::NOT_FOUND, &message, started)
    }

    /// 500 to a caller who is known.
    fn internal(&self, progress: &Progress<'_>, why: &str) -> Reply {
        let message = internal(progress.route.name, why);
        self.error(progress, StatusCode::INTERNAL_SERVER_ERROR, &message)
    }

    /// An error as the SDK's middleware words it: the message in body and headers, both ends
    /// described, the axon's end signed.
    fn error(&self, progress: &Progress<'_>, status: StatusCode, message: &str) -> Reply {
        let Progress {
            route,
            head,
            peer,
            started,
        } = progress;
        let (nonce, hotkey) = (unix_nanos(), self.hotkey.to_string());
        let caller = head.dendrite.hotkey.as_deref().unwrap_or("None");
        let text = format!("{nonce}.{caller}.{hotkey}.{}", self.uuid);
        let axon = Terminal {
            status_code: Some(status.as_u16().into()),
            status_message: Some(message.into()),
            process_time: Some(started.elapsed().as_secs_f64()),
            ip: Some(self.local.ip().to_string()),
            port: Some(self.local.port().into()),
            version: Some(SDK_VERSION),
            nonce: Some(nonce),
            uuid: Some(self.uuid.clone()),
            hotkey: Some(hotkey),
            signature: Some(format!(
                "0x{}",
                hex::encode(self.axon.keypair.sign(text.as_bytes()))
            )),
        };
        let dendrite = Terminal {
            ip: Some(peer.ip().to_string()),
            port: Some(peer.port().into()),
            ..head.dendrite.clone()
        };
        let headers = Headers {
            name: route.name,
            timeout: head.timeout.unwrap_or(12.0),
            axon: &axon,
            dendrite: Some(&dendrite),
            inputs: &route.inputs,
        };
        reply::with_headers(status, message_body(message), &headers)
    }
}

/// The message of a 500: an id; the reason stays in the log.
fn internal(synapse: &str, why: &str) -> String {
    let id = Uuid::new_v4();
    tracing::warn!(%id, synapse, why, "internal error");
    format!("Internal Server Error #{id}")
}

/// An error before anything is known of the call: its ends are not described and nothing is signed.
fn to_nobody(status: StatusCode, message: &str, started: Instant) -> Reply {
    let axon = Terminal {
        status_code: Some(status.as_u16().into()),
        status_message: Some(message.into()),
        process_time: Some(started.elapsed().as_secs_f64()),
        ..Terminal::default()
    };
    let headers = Headers {
        name: "Synapse",
        timeout: 12.0,
        axon: &axon,
        dendrite: None,
        inputs: &[],
    };
    reply::with_headers(status, message_body(message), &headers)
}

fn message_body(message: &str) -> Vec<u8> {
    json!({ "message": message }).to_string().into_bytes()
}

/// What FastAPI's router says to the right name on a wrong path or by a wrong method. It comes after
/// the checks: the SDK's middleware looks at the path's first part only.
fn misrouted(request: &Request<Incoming>, path: &str, name: &str) -> Option<Reply> {
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(name))
        .unwrap_or(path);
    match rest {
        // The SDK attaches its handlers to both.
        "" if [Method::POST, Method::GET].contains(request.method()) => None,
        "" => {
            let what = json!("Method Not Allowed");
            Some(reply::detail(StatusCode::METHOD_NOT_ALLOWED, &what))
        }
        "/" => {
            let host = request
                .headers()
                .get("host")
                .and_then(|host| host.to_str().ok());
            let origin = host
                .map(|host| format!("http://{host}"))
                .unwrap_or_default();
            Some(reply::redirect(&format!("{origin}/{name}")))
        }
        _ => Some(reply::detail(StatusCode::NOT_FOUND, &json!("Not Found"))),
    }
}
