//! Why the chain could not be read.

use std::fmt::Display;
use std::time::Duration;

/// Characters kept of a text that comes from the node or from a decoder.
const LONGEST_QUOTE: usize = 300;

/// Why the chain could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No endpoint, or one that is no websocket address.
    #[error("{url:?} is no chain endpoint: {why}")]
    Endpoint {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// No connection stood while there was time; says what the last attempt met with.
    #[error("the chain cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke before the answer came.
    #[error("the connection broke during {method}: {why}")]
    Disconnected {
        /// The call that went unanswered.
        method: &'static str,
        /// How it broke.
        why: String,
    },
    /// No answer in time.
    #[error("the node did not answer {method} within {after:?}")]
    Timeout {
        /// The call that went unanswered.
        method: &'static str,
        /// How long it had.
        after: Duration,
    },
    /// The node answered with an error.
    #[error("the node refused {method}: {message} ({code})")]
    Refused {
        /// What was called.
        method: &'static str,
        /// JSON-RPC's number for it.
        code: i64,
        /// The node's words, shortened.
        message: String,
    },
    /// An answer that is not of the promised shape.
    #[error("the node's answer to {method} cannot be read: {why}")]
    Answer {
        /// What was called.
        method: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The runtime's types are not what this version understands: the runtime was upgraded.
    #[error("the chain's layout of {what} cannot be read: {why} (a newer version may be needed)")]
    Layout {
        /// What was to be encoded or decoded.
        what: &'static str,
        /// Where it failed.
        why: String,
    },
    /// Decoded, but the parts contradict each other.
    #[error("the chain's answers contradict each other: {0}")]
    Inconsistent(String),
    /// The node's head does not move.
    #[error("the node stands still at block {block}")]
    Stuck {
        /// Where it stands.
        block: u64,
    },
    /// The client's task is gone.
    #[error("the chain client has stopped")]
    Stopped,
}

impl ChainError {
    /// Whether the node answered but the answer could not be understood. Waiting will hardly
    /// help: it is the operator who must know.
    pub const fn is_decoding(&self) -> bool {
        matches!(
            self,
            Self::Answer { .. } | Self::Layout { .. } | Self::Inconsistent(_)
        )
    }

    pub(super) const fn is_stuck(&self) -> bool {
        matches!(self, Self::Stuck { .. })
    }

    pub(super) fn layout(what: &'static str, why: impl Display) -> Self {
        Self::Layout {
            what,
            why: quote(why),
        }
    }

    pub(super) fn answer(method: &'static str, why: impl Display) -> Self {
        Self::Answer {
            method,
            why: quote(why),
        }
    }
}

/// The beginning of a foreign text, on one line and without control characters.
pub(super) fn quote(text: impl Display) -> String {
    let text = text.to_string();
    let mut short: String = text
        .chars()
        .take(LONGEST_QUOTE)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_cannot_flood_or_forge_a_log() {
        assert_eq!(quote("a\nb\x1b[31mc\n"), "a b [31mc");
        assert_eq!(quote("x".repeat(10_000)).chars().count(), LONGEST_QUOTE + 1);
    }
}
