//! What a failed call tells about the peer.

use std::time::Duration;

use serde::Deserialize;

/// Longest message of a peer that is kept, in characters.
const LONGEST_MESSAGE: usize = 400;

/// Why a call brought no answer. What matters most is whether the peer may have acted on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing was put on the wire: the peer certainly did not see the call.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Something was put on the wire and no answer came (time-out, reset), or one in the peer's stead
    /// (status 501 and above, as proxies say): it may have acted on the call or not, or be at it still.
    #[error("in doubt: {0}")]
    InDoubt(String),
    /// The peer's answer broke off, or was that it failed over the call (status 500): it may have acted
    /// on the call or not, but is done with it.
    #[error("in doubt: {0}")]
    Failed(String),
    /// The peer answered no, before its handler saw the call.
    #[error("answered {status}: {message}")]
    Answered {
        /// HTTP status, 300..=499.
        status: u16,
        /// The peer's words, made fit for a terminal.
        message: String,
    },
    /// The peer answered yes, but in words that make no sense: it has acted on the call somehow.
    #[error("malformed answer: {0}")]
    Malformed(String),
}

impl CallError {
    /// Whether the peer may have acted on the call without our knowing how.
    pub fn in_doubt(&self) -> bool {
        matches!(
            self,
            Self::InDoubt(_) | Self::Failed(_) | Self::Malformed(_)
        )
    }

    /// Whether the peer may act on the call yet: it has not been heard of since.
    pub fn may_be_at_it(&self) -> bool {
        matches!(self, Self::InDoubt(_))
    }

    /// Whether the peer certainly did not act on the call.
    pub fn certainly_not_processed(&self) -> bool {
        !self.in_doubt()
    }

    /// Why the peer said no, where it did.
    pub fn refusal(&self) -> Option<Refusal<'_>> {
        match self {
            Self::Answered { status, message } => Some(Refusal::of(*status, message)),
            _ => None,
        }
    }

    /// The error of a reply with another status than 200.
    pub(crate) fn of_status(status: u16, body: &[u8]) -> Self {
        let message = message_of(body);
        match status {
            300..=499 => Self::Answered { status, message },
            500 => Self::Failed(format!("HTTP {status}: {message}")),
            501.. => Self::InDoubt(format!("HTTP {status}: {message}")),
            _ => Self::Malformed(format!("HTTP {status}: {message}")),
        }
    }
}

/// Why an axon said no before its handler saw the call. Its words are the SDK's
/// (`bittensor/core/axon.py`, the same in 9.x and 10.x).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Refusal<'a> {
    /// 3xx: whatever answers at this address wants the call elsewhere. It is not followed.
    Redirected,
    /// 400: the body cannot be decoded.
    Unreadable,
    /// 401: signed too long ago, by the axon's clock.
    NonceTooOld {
        /// How old the call was for the axon, if it says so.
        age: Option<Duration>,
    },
    /// 401: a later call of the same uuid came first.
    NonceNotNewer,
    /// 401: the signature is not by this hotkey for this axon.
    BadSignature,
    /// 401 in other words.
    NotVerified,
    /// 403: the axon takes no such call from this hotkey now, with its reason.
    Blacklisted(&'a str),
    /// 404: the axon has no such synapse.
    UnknownSynapse,
    /// 408: the axon gave up before its handler ran.
    TimedOut,
    /// 422: the body is not what the synapse's class wants.
    Unprocessable,
    /// 429: too many calls, says something in front of the axon.
    TooMany,
    /// Any other status below 500.
    Other(u16),
}

impl<'a> Refusal<'a> {
    fn of(status: u16, message: &'a str) -> Self {
        match status {
            300..=399 => Self::Redirected,
            400 => Self::Unreadable,
            401 if message.contains("a newer one was last processed") => Self::NonceNotNewer,
            401 if message.contains("Nonce is too old") => Self::NonceTooOld {
                age: seconds_before(message, " seconds old"),
            },
            401 if message.contains("Signature mismatch") => Self::BadSignature,
            401 => Self::NotVerified,
            403 => Self::Blacklisted(
                message
                    .split_once("Key is blacklisted:")
                    .map_or(message, |(_, reason)| reason)
                    .trim(),
            ),
            404 | 405 => Self::UnknownSynapse,
            408 => Self::TimedOut,
            422 => Self::Unprocessable,
            429 => Self::TooMany,
            other => Self::Other(other),
        }
    }
}

