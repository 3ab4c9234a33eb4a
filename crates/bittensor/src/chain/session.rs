//! One connection's life: calls out, answers in, until it breaks.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::error::{ChainError, quote};
use super::options::ChainOptions;
use super::rpc;
use super::socket::Socket;

/// Calls on the wire at once; the next ones wait in the (bounded) queue.
const MOST_PENDING: usize = 16;

/// So many pings without a word: the node is dead.
const MOST_UNANSWERED: u32 = 2;

/// One call, and where its answer goes.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) params: Vec<serde_json::Value>,
    pub(super) deadline: Instant,
    pub(super) answer: oneshot::Sender<Result<Box<RawValue>, ChainError>>,
}

/// A connection with what is unanswered on it.
pub(super) struct Session<'a> {
    socket: Socket,
    options: &'a ChainOptions,
    next_id: u64,
    pending: BTreeMap<u64, Call>,
    /// Pings since anything was heard.
    unanswered: u32,
}

impl<'a> Session<'a> {
    pub(super) fn new(socket: Socket, options: &'a ChainOptions) -> Self {
        Self {
            socket,
            options,
            next_id: 1,
            pending: BTreeMap::new(),
            unanswered: 0,
        }
    }

    /// Serves `calls` until the connection breaks; tells how. Every call that was on the wire gets
    /// an error then: whether to ask again is the caller's choice.
    pub(super) async fn run(mut self, calls: &mut mpsc::Receiver<Call>) -> String {
        let why = self.serve(calls).await;
        let now = Instant::now();
        for call in std::mem::take(&mut self.pending).into_values() {
            let error = if call.deadline <= now {
                ChainError::Timeout {
                    method: call.method,
                    after: self.options.call_timeout,
                }
            } else {
                ChainError::Disconnected {
                    method: call.method,
                    why: why.clone(),
                }
            };
            // The caller may be gone.
            let _ = call.answer.send(Err(error));
        }
        why
    }

    async fn serve(&mut self, calls: &mut mpsc::Receiver<Call>) -> String {
        let every = self.options.ping_every;
        let mut pings = interval_at(Instant::now() + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let first = self.pending.values().next();
            let deadline = first.map(|call| call.deadline);
            let step = tokio::select! {
                message = self.socket.next() => self.hear(message),
                Some(call) = calls.recv(), if self.pending.len() < MOST_PENDING => {
                    self.call(call).await
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    Err("a call went unanswered".to_owned())
                }
                _ = pings.tick() => self.ping().await,
            };
            if let Err(why) = step {
                return why;
            }
        }
    }

    async fn call(&mut self, call: Call) -> Result<(), String> {
        if call.answer.is_closed() {
            return Ok(());
        }
        let id = self.next_id;
        self.next_id += 1;
        let text = rpc::request(id, call.method, &call.params);
        self.pending.insert(id, call);
        self.send(Message::text(text)).await
    }

    /// Pings are counted, not the time: while this machine sleeps, or this program gets no turn, nobody
    /// was asked.
    async fn ping(&mut self) -> Result<(), String> {
        if self.unanswered == MOST_UNANSWERED {
            let every = self.options.ping_every;
            return Err(format!(
                "{MOST_UNANSWERED} pings unanswered, {every:?} apart"
            ));
        }
        self.unanswered += 1;
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    /// A peer that takes nothing off the wire must not hold us.
    async fn send(&mut self, message: Message) -> Result<(), String> {
        match timeout(self.options.call_timeout, self.socket.send(message)).await {
            Ok(sent) => sent.map_err(quote),
            Err(_) => Err("the node takes no more requests".to_owned()),
        }
    }

    fn hear(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> Result<(), String> {
        self.unanswered = 0;
        match message {
            Some(Ok(Message::Text(text))) => self.answer(&text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                Err("the node sent bytes where text is due".to_owned())
            }
            Some(Ok(Message::Close(_))) | None => Err("the node closed the connection".to_owned()),
            Some(Err(error)) => Err(quote(error)),
        }
    }

    fn answer(&mut self, text: &str) -> Result<(), String> {
        let rpc::Message::Answer(id, outcome) = rpc::parse(text)? else {
            return Ok(());
        };
        if let Some(call) = self.pending.remove(&id) {
            let outcome = outcome.map_err(|refusal| ChainError::Refused {
                method: call.method,
                code: refusal.code,
                message: refusal.message,
            });
            // The caller may be gone.
            let _ = call.answer.send(outcome);
        }
        Ok(())
    }
}
