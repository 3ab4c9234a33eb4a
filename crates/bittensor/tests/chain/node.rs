//! A node of our own: JSON-RPC over a websocket, with faults on demand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use parity_scale_codec::Encode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use crate::goldens;
use crate::metadata::{self, plain_types, wrapped_types};

/// What a runtime version answers.
#[derive(Clone)]
pub(crate) struct Era {
    pub spec_version: u32,
    /// Version of the metadata, and its bytes.
    pub metadata: (u32, Vec<u8>),
    pub neurons: Vec<u8>,
    pub state: Vec<u8>,
    /// Storage keys with their values, in hex.
    pub storage: Vec<(String, String)>,
}

impl Era {
    pub(crate) fn plain() -> Self {
        let keys = goldens::json("storage_keys.json");
        let alice = &keys["Uids_17_Alice_identity_then_blake2_128concat"];
        Self {
            spec_version: 300,
            metadata: (15, metadata::v15(&plain_types())),
            neurons: goldens::neurons(),
            state: goldens::state(),
            storage: vec![(alice.as_str().unwrap().into(), "0xc800".into())],
        }
    }

    #[allow(dead_code)] // For those who mine from the node.
    /// With these neurons instead of the goldens'.
    pub(crate) fn with(neurons: &[bittensor::Neuron]) -> Self {
        let (neurons, state) = goldens::subnet_of(neurons);
        Self {
            neurons,
            state,
            ..Self::plain()
        }
    }

    pub(crate) fn wrapped() -> Self {
        Self {
            spec_version: 301,
            metadata: (16, metadata::v16(&wrapped_types())),
            neurons: goldens::wrapped_neurons(),
            state: goldens::wrapped_state(),
            ..Self::plain()
        }
    }
}

/// What a node does instead of its work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    /// Drops every connection at once.
    Refuse,
    /// Accepts connections and never says a word.
    Deaf,
    /// Answers pings, but no call.
    Stall,
    /// Reads nothing and sends nothing after the handshake.
    Freeze,
    /// Ends the connection in the middle of an answer.
    Half,
    /// Sends this instead of an answer.
    Text(String),
    /// Sends these bytes, no websocket frames, instead of an answer.
    Raw(Vec<u8>),
    /// Sends one frame of 100 MB.
    Flood,
    /// Sends 100 MB in frames of 1 MB.
    Fragments,
    /// Answers with this result.
    Result(Value),
    /// Answers with an error object.
    Error,
}

struct Shared {
    /// The eras with their first blocks.
    eras: Mutex<Vec<(u64, Era)>>,
    block: Mutex<u64>,
    fault: Mutex<Fault>,
    connections: watch::Sender<usize>,
    poured: AtomicUsize,
    calls: Mutex<Vec<(String, Value)>>,
}

/// A running node; it ends with this.
pub(crate) struct Node {
    pub url: Url,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

const MEGABYTE: usize = 1 << 20;

impl Node {
    pub(crate) async fn start(era: Era) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            eras: Mutex::new(vec![(0, era)]),
            block: Mutex::new(6_543_210),
            fault: Mutex::new(Fault::None),
            connections: watch::Sender::new(0),
            poured: AtomicUsize::new(0),
            calls: Mutex::new(Vec::new()),
        });
        let mut task = JoinSet::new();
        let serving = Arc::clone(&shared);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serving.connections.send_modify(|count| *count += 1);
                connections.spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self {
            url: url.parse().unwrap(),
            shared,
            _task: task,
        }
    }

    pub(crate) async fn faulty(fault: Fault) -> Self {
        let node = Self::start(Era::plain()).await;
        node.set(fault);
        node
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// From block `first` on, this era.
    pub(crate) fn upgrade(&self, first: u64, era: Era) {
        self.shared.eras.lock().unwrap().push((first, era));
    }

    #[allow(dead_code)] // For those who mine from the node.
    /// From the next block on, these neurons.
    pub(crate) fn change(&self, neurons: &[bittensor::Neuron]) {
        let next = *self.shared.block.lock().unwrap() + 1;
        self.upgrade(next, Era::with(neurons));
    }

    #[allow(dead_code)] // For those who mine from the node.
    /// From the next block on, neurons that lack their last byte.
    pub(crate) fn garble(&self) {
        let next = *self.shared.block.lock().unwrap() + 1;
        let mut era = self.shared.eras.lock().unwrap().last().unwrap().1.clone();
        era.neurons.pop();
        self.upgrade(next, era);
    }

    pub(crate) fn set_block(&self, block: u64) {
        *self.shared.block.lock().unwrap() = block;
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    #[allow(dead_code)] // For those who read from the node.
    pub(crate) async fn until_connected(&self, times: usize) {
        let mut connections = self.shared.connections.subscribe();
        let enough = connections.wait_for(|count| *count >= times).await;
        enough.unwrap();
    }

    #[allow(dead_code)] // For those who read from the node.
    /// Where no node is, nor can be as long as the socket is held.
    pub(crate) fn nobody() -> (TcpSocket, Url) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let url = format!("ws://{}", socket.local_addr().unwrap());
        (socket, url.parse().unwrap())
    }

    /// Megabytes of a flood that were taken off our hands.
    pub(crate) fn poured(&self) -> usize {
        self.shared.poured.load(Ordering::SeqCst)
    }

    /// The parameters of every call of a method so far.
    pub(crate) fn calls(&self, method: &str) -> Vec<Value> {
        let calls = self.shared.calls.lock().unwrap();
        let of_method = calls.iter().filter(|(name, _)| name == method);
        of_method.map(|(_, params)| params.clone()).collect()
    }

    pub(crate) fn clear_calls(&self) {
        self.shared.calls.lock().unwrap().clear();
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    match shared.fault() {
        Fault::Refuse => return,
        Fault::Deaf => return std::future::pending().await,
        _ => {}
    }
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    if shared.fault() == Fault::Freeze {
        return std::future::pending().await;
    }
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let call: Value = serde_json::from_str(&text).unwrap();
        if answer(&mut socket, &call, &shared).await.is_none() {
            return;
        }
    }
}

