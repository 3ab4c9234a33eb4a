//! What a failed call tells about the peer.

use serde::Deserialize;

/// Longest message of a peer that is kept, in characters.
const LONGEST_MESSAGE: usize = 400;

/// Why a call brought no answer. What matters most is whether the peer may have acted on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing was put on the wire: the peer certainly did not see the call.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Something was put on the wire and no answer came (time-out, reset, cut short), or the peer
    /// failed over it (status 500 and above): it may have acted on the call or not.
    #[error("in doubt: {0}")]
    InDoubt(String),
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
        matches!(self, Self::InDoubt(_) | Self::Malformed(_))
    }

    /// Whether the peer certainly did not act on the call.
    pub fn certainly_not_processed(&self) -> bool {
        !self.in_doubt()
    }

    /// The error of a reply with another status than 200.
    pub(crate) fn of_status(status: u16, body: &[u8]) -> Self {
        let message = message_of(body);
        match status {
            300..=499 => Self::Answered { status, message },
            500.. => Self::InDoubt(format!("HTTP {status}: {message}")),
            _ => Self::Malformed(format!("HTTP {status}: {message}")),
        }
    }
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
