//! What a request says in its headers, and whether it is signed.

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use serde_json::Value;

use super::nonces::{Nonces, Seen, endpoint};
use crate::envelope::Terminal;
use crate::synapse::{header, signed_text};
use crate::{PublicKey, RequiredField};

/// Callers of at least this SDK version (7.2.0) sign nanoseconds, whose freshness is tested.
const FIRST_VERSION_IN_NANOSECONDS: u64 = 7_002_000;
/// How old a first nonce may be beyond the call's own time-out, in nanoseconds.
const ALLOWED_DELTA: u64 = 4_000_000_000;
const NANOSECONDS: f64 = 1e9;
/// The time-out header is not signed and widens the nonce window: a longer one counts as this many
/// seconds (the longest in the field is 300).
const LONGEST_TIMEOUT: f64 = 600.0;

/// The headers of a request.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Seconds.
    pub(super) timeout: Option<f64>,
    pub(super) dendrite: Terminal,
    pub(super) body_hash: Option<String>,
}

/// A header that cannot be read; the axon answers 500.
#[derive(Debug)]
pub(super) struct Unreadable;

impl Head {
    /// Reads the headers for a synapse with these `required` fields.
    pub(super) fn read(
        headers: &HeaderMap,
        required: &[RequiredField],
    ) -> Result<Self, Unreadable> {
        if !required.iter().all(|field| announces(headers, field)) {
            return Err(Unreadable);
        }
        let dendrite = |name: &str| text(headers, &format!("{}{name}", header::DENDRITE));
        let number = |name: &str| match dendrite(name) {
            None => Ok(None),
            Some(text) => text.trim().parse::<u64>().map(Some).map_err(|_| Unreadable),
        };
        let timeout = match text(headers, header::TIMEOUT) {
            None => None,
            Some(text) => match text.trim().parse::<f64>() {
                Ok(seconds) if seconds.is_finite() => Some(seconds),
                _ => return Err(Unreadable),
            },
        };
        Ok(Self {
            timeout,
            dendrite: Terminal {
                version: number("version")?,
                nonce: number("nonce")?,
                uuid: dendrite("uuid"),
                hotkey: dendrite("hotkey"),
                signature: dendrite("signature"),
                ..Terminal::default()
            },
            body_hash: text(headers, header::BODY_HASH),
        })
    }

    /// The hotkey the caller claims to be, if it is an address.
    pub(super) fn claimed_hotkey(&self) -> Option<PublicKey> {
        self.dendrite.hotkey.as_deref()?.parse().ok()
    }

    /// Checks nonce and signature as the SDK's `default_verify` does, and uses the nonce up.
    ///
    /// Stricter than SDK 9.9 in one thing: a missing signature does not pass, as before and since.
    /// The error is the text of the 401.
    pub(super) fn verify(
        &self,
        axon: &PublicKey,
        nonces: &Mutex<Nonces>,
        now: u64,
    ) -> Result<PublicKey, String> {
        let claimed = self.dendrite.hotkey.as_deref();
        let hotkey = match claimed.map(str::parse::<PublicKey>) {
            Some(Ok(hotkey)) => hotkey,
            Some(Err(_)) => return Err("Invalid SS58 address".into()),
            None => return Err("No SS58 formatted address or public key provided.".into()),
        };
        let nonce = self.dendrite.nonce.ok_or("Missing Nonce")?;
        let endpoint = endpoint(&hotkey, self.dendrite.uuid.as_deref());
        match lock(nonces).look_up(&endpoint, nonce) {
            Seen::NotHigher => return Err(NOT_HIGHER.into()),
            Seen::Higher => {}
            Seen::Unknown => self.check_fresh(nonce, now)?,
        }
        self.check_signature(&hotkey, nonce, axon)?;
        if !lock(nonces).accept(endpoint, nonce, now) {
            return Err(NOT_HIGHER.into());
        }
        Ok(hotkey)
    }

    fn check_fresh(&self, nonce: u64, now: u64) -> Result<(), String> {
        if self
            .dendrite
            .version
            .is_none_or(|version| version < FIRST_VERSION_IN_NANOSECONDS)
        {
            return Ok(());
        }
        let timeout = self.timeout.unwrap_or(0.0).clamp(0.0, LONGEST_TIMEOUT);
        let delta = ALLOWED_DELTA + (timeout * NANOSECONDS) as u64;
        if nonce > now.saturating_sub(delta) {
            return Ok(());
        }
        let (allowed, age) = (
            delta as f64 / NANOSECONDS,
            (now - nonce) as f64 / NANOSECONDS,
        );
        Err(format!(
            "Nonce is too old: acceptable delta is {allowed:.2} seconds but request was {age:.2} \
             seconds old"
        ))
    }

    fn check_signature(
        &self,
        hotkey: &PublicKey,
        nonce: u64,
        axon: &PublicKey,
    ) -> Result<(), String> {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".into());
        let text = signed_text(
            &nonce.to_string(),
            &hotkey.to_string(),
            &axon.to_string(),
            &or_none(&self.dendrite.uuid),
            &or_none(&self.body_hash),
        );
        let mut bytes = [0u8; 64];
        let signature = self.dendrite.signature.as_deref();
        let digits = signature.and_then(|signature| signature.strip_prefix("0x"));
        if signature.is_some() && digits.is_none() {
            return Err("Invalid signature format. Expected hex string.".into());
        }
        let is_hex = digits.is_some_and(|digits| hex::decode_to_slice(digits, &mut bytes).is_ok());
        if is_hex && hotkey.verify(text.as_bytes(), &bytes) {
            return Ok(());
        }
        Err(format!(
            "Signature mismatch with {text} and {}",
            or_none(&self.dendrite.signature)
        ))
    }
}

const NOT_HIGHER: &str = "Nonce is too old, a newer one was last processed";

/// A lock that a panicking holder cannot spoil: the table is consistent between statements.
fn lock(nonces: &Mutex<Nonces>) -> std::sync::MutexGuard<'_, Nonces> {
    nonces
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A header's value; Python's servers read headers as Latin-1.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| value.as_bytes().iter().copied().map(char::from).collect())
}

/// Whether the header of a required field is there and holds a value of its type.
fn announces(headers: &HeaderMap, field: &RequiredField) -> bool {
    let read = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
    let Some(value) = headers.get(format!("{}{}", header::INPUT, field.name)) else {
        return false;
    };
    let Ok(json) = STANDARD.decode(value.as_bytes()) else {
        return false;
    };
    match (read(&json), read(field.empty_json.as_bytes())) {
        (Some(value), Some(empty)) => {
            std::mem::discriminant(&value) == std::mem::discriminant(&empty)
        }
        _ => false,
    }
}
