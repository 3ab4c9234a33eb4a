//! An axon that replays bytes: recorded from the Python SDK's, or made in their manner.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bittensor::{Keypair, Metagraph, Neuron};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `PullTask` or `SubmitResults`.
    pub route: String,
    pub nonce: u64,
    pub uuid: String,
}

/// What is answered to each route, first come first served; then the usual.
#[derive(Debug, Default)]
pub struct Script {
    pub pulls: VecDeque<Vec<u8>>,
    pub submits: VecDeque<Vec<u8>>,
    pub requests: Vec<Request>,
}

/// An axon on a loopback port.
pub struct Axon {
    pub script: Arc<Mutex<Script>>,
    port: u16,
}

/// The bytes recorded under this name.
pub fn golden(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../subnet17/tests/data");
    std::fs::read(folder.join(format!("{name}.response.http"))).unwrap()
}

/// A no in the manner of the SDK's axon.
pub fn no(status: u16, message: &str) -> Vec<u8> {
    let body = serde_json::json!({ "message": message }).to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} No\r\nserver: uvicorn\r\nbt_header_axon_status_code: {status}\r\n\
         content-length: {length}\r\ncontent-type: application/json\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A pull that brings nothing, from an axon whose clock shows `date`.
pub fn cooling(cooldown_until: u64, date: std::time::SystemTime) -> Vec<u8> {
    let date = httpdate::fmt_http_date(date);
    let body = serde_json::json!({
        "name": "PullTask", "task": null, "validation_threshold": 0.6, "throttle_period": 0,
        "cooldown_until": cooldown_until, "cooldown_violations": 0,
    })
    .to_string();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

impl Axon {
    pub async fn start(pulls: Vec<Vec<u8>>, submits: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Mutex::new(Script {
            pulls: pulls.into(),
            submits: submits.into(),
            requests: Vec::new(),
        }));
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Self { script, port }
    }

    pub fn metagraph(&self) -> Metagraph {
        let neuron = Neuron {
            uid: 0,
            hotkey: Keypair::generate().public(),
            ip: "127.0.0.1".parse().unwrap(),
            port: self.port,
            stake: 2000.0,
            validator_permit: true,
            is_serving: true,
        };
        Metagraph {
            netuid: 17,
            neurons: vec![neuron],
            speed: 1.0,
        }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.script.lock().unwrap().requests.clone()
    }

    pub fn routes(&self) -> Vec<String> {
        let routes = |request: Request| request.route;
        self.requests().into_iter().map(routes).collect()
    }

    /// Waits for that many requests.
    pub async fn saw(&self, requests: usize) {
        let enough = async {
            while self.requests().len() < requests {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(120), enough).await;
        assert!(waited.is_ok(), "only {:?}", self.routes());
    }
}

async fn answer(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut bytes = Vec::new();
    let head_ends = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_ends]).into_owned();
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_default()
            .to_owned()
    };
    let length: usize = header("content-length").parse().unwrap();
    while bytes.len() < head_ends + 4 + length {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let route = head.split(' ').nth(1).unwrap().trim_start_matches('/');
    let reply = {
        let mut script = script.lock().unwrap();
        script.requests.push(Request {
            route: route.to_owned(),
            nonce: header("bt_header_dendrite_nonce").parse().unwrap(),
            uuid: header("bt_header_dendrite_uuid"),
        });
        match route {
            "PullTask" => script
                .pulls
                .pop_front()
                .unwrap_or_else(|| golden("pull_none")),
            _ => script
                .submits
                .pop_front()
                .unwrap_or_else(|| golden("submit_ok")),
        }
    };
    let _ = stream.write_all(&reply).await;
}