/// The number of seconds written before `unit`, if it is one.
fn seconds_before(text: &str, unit: &str) -> Option<Duration> {
    let (before, _) = text.split_once(unit)?;
    let number: f64 = before.rsplit(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

/// The `message` of an SDK error body, the `detail` of a FastAPI one, else the text itself.
fn message_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Words {
        message: Option<serde_json::Value>,
        detail: Option<serde_json::Value>,
    }
    let words = serde_json::from_slice::<Words>(body).ok();
    match words.and_then(|words| words.message.or(words.detail)) {
        Some(serde_json::Value::String(text)) => printable(&text),
        Some(other) => printable(&other.to_string()),
        None => printable(&String::from_utf8_lossy(body)),
    }
}

/// A peer's text without control characters and cut to a sane length.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_MESSAGE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_the_handler_may_have_run() {
        let of = |status| CallError::of_status(status, b"{\"message\":\"why\"}");
        assert_eq!(
            of(403),
            CallError::Answered {
                status: 403,
                message: "why".into()
            }
        );
        assert!(of(307).certainly_not_processed() && of(422).certainly_not_processed());
        assert!(of(500).in_doubt() && of(503).in_doubt() && of(999).in_doubt());
        assert!(of(204).in_doubt());
        assert!(of(502).may_be_at_it() && of(504).may_be_at_it());
        assert!(!of(500).may_be_at_it() && !of(204).may_be_at_it());
    }

    #[test]
    fn every_refusal_of_the_sdk_s_axon_is_told_apart() {
        let old = "Not Verified with error: Nonce is too old: acceptable delta is 16.00 seconds \
                   but request was 60.14 seconds old";
        let newer = "Not Verified with error: Nonce is too old, a newer one was last processed";
        let blacklisted = "Forbidden. Key is blacklisted: Unrecognized hotkey 5F (1.2.3.4).";
        for (status, message, expected) in [
            (307, "", Refusal::Redirected),
            (
                400,
                "There was an error parsing the body",
                Refusal::Unreadable,
            ),
            (
                401,
                old,
                Refusal::NonceTooOld {
                    age: Some(Duration::from_secs_f64(60.14)),
                },
            ),
            (401, newer, Refusal::NonceNotNewer),
            (
                401,
                "Not Verified with error: Signature mismatch with 1.a.b and 0x0",
                Refusal::BadSignature,
            ),
            (
                401,
                "Not Verified with error: No nonce",
                Refusal::NotVerified,
            ),
            (
                403,
                blacklisted,
                Refusal::Blacklisted("Unrecognized hotkey 5F (1.2.3.4)."),
            ),
            (404, "Synapse name 'X' not found.", Refusal::UnknownSynapse),
            (408, "Response timeout after: 12s", Refusal::TimedOut),
            (422, "[]", Refusal::Unprocessable),
            (429, "", Refusal::TooMany),
            (418, "", Refusal::Other(418)),
        ] {
            let error = CallError::Answered {
                status,
                message: message.to_owned(),
            };
            assert_eq!(error.refusal(), Some(expected), "{status} {message}");
        }
        assert_eq!(CallError::InDoubt(String::new()).refusal(), None);
        for hostile in [
            "x seconds old",
            "1e999 seconds old",
            "-1 seconds old",
            " seconds old",
        ] {
            assert_eq!(seconds_before(hostile, " seconds old"), None, "{hostile}");
        }
    }

    #[test]
    fn hostile_words_are_tamed() {
        let hostile = format!("{{\"detail\":\"\\u001b[2J{}\"}}", "x".repeat(10_000));
        let CallError::Answered { message, .. } = CallError::of_status(422, hostile.as_bytes())
        else {
            panic!("422 is an answer")
        };
        assert_eq!(message.len(), LONGEST_MESSAGE);
        assert!(message.starts_with("[2Jx"));
        assert_eq!(message_of(b"\xff\x00plain"), "\u{fffd}plain");
        assert_eq!(
            message_of(b"{\"detail\":[{\"type\":\"x\"}]}"),
            "[{\"type\":\"x\"}]"
        );
    }
}
