//! What a gateway means by an answer that is not 200.

use serde::Deserialize;

/// Longest part of a gateway's words that is kept, in characters.
const LONGEST_WORDS: usize = 300;

/// Why a gateway said no, as far as it matters for what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the request is wrong, and will be the next time. A mistake of ours, or a limit of this
    /// gateway.
    Malformed,
    /// 400 or 413: the result is larger than this gateway takes.
    TooLarge,
    /// 401: the hotkey is not on this gateway's list of workers.
    NotListed,
    /// 401: the signature is not the hotkey's, or its time is not now.
    Unauthenticated,
    /// 401: no assignment of this task to this worker is open. It never was, or it has been answered.
    NotAssigned,
    /// 404, 405 or a redirect: no gateway is at this address.
    NotAGateway,
    /// 410: the gateway has no such task any more: done, run out, or lost in a restart.
    Gone,
    /// 429: too many calls from this address in this minute.
    TooMany,
    /// 503: the same result is just being taken in.
    InProgress,
    /// Any other status: the gateway failed. A result may or may not be taken in.
    Failed,
}

/// Reads a status other than 200, and the words that came with it (`http3/error.rs`,
/// `handlers/result/add_result.rs`, `handlers/common/worker_auth.rs`).
#[must_use]
pub fn refusal(status: u16, words: &str) -> Refusal {
    match status {
        400 if words.contains("exceeds maximum allowed size")
            || words.contains("size exceeded")
            || words.contains("exceeded the size limit") =>
        {
            Refusal::TooLarge
        }
        400 | 411 | 415 | 422 => Refusal::Malformed,
        413 => Refusal::TooLarge,
        401 | 403 if words.contains("not whitelisted") => Refusal::NotListed,
        401 if words.contains("not assigned") => Refusal::NotAssigned,
        401 | 403 => Refusal::Unauthenticated,
        300..=399 | 404 | 405 => Refusal::NotAGateway,
        410 => Refusal::Gone,
        429 => Refusal::TooMany,
        503 if words.contains("already being processed") => Refusal::InProgress,
        _ => Refusal::Failed,
    }
}

impl Refusal {
    /// The gateway's words for people: the `message` of a JSON body, else the text, without control
    /// characters and cut short.
    #[must_use]
    pub fn words(body: &[u8]) -> String {
        #[derive(Deserialize)]
        struct Fault {
            message: String,
        }
        let text = serde_json::from_slice::<Fault>(body).map_or_else(
            |_| String::from_utf8_lossy(body).into_owned(),
            |fault| fault.message,
        );
        text.chars()
            .filter(|character| !character.is_control())
            .take(LONGEST_WORDS)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every answer the gateway's handlers give, word for word.
    #[test]
    fn every_answer_of_the_handlers_is_told_apart() {
        let gone = r#"{"error":"task_context_unavailable","message":"Task context is unavailable on this gateway after restart; the task will be refunded on timeout."}"#;
        let model = r#"{"error":"invalid_field","field":"model","message":"Invalid value 'x'. Expected one of: 404-3dgs"}"#;
        for (status, body, expected) in [
            (
                400,
                "Bad request: Invalid timestamp format",
                Refusal::Malformed,
            ),
            (
                400,
                "Bad request: Missing asset for success",
                Refusal::Malformed,
            ),
            (400, model, Refusal::Malformed),
            (
                400,
                "Bad request: Asset exceeds maximum allowed size (104857600 bytes)",
                Refusal::TooLarge,
            ),
            (413, "", Refusal::TooLarge),
            (
                401,
                "Unauthorized request: Worker hotkey is not whitelisted",
                Refusal::NotListed,
            ),
            (
                401,
                "Unauthorized request: Invalid worker authentication",
                Refusal::Unauthenticated,
            ),
            (
                401,
                "Unauthorized request: Worker hotkey is not assigned to task",
                Refusal::NotAssigned,
            ),
            (404, "", Refusal::NotAGateway),
            (405, "", Refusal::NotAGateway),
            (307, "", Refusal::NotAGateway),
            (410, gone, Refusal::Gone),
            (429, "", Refusal::TooMany),
            (500, "Internal Server Error", Refusal::Failed),
            (502, "", Refusal::Failed),
            (
                503,
                "Service unavailable: Result is already being processed; please retry",
                Refusal::InProgress,
            ),
            (503, "Service unavailable: leader election", Refusal::Failed),
        ] {
            assert_eq!(refusal(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn words_are_fit_for_a_terminal() {
        assert_eq!(Refusal::words(br#"{"error":"x","message":"why"}"#), "why");
        assert_eq!(Refusal::words(b"\x1b[2Jplain\xff"), "[2Jplain\u{fffd}");
        assert_eq!(Refusal::words(&[b'x'; 5000]).len(), LONGEST_WORDS);
    }
}
