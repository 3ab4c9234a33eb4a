//! A server that makes clouds on a thread of its own, so that it can be switched off like one.

#![allow(dead_code)] // Each test binary uses its own part.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use generate::{Generator, HttpBackend, HttpOptions};
use tokio::runtime::Runtime;

/// What a server did and how it says it is, across its lives.
pub struct Notes {
    /// What it answers to `GET /health`.
    pub health: AtomicU16,
    /// How long the next requests take.
    takes: Mutex<Duration>,
    /// Requests that came, those answered, those in hand, and the most that ever were.
    pub asked: AtomicU32,
    pub made: AtomicU32,
    pub in_hand: AtomicU32,
    pub most_in_hand: AtomicU32,
}

/// The server.
pub struct Endpoint {
    address: SocketAddr,
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
    pub fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    pub fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst)
    }

    async fn make(self: Arc<Self>) -> Vec<u8> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let in_hand = self.in_hand.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_hand.fetch_max(in_hand, Ordering::SeqCst);
        let _in_hand = InHand(Arc::clone(&self));
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        self.made.fetch_add(1, Ordering::SeqCst);
        splat::Container::Ply
            .write(&crate::support::cloud(100))
            .unwrap()
    }
}

impl Endpoint {
    /// One that is well, each of whose answers takes so long.
    pub fn start(takes: Duration) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut endpoint = Self {
            address: listener.local_addr().unwrap(),
            notes: Arc::new(Notes {
                health: AtomicU16::new(200),
                takes: Mutex::new(takes),
                asked: AtomicU32::new(0),
                made: AtomicU32::new(0),
                in_hand: AtomicU32::new(0),
                most_in_hand: AtomicU32::new(0),
            }),
            runtime: None,
        };
        endpoint.serve(listener);
        endpoint
    }

    fn serve(&mut self, listener: std::net::TcpListener) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (making, saying) = (Arc::clone(&self.notes), Arc::clone(&self.notes));
        let health = move || async move {
            StatusCode::from_u16(saying.health.load(Ordering::SeqCst)).unwrap()
        };
        let router = Router::new()
            .route("/generate/", post(move || making.make()))
            .route("/health", get(health));
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await
        });
        self.runtime = Some(runtime);
    }

    /// Takes the server away with everything in its hands: connections break, and then are refused.
    pub fn die(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Serves again on the same port.
    pub async fn come_up(&mut self) {
        let listener = loop {
            match std::net::TcpListener::bind(self.address) {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        self.serve(listener);
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
