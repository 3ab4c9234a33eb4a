//! The supervised connection: whatever happens to a node, there will be another attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::backoff::Backoff;
use super::error::ChainError;
use super::options::ChainOptions;
use super::session::{Call, Session};
use super::socket;

/// Calls that may wait for a connection.
const QUEUE: usize = 16;

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// The first attempt is under way.
    Connecting,
    /// Connected.
    Up {
        /// To which node, as `scheme://host:port`.
        endpoint: String,
    },
    /// The last attempt or connection failed; the next comes by itself.
    Down {
        /// Which node, as `scheme://host:port`.
        endpoint: String,
        /// How.
        why: String,
    },
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Up { endpoint } => write!(f, "connected to {endpoint}"),
            Self::Down { endpoint, why } => write!(f, "{endpoint}: {why}"),
        }
    }
}

/// A handle to the connection's task, which ends with it.
#[derive(Debug)]
pub(super) struct Link {
    calls: mpsc::Sender<Call>,
    state: watch::Receiver<LinkState>,
    turn: Arc<Notify>,
    call_timeout: Duration,
    _stop: DropGuard,
}

impl Link {
    /// Starts the task on the current tokio runtime.
    pub(super) fn start(endpoints: Vec<Url>, options: ChainOptions) -> Result<Self, ChainError> {
        if endpoints.is_empty() {
            return Err(ChainError::Endpoint {
                url: String::new(),
                why: "none is given".to_owned(),
            });
        }
        let tls = socket::tls().map_err(|error| ChainError::Unreachable(error.to_string()))?;
        let (calls, queue) = mpsc::channel(QUEUE);
        let (publish, state) = watch::channel(LinkState::Connecting);
        let stop = CancellationToken::new();
        let turn = Arc::new(Notify::new());
        let link = Self {
            calls,
            state,
            turn: Arc::clone(&turn),
            call_timeout: options.call_timeout,
            _stop: stop.clone().drop_guard(),
        };
        let supervisor = Supervisor {
            endpoints,
            options,
            tls,
            queue,
            state: publish,
            turn,
        };
        tokio::spawn(stop.run_until_cancelled_owned(supervisor.run()));
        Ok(link)
    }

    /// Calls a method and reads its answer as `T`.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Vec<serde_json::Value>,
    ) -> Result<T, ChainError> {
        let deadline = Instant::now() + self.call_timeout;
        let (answer, wait) = oneshot::channel();
        let call = Call {
            method,
            params,
            deadline,
            answer,
        };
        let outcome = timeout_at(deadline, async {
            self.calls
                .send(call)
                .await
                .map_err(|_| ChainError::Stopped)?;
            wait.await.unwrap_or_else(|_| {
                let why = "the node was left for another".to_owned();
                Err(ChainError::Disconnected { method, why })
            })
        });
        let raw = outcome.await.unwrap_or_else(|_| Err(self.late(method)))?;
        serde_json::from_str(raw.get()).map_err(|error| ChainError::answer(method, error))
    }

    /// Leaves the node for the next endpoint: it answers, but not usefully.
    pub(super) fn turn(&self) {
        self.turn.notify_one();
    }

    pub(super) fn state(&self) -> LinkState {
        self.state.borrow().clone()
    }

    fn late(&self, method: &'static str) -> ChainError {
        match self.state() {
            down @ LinkState::Down { .. } => ChainError::Unreachable(down.to_string()),
            LinkState::Connecting | LinkState::Up { .. } => ChainError::Timeout {
                method,
                after: self.call_timeout,
            },
        }
    }
}

/// An endpoint without what may be secret in it: providers put keys into paths and queries.
fn name(endpoint: &Url) -> String {
    let host = endpoint.host_str().unwrap_or_default();
    match endpoint.port() {
        Some(port) => format!("{}://{host}:{port}", endpoint.scheme()),
        None => format!("{}://{host}", endpoint.scheme()),
    }
}

struct Supervisor {
    endpoints: Vec<Url>,
    options: ChainOptions,
    tls: Arc<tls::ClientConfig>,
    queue: mpsc::Receiver<Call>,
    state: watch::Sender<LinkState>,
    turn: Arc<Notify>,
}

impl Supervisor {
    /// Connects for ever, going round the endpoints.
    async fn run(mut self) {
        let mut backoff = Backoff::new(self.options.shortest_pause, self.options.longest_pause);
        let mut number = 0;
        loop {
            let endpoint = self.endpoints[number % self.endpoints.len()].clone();
            number = number.wrapping_add(1);
            let (why, lived) = self.attend(&endpoint).await;
            let pause = backoff.pause(lived, rand::random());
            let endpoint = name(&endpoint);
            tracing::warn!("chain node {endpoint}: {why}; trying the next in {pause:.1?}");
            self.state.send_replace(LinkState::Down { endpoint, why });
            sleep(pause).await;
        }
    }

    /// One connection from its beginning to its end: how it ended, and how long it stood.
    async fn attend(&mut self, endpoint: &Url) -> (String, Duration) {
        let socket = match socket::open(endpoint, Arc::clone(&self.tls), &self.options).await {
            Ok(socket) => socket,
            Err(why) => return (why, Duration::ZERO),
        };
        let endpoint = name(endpoint);
        tracing::info!("connected to chain node {endpoint}");
        self.state.send_replace(LinkState::Up { endpoint });
        // A complaint about an earlier connection must not end this one.
        let _ = self.turn.notified().now_or_never();
        let since = Instant::now();
        let session = Session::new(socket, &self.options);
        let why = tokio::select! {
            why = session.run(&mut self.queue) => why,
            () = self.turn.notified() => "left because its answers are of no use".to_owned(),
        };
        (why, since.elapsed())
    }
}
