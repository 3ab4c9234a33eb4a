//! What surrounds a synapse's own fields in every JSON body.

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

/// One end of a call, as the SDK's `TerminalInfo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Terminal {
    #[serde(deserialize_with = "integer")]
    pub(crate) status_code: Option<u64>,
    pub(crate) status_message: Option<String>,
    #[serde(deserialize_with = "float")]
    pub(crate) process_time: Option<f64>,
    pub(crate) ip: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub(crate) port: Option<u64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) version: Option<u64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) nonce: Option<u64>,
    pub(crate) uuid: Option<String>,
    pub(crate) hotkey: Option<String>,
    pub(crate) signature: Option<String>,
}

impl Terminal {
    /// The fields that are there, as `(name, value)` of headers without their prefix.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        [
            ("status_code", number(self.status_code)),
            ("status_message", self.status_message.clone()),
            (
                "process_time",
                self.process_time.map(|seconds| seconds.to_string()),
            ),
            ("ip", self.ip.clone()),
            ("port", number(self.port)),
            ("version", number(self.version)),
            ("nonce", number(self.nonce)),
            ("uuid", self.uuid.clone()),
            ("hotkey", self.hotkey.clone()),
            ("signature", self.signature.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The body as it is written: the SDK's fields, then the synapse's own beside them.
#[derive(Serialize)]
pub(crate) struct Envelope<'a, S: Serialize> {
    pub(crate) name: &'a str,
    pub(crate) timeout: f64,
    pub(crate) total_size: u64,
    pub(crate) header_size: u64,
    pub(crate) dendrite: &'a Terminal,
    pub(crate) axon: &'a Terminal,
    pub(crate) computed_body_hash: &'a str,
    #[serde(flatten)]
    pub(crate) synapse: &'a S,
}

/// The SDK's fields of a body as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Surroundings {
    #[serde(deserialize_with = "float")]
    pub(crate) timeout: Option<f64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) total_size: Option<u64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) header_size: Option<u64>,
    pub(crate) dendrite: Option<Terminal>,
    pub(crate) axon: Option<Terminal>,
    pub(crate) computed_body_hash: Option<String>,
}

/// The SDK casts its numbers, so a decimal text is one too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Integer(u64),
    Float(f64),
    Text(String),
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        None => None,
        Some(Number::Integer(value)) => Some(value),
        Some(Number::Float(value)) if value >= 0.0 => Some(value as u64),
        Some(Number::Text(text)) => Some(text.trim().parse().map_err(de::Error::custom)?),
        Some(Number::Float(_)) => return Err(de::Error::custom("a negative count")),
    })
}

fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        None => None,
        Some(Number::Integer(value)) => Some(value as f64),
        Some(Number::Float(value)) => Some(value),
        Some(Number::Text(text)) => Some(text.trim().parse().map_err(de::Error::custom)?),
    })
}