/// None to end the connection.
async fn answer(
    socket: &mut WebSocketStream<TcpStream>,
    call: &Value,
    shared: &Shared,
) -> Option<()> {
    let good = |result: Value| json!({"jsonrpc": "2.0", "id": call["id"], "result": result});
    let reply = match shared.fault() {
        Fault::None => good(shared.result(call)),
        Fault::Result(result) => good(result),
        Fault::Error => {
            let error = json!({"code": -32000, "message": "Client error: UnknownBlock\n\u{7}"});
            json!({"jsonrpc": "2.0", "id": call["id"], "error": error})
        }
        Fault::Text(text) => {
            socket.send(Message::text(text)).await.ok()?;
            return Some(());
        }
        Fault::Stall => return Some(()),
        Fault::Raw(bytes) => {
            socket.get_mut().write_all(&bytes).await.ok()?;
            return Some(());
        }
        Fault::Half => {
            let text = good(shared.result(call)).to_string();
            let length = u16::try_from(text.len()).unwrap();
            let head = [&[0x81, 126], length.to_be_bytes().as_slice()].concat();
            let stream = socket.get_mut();
            stream.write_all(&head).await.ok()?;
            let half = &text.as_bytes()[..text.len() / 2];
            stream.write_all(half).await.ok()?;
            return None;
        }
        Fault::Flood => {
            let length = (100 * MEGABYTE as u64).to_be_bytes();
            let head = [&[0x81, 127], length.as_slice()].concat();
            socket.get_mut().write_all(&head).await.ok()?;
            return pour(socket, &[], shared).await;
        }
        Fault::Fragments => {
            socket.get_mut().write_all(&[0x01, 1, b'"']).await.ok()?;
            let length = (MEGABYTE as u64).to_be_bytes();
            let head = [&[0x00, 127], length.as_slice()].concat();
            return pour(socket, &head, shared).await;
        }
        Fault::Refuse | Fault::Deaf | Fault::Freeze => return None,
    };
    socket.send(Message::text(reply.to_string())).await.ok()
}

/// Writes 100 MB, each megabyte behind `head`, or as much as the peer takes.
async fn pour(socket: &mut WebSocketStream<TcpStream>, head: &[u8], shared: &Shared) -> Option<()> {
    let megabyte = vec![b'x'; MEGABYTE];
    for _ in 0..100 {
        socket.get_mut().write_all(head).await.ok()?;
        socket.get_mut().write_all(&megabyte).await.ok()?;
        shared.poured.fetch_add(1, Ordering::SeqCst);
    }
    Some(())
}

impl Shared {
    fn fault(&self) -> Fault {
        self.fault.lock().unwrap().clone()
    }

    fn result(&self, call: &Value) -> Value {
        let (method, params) = (call["method"].as_str().unwrap(), &call["params"]);
        let entry = (method.to_owned(), params.clone());
        self.calls.lock().unwrap().push(entry);
        match method {
            "chain_getBlockHash" => {
                // Every look finds a newer block: what belongs together must be asked by hash.
                let mut block = self.block.lock().unwrap();
                *block += 1;
                json!(format!("0x{:064x}", *block))
            }
            "chain_getHeader" => json!({"number": format!("{:#x}", block_of(&params[0]))}),
            "state_getRuntimeVersion" => {
                let version = self.era(&params[0]).spec_version;
                json!({"specName": "node-subtensor", "specVersion": version})
            }
            "state_call" => {
                let parameters = params[1].as_str().unwrap();
                let era = self.era(&params[2]);
                match (params[0].as_str().unwrap(), parameters) {
                    ("Metadata_metadata_at_version", version) => {
                        let wanted = hex_text(&era.metadata.0.encode());
                        let found = (wanted == version).then_some(era.metadata.1);
                        json!(hex_text(&found.encode()))
                    }
                    ("NeuronInfoRuntimeApi_get_neurons_lite", "0x1100") => {
                        json!(hex_text(&era.neurons))
                    }
                    ("SubnetInfoRuntimeApi_get_subnet_state", "0x1100") => {
                        json!(hex_text(&era.state))
                    }
                    // Another subnet: no neurons, no state.
                    _ => json!("0x00"),
                }
            }
            "state_getStorage" => {
                let era = self.era(&params[1]);
                let found = era.storage.iter().find(|(key, _)| *key == params[0]);
                found.map_or(Value::Null, |(_, value)| json!(value))
            }
            other => panic!("{other} was called"),
        }
    }

    fn era(&self, hash: &Value) -> Era {
        let block = block_of(hash);
        let eras = self.eras.lock().unwrap();
        let era = eras.iter().rev().find(|(first, _)| *first <= block);
        era.unwrap().1.clone()
    }
}

fn block_of(hash: &Value) -> u64 {
    let digits = hash.as_str().unwrap().strip_prefix("0x").unwrap();
    u64::from_str_radix(&digits[48..], 16).unwrap()
}

fn hex_text(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
