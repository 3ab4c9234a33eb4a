//! JSON-RPC 2.0 as text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::quote;

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a [serde_json::Value],
}

/// The text of one call.
pub(super) fn request(id: u64, method: &str, params: &[serde_json::Value]) -> String {
    let request = Request {
        jsonrpc: "2.0",
        id,
        method,
        params,
    };
    // Strings, numbers and values have a JSON form.
    serde_json::to_string(&request).unwrap_or_default()
}

/// What a node sent.
#[derive(Debug)]
pub(super) enum Message {
    /// The answer to the call of this id.
    Answer(u64, Result<Box<RawValue>, Refusal>),
    /// Well-formed, but an answer to nobody, such as a notification.
    Other,
}

/// An error object.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    jsonrpc: Option<&'a str>,
    id: Option<u64>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Refusal>,
}

/// Reads one message.
///
/// # Errors
/// What is wrong with a text that is no JSON-RPC.
pub(super) fn parse(text: &str) -> Result<Message, String> {
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(quote)?;
    if envelope.jsonrpc != Some("2.0") {
        return Err("not JSON-RPC 2.0".into());
    }
    let Some(id) = envelope.id else {
        return Ok(Message::Other);
    };
    let outcome = match envelope.error {
        Some(error) => Err(Refusal {
            message: quote(error.message),
            ..error
        }),
        // serde takes a null for None.
        None => Ok(envelope.result.unwrap_or(RawValue::NULL).to_owned()),
    };
    Ok(Message::Answer(id, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_as_the_nodes_expect() {
        assert_eq!(
            request(7, "state_call", &["A_b".into(), "0x1100".into()]),
            r#"{"jsonrpc":"2.0","id":7,"method":"state_call","params":["A_b","0x1100"]}"#
        );
    }

    #[test]
    fn answers_refusals_and_others_are_told_apart() {
        let text = |raw: &str| match parse(raw) {
            Ok(Message::Answer(id, Ok(value))) => format!("{id} {value}"),
            Ok(Message::Answer(id, Err(refusal))) => format!("{id} {}", refusal.message),
            Ok(Message::Other) => "other".into(),
            Err(why) => format!("error {why}"),
        };
        assert_eq!(
            text(r#"{"jsonrpc":"2.0","id":1,"result":"0x"}"#),
            "1 \"0x\""
        );
        assert_eq!(text(r#"{"jsonrpc":"2.0","id":1,"result":null}"#), "1 null");
        let refusal = r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"no\nblock"}}"#;
        assert_eq!(text(refusal), "2 no block");
        let event = r#"{"jsonrpc":"2.0","method":"chain_newHead","params":{}}"#;
        assert_eq!(text(event), "other");
        for garbage in ["", "{", "[]", "0", "{\"id\":1}", "\u{0}", "<html>"] {
            assert!(text(garbage).starts_with("error"), "{garbage}");
        }
    }
}
