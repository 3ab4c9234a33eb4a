//! A server that makes clouds when it is told to, on a thread of its own, so that it can be switched off
//! like one.

#![allow(dead_code)] // Each test binary uses its own part.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use generate::{Generator, HttpBackend, HttpOptions};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

/// What a server did and how it says it is, across its lives.
pub struct Notes {
    /// What it answers to `GET /health`.
    pub health: AtomicU16,
    /// How many generators it says it has; 0 for one that does not say.
    pub generators: AtomicUsize,
    /// What it answers to requests.
    pub answer: AtomicU16,
    /// As many requests as there are permits are answered; the others wait.
    go: Semaphore,
    asked: AtomicU32,
    made: AtomicU32,
    in_hand: AtomicU32,
    most_in_hand: AtomicU32,
}

/// The server.
pub struct Endpoint {
    address: SocketAddr,
    /// Keeps the port while the server is away.
    _port: TcpSocket,
    pub notes: Arc<Notes>,
    runtime: Option<Runtime>,
}

/// A request in hand, whatever becomes of it.
struct InHand(Arc<Notes>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Notes {
    /// Answers so many more requests, those in hand among them.
    pub fn go(&self, requests: usize) {
        self.go.add_permits(requests);
    }

    /// Holds nothing back any more.
    pub fn go_on(&self) {
        self.go(Semaphore::MAX_PERMITS / 2);
    }

    /// Requests that came.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Clouds that were made.
    pub fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst)
    }

    /// Requests that wait for their answer.
    pub fn in_hand(&self) -> u32 {
        self.in_hand.load(Ordering::SeqCst)
    }

    /// The most there ever were since this was asked last.
    pub fn most_in_hand(&self) -> u32 {
        self.most_in_hand.swap(self.in_hand(), Ordering::SeqCst)
    }

    async fn make(self: Arc<Self>) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let in_hand = self.in_hand.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_hand.fetch_max(in_hand, Ordering::SeqCst);
        let _in_hand = InHand(Arc::clone(&self));
        self.go.acquire().await.unwrap().forget();
        let status = status(&self.answer);
        if status != StatusCode::OK {
            return status.into_response();
        }
        self.made.fetch_add(1, Ordering::SeqCst);
        let cloud = crate::support::cloud(100);
        splat::Container::Ply.write(&cloud).unwrap().into_response()
    }

    fn say(&self) -> Response {
        let status = status(&self.health);
        match self.generators.load(Ordering::SeqCst) {
            0 => status.into_response(),
            count => (status, format!(r#"{{"status":"so","generators":{count}}}"#)).into_response(),
        }
    }
}

fn status(number: &AtomicU16) -> StatusCode {
    StatusCode::from_u16(number.load(Ordering::SeqCst)).unwrap()
}

/// A socket at `address`, beside others that do not listen.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

impl Endpoint {
    /// One that is well, answers at once, and does not say how many generators it has.
    pub fn start() -> Self {
        let endpoint = Self::holding(0);
        endpoint.notes.go_on();
        endpoint
    }

    /// One that is well, says that it has so many generators, and holds every request until it is told
    /// to go on.
    pub fn holding(generators: usize) -> Self {
        let port = bound((Ipv4Addr::LOCALHOST, 0).into());
        let mut endpoint = Self {
            address: port.local_addr().unwrap(),
            _port: port,
            notes: Arc::new(Notes {
                health: AtomicU16::new(200),
                generators: AtomicUsize::new(generators),
                answer: AtomicU16::new(200),
                go: Semaphore::new(0),
                asked: AtomicU32::new(0),
                made: AtomicU32::new(0),
                in_hand: AtomicU32::new(0),
                most_in_hand: AtomicU32::new(0),
            }),
            runtime: None,
        };
        endpoint.come_up();
        endpoint
    }

    /// Takes the server away with everything in its hands: connections break, and then are refused.
    pub fn die(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Serves, again if it is away, on its port.
    pub fn come_up(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (making, saying) = (Arc::clone(&self.notes), Arc::clone(&self.notes));
        let router = Router::new()
            .route("/generate/", post(move || making.make()))
            .route("/health", get(move || async move { saying.say() }));
        let entered = runtime.enter();
        let listener = bound(self.address).listen(64).unwrap();
        drop(entered);
        runtime.spawn(async move { axum::serve(listener, router).await });
        self.runtime = Some(runtime);
    }

    pub fn backend(&self) -> Arc<dyn Generator> {
        let base = format!("http://{}", self.address);
        Arc::new(HttpBackend::new(&base, HttpOptions::default()).unwrap())
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.die();
    }
}
