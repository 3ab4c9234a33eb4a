//! The server: its routes, its connections, its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use generate::Generator;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use judge::Judge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, guard};
use crate::receive::LARGEST_IMAGE;
use crate::validation::Court;
use crate::workshop::Workshop;
use crate::{base_miner, pod, validation};

/// A head that takes longer than this is not coming.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Room for the head of a request.
const HEAD_LIMIT: usize = 64 << 10;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 256;

/// Pause after an accept failed for want of resources.
const PAUSE: Duration = Duration::from_millis(50);

/// A picture, and what a multipart body has around it.
const GENERATION_BODY: usize = LARGEST_IMAGE + (1 << 20);

/// The largest submission in base64 (three-gen-subnet `validation/engine/data_structures.py`), and room
/// for an image prompt beside it.
const VALIDATION_BODY: usize = (500 << 20) + 2 * LARGEST_IMAGE;

/// How a server is run.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who may ask.
    pub access: Access,
    /// Candidates to make for one request at most, at least 1; the best judged one is sent.
    pub candidates: u32,
    /// After this time on one request no further candidate is begun.
    pub budget: Option<Duration>,
    /// Requests that may wait for a generator, and as many for the judge; further ones are told to come
    /// again.
    pub waiting: usize,
    /// How long what is in hand may take at the end.
    pub drain: Duration,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened at.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// There is nothing to make clouds with.
    #[error("there is no generator")]
    NoGenerator,
}

/// A server that listens already.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    drain: Duration,
}

impl Server {
    /// Listens; requests wait until [`Server::run`]. Without a judge every answer says `unjudged`, and
    /// nothing is validated.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn bind(
        config: ServeConfig,
        generators: Vec<Arc<dyn Generator>>,
        judge: Option<Arc<Judge>>,
    ) -> Result<Self, ServeError> {
        if generators.is_empty() {
            return Err(ServeError::NoGenerator);
        }
        let failed = |error| ServeError::Listen(config.address, error);
        let listener = TcpListener::bind(config.address).await.map_err(failed)?;
        Ok(Self {
            address: listener.local_addr().map_err(failed)?,
            listener,
            drain: config.drain,
            router: router(config, generators, judge),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown`, then finishes what is in hand, for as long as the configuration allows.
    pub async fn run(self, shutdown: CancellationToken) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &free) => accepted,
                Some(_) = connections.join_next() => continue,
                () = shutdown.cancelled() => break,
            };
            let Some((stream, permit)) = accepted else {
                continue;
            };
            let (router, shutdown) = (self.router.clone(), shutdown.clone());
            connections.spawn(async move {
                converse(stream, router, shutdown).await;
                drop(permit);
            });
        }
        drop(self.listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.drain, ended).await.is_err() {
            tracing::warn!("requests were still in hand at the end");
        }
    }
}

fn router(
    config: ServeConfig,
    generators: Vec<Arc<dyn Generator>>,
    judge: Option<Arc<Judge>>,
) -> Router {
    let workshop = Arc::new(Workshop::new(
        generators,
        judge.clone(),
        config.candidates,
        config.budget,
        config.waiting,
    ));
    let making = Router::new()
        .route("/generate/", post(base_miner::generate))
        .route("/generate", post(pod::generate))
        .route("/health", get(pod::health))
        .layer(DefaultBodyLimit::max(GENERATION_BODY))
        .with_state(workshop);
    let judging = Router::new()
        .route("/validate_txt_to_3d_ply/", post(validation::text))
        .route("/validate_img_to_3d_ply/", post(validation::image))
        .route("/render_duel_view/", post(validation::duel_view))
        .route("/version/", get(validation::version))
        .layer(DefaultBodyLimit::max(VALIDATION_BODY))
        .with_state(Arc::new(Court::new(judge, config.waiting)));
    making
        .merge(judging)
        .layer(middleware::from_fn_with_state(config.access, guard))
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(free).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::debug!(%error, "cannot accept a connection");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn converse(stream: TcpStream, router: Router, shutdown: CancellationToken) {
    // Only a matter of speed.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
