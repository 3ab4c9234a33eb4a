//! The server: its connections, its beginning and its end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use generate::Generator;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use judge::Judge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::batch::{Batch, BatchConfig, Fetcher, FetcherError};
use crate::fleet::Fleet;
use crate::house::{House, Load};
use crate::jobs::JobLimits;
use crate::pace::{Pace, Paced};
use crate::routes::Routes;
use crate::validation::Court;
use crate::workshop::{Numbers, Workshop};

/// A head that takes longer than this is not coming.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Room for the head of a request.
const HEAD_LIMIT: usize = 64 << 10;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 256;

/// Pause after an accept failed for want of resources.
const PAUSE: Duration = Duration::from_millis(50);

/// How often finished jobs are looked through for old ones.
const SWEEP: Duration = Duration::from_secs(30);

/// How often it is looked whether nothing is in hand any more, at the end.
const LOOK: Duration = Duration::from_millis(50);

/// How a server is run.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who may ask.
    pub access: Access,
    /// Candidates to make for one request at most, at least 1; the best judged one is sent. `None` for as
    /// many as the prompt's category is made with.
    pub candidates: Option<u32>,
    /// The most candidates a job may ask for, at least 1.
    pub most_candidates: u32,
    /// After this time on one request no further candidate is begun.
    pub budget: Option<Duration>,
    /// Requests that may wait for a generator, and as many for the judge; further ones are told to come
    /// again.
    pub waiting: usize,
    /// Bytes of assets that may wait for slow readers before nothing new is begun.
    pub most_unsent: usize,
    /// What is kept of jobs.
    pub jobs: JobLimits,
    /// How batches are answered.
    pub batch: BatchConfig,
    /// How long what is in hand may take at the end.
    pub drain: Duration,
}

impl ServeConfig {
    /// At `address` for `access`, and else as most want it.
    #[must_use]
    pub fn new(address: SocketAddr, access: Access) -> Self {
        Self {
            address,
            access,
            candidates: None,
            most_candidates: 1,
            budget: None,
            waiting: 16,
            most_unsent: 2 << 30,
            jobs: JobLimits::default(),
            batch: BatchConfig::default(),
            drain: Duration::from_secs(60),
        }
    }
}

/// What clouds are made and judged with.
pub struct Equipment {
    /// One cloud at a time each; at least one.
    pub generators: Vec<Arc<dyn Generator>>,
    /// Without a judge every answer says `unjudged`, and nothing is validated.
    pub judge: Option<Arc<Judge>>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened at.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The images of batches cannot be fetched.
    #[error("images cannot be fetched: {0}")]
    Fetcher(#[from] FetcherError),
    /// There is nothing to make clouds with.
    #[error("there is no generator")]
    NoGenerator,
    /// Nothing came of the warm-up.
    #[error(transparent)]
    WarmUp(Box<dyn Error + Send + Sync>),
}

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    house: Arc<House>,
    config: ServeConfig,
}

/// Looks at a server from outside.
#[derive(Clone)]
pub struct Watch(Arc<House>);

impl Watch {
    /// What is in hand.
    #[must_use]
    pub fn load(&self) -> Load {
        self.0.load()
    }
}

impl Server {
    /// Listens; requests wait until [`Server::run`].
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        let fetcher = Fetcher::new(config.batch.images, &config.batch.anchors)?;
        let batch = Batch::new(config.batch.container, fetcher);
        let failed = |error| ServeError::Listen(config.address, error);
        let listener = TcpListener::bind(config.address).await.map_err(failed)?;
        Ok(Self {
            address: listener.local_addr().map_err(failed)?,
            listener,
            house: House::new(&config, batch),
            config,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A look at it while it runs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.house))
    }

    /// Answers until `shutdown`, then finishes what is in hand, for as long as the configuration allows,
    /// and refuses what is new. Until `warm_up` is done it says so to everybody who wants something made.
    ///
    /// # Errors
    /// When nothing comes of the warm-up.
    pub async fn run(
        self,
        warm_up: impl Future<Output = Result<Equipment, Box<dyn Error + Send + Sync>>>,
        shutdown: CancellationToken,
    ) -> Result<(), ServeError> {
        let Self {
            listener,
            house,
            config,
            ..
        } = self;
        let router = Routes::all().serve(Arc::clone(&house), config.access.clone());
        let mut doors = Doors {
            listener,
            house: Arc::clone(&house),
            router,
            free: Arc::new(Semaphore::new(CONNECTIONS)),
            connections: JoinSet::new(),
            closing: CancellationToken::new(),
        };
        let mut warm_up = std::pin::pin!(warm_up);
        tokio::select! {
            equipment = &mut warm_up => {
                let equipment = equipment.map_err(ServeError::WarmUp)?;
                open(&house, equipment, &config)?;
            }
            () = doors.keep() => {}
            () = shutdown.cancelled() => return Ok(()),
        }
        tokio::select! {
            () = doors.keep() => {}
            () = shutdown.cancelled() => {}
        }
        house.close();
        doors.closing.cancel();
        if tokio::time::timeout(config.drain, doors.drain())
            .await
            .is_err()
        {
            let left = house.load();
            tracing::warn!(
                "stopped after {} s with {} connections and {} jobs still in hand",
                config.drain.as_secs_f64(),
                left.connections,
                left.jobs_unfinished
            );
        }
        Ok(())
    }
}

