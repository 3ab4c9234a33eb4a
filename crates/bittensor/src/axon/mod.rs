//! The answering side: an axon that checks, answers and fails as the SDK's does.
//!
//! The order of checks is the SDK middleware's (`bittensor/core/axon.py`, 9.9.0): route (404), headers
//! (500), blacklist (403), nonce and signature (401), and only then the body (400, 413, 422, 500) and
//! the handler. An unverified peer is never read a body of.

mod head;
mod nonces;
mod reply;
mod route;
mod server;
mod service;

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Keypair, PublicKey, RequiredField, Synapse};
use route::Route;

#[cfg(fuzzing)]
pub(crate) use server::converse;

/// Callers whose last nonce is remembered.
const NONCE_CAPACITY: usize = 1 << 16;

/// Who calls, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The hotkey that signed the request's headers.
    pub hotkey: PublicKey,
    /// `dendrite.hotkey` of the body, where the body has an address there. The body is not signed, but
    /// it is all that handlers of the Python SDK see.
    pub body_hotkey: Option<PublicKey>,
    /// `axon.hotkey` of the body; the same holds for it.
    pub body_axon_hotkey: Option<PublicKey>,
    /// The peer's end of the connection.
    pub address: SocketAddr,
}

/// Why a handler gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// It failed: the caller is told 500 with an id, the log the reason under that id.
    #[error("{0}")]
    Failed(String),
    /// Answer with these bytes instead, to rehearse a faulty peer.
    #[error("answer {status} with {} bytes instead", body.len())]
    Instead {
        /// HTTP status, 200..=599 (500 where it is none).
        status: u16,
        /// The body, sent as `application/json` whatever it is.
        body: Bytes,
    },
    /// Begin to answer and hang up in the middle, to rehearse a faulty peer.
    #[error("hang up in the middle of the answer")]
    CutShort,
}

/// Says why a hotkey may not call, or nothing if it may.
type Blacklist = Box<dyn Fn(&PublicKey) -> Option<String> + Send + Sync>;

/// An axon being set up; [`Axon::serve`] runs it.
pub struct Axon {
    keypair: Arc<Keypair>,
    routes: Vec<Route>,
    blacklists: HashMap<String, Blacklist>,
    body_limit: usize,
    body_timeout: Duration,
    connection_limit: usize,
    grace: Duration,
}

/// The SDK's own route: whoever may call gets its message back.
#[derive(Serialize, Deserialize)]
struct Ping {}

impl Synapse for Ping {
    const NAME: &'static str = "Synapse";
    const REQUIRED: &'static [RequiredField] = &[];
}

impl Axon {
    /// An axon with the hotkey `keypair` and the one route every axon has, `Synapse` (ping).
    pub fn new(keypair: Arc<Keypair>) -> Self {
        let axon = Self {
            keypair,
            routes: Vec::new(),
            blacklists: HashMap::new(),
            body_limit: 64 << 20,
            body_timeout: Duration::from_secs(120),
            connection_limit: 1024,
            grace: Duration::from_secs(5),
        };
        axon.route(|_: Caller, ping: Ping| async move { Ok(ping) })
    }

    /// Answers `S` with `handler`. A later route of the same name takes the place of the earlier.
    #[must_use]
    pub fn route<S, F, A>(mut self, handler: F) -> Self
    where
        S: Synapse,
        F: Fn(Caller, S) -> A + Send + Sync + 'static,
        A: Future<Output = Result<S, HandlerError>> + Send + 'static,
    {
        self.routes.retain(|route| route.name != S::NAME);
        self.routes.push(Route::new(handler));
        self
    }

    /// Refuses calls of the synapse `name` for which `reason` gives a reason, with 403. It is asked
    /// before the signature is checked, as in the SDK, so the hotkey is only what the caller claims.
    #[must_use]
    pub fn blacklist(
        mut self,
        name: &str,
        reason: impl Fn(&PublicKey) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.blacklists.insert(name.into(), Box::new(reason));
        self
    }

    /// Largest request body in bytes (64 MiB); a larger one is answered 413. The SDK has no limit.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How long a body may take to arrive (120 s); then 408.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// Connections served at once (1024); further ones wait in the listener's queue.
    #[must_use]
    pub fn connection_limit(mut self, connections: usize) -> Self {
        self.connection_limit = connections;
        self
    }

    /// How long calls under way may take to end after shutdown is asked for (5 s). With zero they are
    /// cut off, as by a crash.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Serves until `shutdown`; returns when the last connection has ended.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        server::serve(self, listener, shutdown).await
    }
}
