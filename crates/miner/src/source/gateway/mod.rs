//! A gateway as peers: as many places as there is room for tasks, each with one task at a time.
//!
//! The places share one connection pool and take turns in asking: while there are no tasks, the
//! gateway hears one question per pause, however many places are free.

mod client;
mod place;
mod refused;

pub(crate) use place::Place;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use subnet17::gateway::{AssignedTask, Credential, Refusal};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use self::client::Client;
use crate::backoff::Backoff;
use crate::context::Context;
use crate::error::MinerError;
use crate::gateway_config::GatewayConfig;

/// The pause after a 429 that names none: the gateway counts by the fixed minute, and its window may
/// have begun just now.
const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(20);
/// The longest pause after failures: a task there lives for minutes only.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Of no more model parameters is it said that they have no effect: their names are anybody's.
const MOST_PARAMS: usize = 32;
/// And no more characters of a name are shown.
const LONGEST_PARAM: usize = 40;

/// What all places at one gateway share.
pub(crate) struct Gateway {
    config: GatewayConfig,
    hotkey: String,
    client: Client,
    /// Who asks next. FIFO, so that every place has its turn.
    turn: Arc<AsyncMutex<()>>,
    gate: Mutex<Gate>,
    /// Model parameters that nothing here knows, and that were said so.
    unknown_params: Mutex<BTreeSet<String>>,
}

/// When the gateway may be asked for tasks.
struct Gate {
    opens: Instant,
    backoff: Backoff,
    /// What people were told last; one place speaks for all.
    alarmed: Option<String>,
}

impl Gateway {
    pub(crate) fn new(config: GatewayConfig, hotkey: String) -> Result<Arc<Self>, MinerError> {
        Ok(Arc::new(Self {
            client: Client::new(config.address(), &config.anchors)?,
            hotkey,
            turn: Arc::default(),
            gate: Mutex::new(Gate {
                opens: Instant::now(),
                backoff: Backoff::new(config.poll.min(Duration::from_secs(1)), LONGEST_WAIT),
                alarmed: None,
            }),
            config,
            unknown_params: Mutex::default(),
        }))
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody asks for tasks before `pause` is over.
    fn close_for(&self, pause: Duration) {
        let mut gate = self.gate();
        gate.opens = gate.opens.max(Instant::now() + pause);
    }

    fn works(&self) {
        let mut gate = self.gate();
        gate.backoff.reset();
        gate.alarmed = None;
    }

    /// The alarm, unless another place has raised it already.
    fn once(&self, alarm: String) -> Option<String> {
        let mut gate = self.gate();
        if gate.alarmed.as_ref() == Some(&alarm) {
            return None;
        }
        gate.alarmed = Some(alarm.clone());
        Some(alarm)
    }

    /// Says once of each model parameter that it has no effect.
    fn note_unknown(&self, assigned: &AssignedTask) {
        let mut known = self
            .unknown_params
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for name in assigned.unknown_params() {
            if known.len() < MOST_PARAMS && !known.contains(name) {
                let shown: String = name.escape_debug().take(LONGEST_PARAM).collect();
                tracing::warn!(
                    "a client of the gateway asks for the model parameter {shown}, which no generator \
                     here knows: it has no effect"
                );
                known.insert(name.to_owned());
            }
        }
    }

    fn credential(&self, context: &Context) -> Credential {
        Credential::sign(&context.keypair, self.client.gateway_time())
    }

    /// What a refused call means for people, if it means anything.
    fn alarm(&self, refused: Refusal, words: &str) -> Option<String> {
        let alarm = match refused {
            Refusal::NotListed => format!(
                "the gateway takes work from listed workers only, and {} is not one of them: ask \
                 its operators",
                self.hotkey
            ),
            Refusal::Unauthenticated => format!(
                "the gateway refuses our signature; its clock is {} s ahead of ours: keep this \
                 machine's clock right (NTP)",
                self.client.offset_seconds()
            ),
            Refusal::NotAGateway => format!(
                "there is no gateway at {}: check --gateway.url",
                self.config.address()
            ),
            Refusal::Malformed => format!("the gateway refuses what we send: {words}"),
            Refusal::TooLarge => format!("the gateway takes no result this large: {words}"),
            _ => return None,
        };
        self.once(alarm)
    }
}