fn open(house: &House, equipment: Equipment, config: &ServeConfig) -> Result<(), ServeError> {
    if equipment.generators.is_empty() {
        return Err(ServeError::NoGenerator);
    }
    let workshop = Workshop::new(
        Fleet::new(equipment.generators),
        equipment.judge.clone(),
        Numbers {
            usual: config.candidates,
            most: config.most_candidates,
        },
        config.budget,
        config.waiting,
    );
    house.open(workshop, Court::new(equipment.judge, config.waiting));
    Ok(())
}

/// Where connections come in.
struct Doors {
    listener: TcpListener,
    house: Arc<House>,
    router: Router,
    free: Arc<Semaphore>,
    connections: JoinSet<()>,
    closing: CancellationToken,
}

impl Doors {
    /// Lets connections in, for as long as it is polled.
    async fn keep(&mut self) {
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                accepted = accept(&self.listener, &self.free) => {
                    if let Some((stream, permit)) = accepted {
                        self.welcome(stream, permit);
                    }
                }
                Some(_) = self.connections.join_next() => {}
                _ = sweep.tick() => self.house.jobs.sweep(),
            }
        }
    }

    /// Goes on until nothing is in hand: whoever asks for something new is told that it is too late, and
    /// whoever fetches what was promised gets it.
    async fn drain(&mut self) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                accepted = accept(&self.listener, &self.free) => {
                    if let Some((stream, permit)) = accepted {
                        self.welcome(stream, permit);
                    }
                }
                Some(_) = self.connections.join_next() => {}
                _ = look.tick() => {
                    if self.connections.is_empty() && self.house.is_done() {
                        return;
                    }
                }
            }
        }
    }

    fn welcome(&mut self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let guest = self.house.welcome();
        // Only a matter of speed.
        let _ = stream.set_nodelay(true);
        let talk = converse(stream, self.router.clone(), self.closing.clone());
        self.connections.spawn(async move {
            talk.await;
            drop(guest);
            drop(permit);
        });
    }
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
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

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    closing: CancellationToken,
) {
    // Asked once: were the end to come between two questions, nobody would tell the connection of it.
    let is_last = closing.is_cancelled();
    let stream = TokioIo::new(Paced::new(stream, Pace::DEFAULT));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        // At the end each connection has one request more.
        .keep_alive(!is_last)
        .serve_connection(stream, TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        // What has arrived is read first: a request that is here gets its answer.
        biased;
        ended = connection.as_mut() => ended,
        () = closing.cancelled(), if !is_last => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_request_that_arrives_as_the_end_comes_is_answered() {
        let router = Router::new().route("/", get(|| async { "here" }));
        // Of two things that are ready a choice could be made by chance: often enough to be sure.
        for _ in 0..64 {
            let (mut client, server) = duplex(1024);
            let closing = CancellationToken::new();
            let mut talk = std::pin::pin!(converse(server, router.clone(), closing.clone()));
            assert!(futures_util::poll!(talk.as_mut()).is_pending(), "it waits");
            let request = "GET / HTTP/1.1\r\nHost: pod\r\n\r\n";
            client.write_all(request.as_bytes()).await.unwrap();
            closing.cancel();
            // And then it ends, although the client keeps the connection.
            talk.await;
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:?}");
            assert!(answer.ends_with("here"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_comes_after_the_end_has_one_request() {
        let router = Router::new().route("/", get(|| async { "here" }));
        let (mut client, server) = duplex(1024);
        let closing = CancellationToken::new();
        closing.cancel();
        let request = "GET / HTTP/1.1\r\nHost: pod\r\n\r\n";
        client.write_all(request.as_bytes()).await.unwrap();
        converse(server, router, closing).await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:?}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}
