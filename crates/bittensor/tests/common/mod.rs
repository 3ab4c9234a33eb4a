//! A synapse of our own, and requests built by hand, so that each part can be bent.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bittensor::{Axon, Caller, HandlerError, Keypair, RequiredField, Synapse, Target};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

pub(crate) const EMPTY_HASH: &str =
    "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// Doubles a number; the text says how the handler is to behave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Double {
    pub(crate) number: u64,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) doubled: Option<u64>,
}

impl Synapse for Double {
    const NAME: &'static str = "Double";
    const REQUIRED: &'static [RequiredField] = &[
        RequiredField {
            name: "number",
            empty_json: "0",
        },
        RequiredField {
            name: "text",
            empty_json: "\"\"",
        },
    ];
}

pub(crate) fn double(number: u64, text: &str) -> Double {
    Double {
        number,
        text: text.into(),
        doubled: None,
    }
}

async fn handle(caller: Caller, mut double: Double) -> Result<Double, HandlerError> {
    match double.text.as_str() {
        "fail" => return Err(HandlerError::Failed("as asked".into())),
        "instead" => {
            return Err(HandlerError::Instead {
                status: 200,
                body: b"not json".as_slice().into(),
            });
        }
        "cut" => return Err(HandlerError::CutShort),
        "hotkeys" => {
            double.text = format!(
                "{} {:?}",
                caller.hotkey,
                caller.body_hotkey.map(|k| k.to_string())
            );
        }
        _ => {}
    }
    double.doubled = Some(double.number * 2);
    Ok(double)
}

/// Bounds a hang, on however slow a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What has to happen.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, future).await;
    outcome.expect("it never happened")
}

/// An address at which nobody listens, nor anybody else can as long as the socket is held.
pub(crate) fn closed_port() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// An axon on loopback.
pub(crate) struct Served {
    pub(crate) target: Target,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: tokio::task::JoinHandle<std::io::Result<()>>,
}

pub(crate) async fn serve(configure: impl FnOnce(Axon) -> Axon) -> Served {
    let keypair = Arc::new(Keypair::generate());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target {
        hotkey: keypair.public(),
        address: listener.local_addr().unwrap(),
    };
    let shutdown = CancellationToken::new();
    let axon = configure(Axon::new(keypair).route(handle));
    let task = tokio::spawn(axon.serve(listener, shutdown.clone()));
    Served {
        target,
        shutdown,
        task,
    }
}

pub(crate) fn now_nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
}

/// A request by hand; `None` leaves the header out.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn message(&self) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.body).expect("a JSON body");
        json["message"].as_str().expect("a message").to_owned()
    }
}

impl Raw {
    /// A correct request, signed by `keypair` at `nonce`.
    pub(crate) fn signed(keypair: &Keypair, target: &Target, nonce: u64, uuid: &str) -> Self {
        let hotkey = keypair.public().to_string();
        let body = serde_json::json!({
            "number": 21, "text": "", "unknown": {"x": [null]},
            "dendrite": {"hotkey": hotkey}, "axon": {"hotkey": target.hotkey},
        });
        let mut raw = Self {
            method: "POST",
            path: "/Double".into(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let text = format!("{nonce}.{hotkey}.{}.{uuid}.{EMPTY_HASH}", target.hotkey);
        raw.set("bt_header_dendrite_hotkey", &hotkey);
        raw.set("bt_header_dendrite_nonce", &nonce.to_string());
        raw.set("bt_header_dendrite_uuid", uuid);
        raw.set("bt_header_dendrite_version", "9009000");
        let signature = hex::encode(keypair.sign(text.as_bytes()));
        raw.set("bt_header_dendrite_signature", &format!("0x{signature}"));
        raw.set("computed_body_hash", EMPTY_HASH);
        raw.set("timeout", "12.0");
        raw.set("bt_header_input_obj_number", "MA==");
        raw.set("bt_header_input_obj_text", "IiI=");
        raw
    }

    pub(crate) fn fresh(keypair: &Keypair, target: &Target) -> Self {
        Self::signed(
            keypair,
            target,
            now_nanos(),
            &uuid::Uuid::new_v4().to_string(),
        )
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.into(), Some(value.into())));
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        assert!(
            self.headers.iter().any(|(n, _)| n == name),
            "{name} was there"
        );
        self.headers.retain(|(n, _)| n != name);
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nhost: axon\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            if let Some(value) = value {
                bytes.extend(format!("{name}: {value}\r\n").into_bytes());
            }
        }
        let length = self.body.len();
        bytes.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").into_bytes());
        bytes.extend(&self.body);
        bytes
    }

    pub(crate) async fn send(&self, address: SocketAddr) -> Reply {
        parse_reply(&exchange(address, &self.bytes()).await)
    }
}

/// Sends a whole request and reads what comes until the peer hangs up.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    reply
}

/// Sends bytes, says that no more will come, and reads what comes back.
pub(crate) async fn send_and_close(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    reply
}

pub(crate) fn parse_reply(bytes: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no reply: {text:?}"));
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Reply {
        status,
        headers,
        body: body.to_owned(),
    }
}
