//! The body of `/add_result`: `multipart/form-data`, with the fields in the order the gateway wants.

use super::{Credential, LONGEST_REASON};

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// An asset, sent behind the fields.
    Success,
    /// Nothing, and why: cut to [`LONGEST_REASON`] bytes.
    Failure(&'a str),
}

/// What `/add_result` is told (`add_result_parse.rs`).
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The task.
    pub id: &'a str,
    /// The token that came with it.
    pub assignment_token: &'a str,
    /// Whose answer it is, as ss58.
    pub worker_hotkey: &'a str,
    /// The name under which the task was asked for.
    pub worker_id: &'a str,
    /// Signed for the moment of sending.
    pub credential: &'a Credential,
    /// What became of the task.
    pub verdict: Verdict<'a>,
}

/// A form around the bytes of an asset: what goes before them and what after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The value of the `content-type` header.
    pub content_type: String,
    /// Everything before the asset's bytes; for a failure, the whole body.
    pub head: Vec<u8>,
    /// Everything after the asset's bytes; for a failure, nothing.
    pub tail: Vec<u8>,
}

impl Report<'_> {
    /// Writes the form. `boundary` is what separates its parts: random, so that no asset holds it,
    /// and of letters and digits only.
    #[must_use]
    pub fn form(&self, boundary: &str) -> Form {
        let mut head = Vec::with_capacity(2048);
        let mut field = |name: &str, value: &str| {
            let part = format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            head.extend_from_slice(part.as_bytes());
        };
        // The asset must come last: the gateway checks everything else before it takes the first
        // byte of it.
        field("id", self.id);
        field("signature", &self.credential.signature);
        field("timestamp", &self.credential.timestamp);
        field("worker_hotkey", self.worker_hotkey);
        field("worker_id", self.worker_id);
        field("assignment_token", self.assignment_token);
        let end = format!("--{boundary}--\r\n");
        let tail = match self.verdict {
            Verdict::Success => {
                field("status", "success");
                let part = format!(
                    "--{boundary}\r\ncontent-disposition: form-data; name=\"asset\"; \
                     filename=\"asset.spz\"\r\ncontent-type: application/octet-stream\r\n\r\n"
                );
                head.extend_from_slice(part.as_bytes());
                format!("\r\n{end}").into_bytes()
            }
            Verdict::Failure(reason) => {
                field("status", "failure");
                field("reason", shortened(reason));
                head.extend_from_slice(end.as_bytes());
                Vec::new()
            }
        };
        Form {
            content_type: format!("multipart/form-data; boundary={boundary}"),
            head,
            tail,
        }
    }
}

/// At most [`LONGEST_REASON`] bytes, and never nothing.
fn shortened(reason: &str) -> &str {
    let reason = if reason.is_empty() {
        "no result"
    } else {
        reason
    };
    reason
        .get(..reason.floor_char_boundary(LONGEST_REASON))
        .unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(verdict: Verdict<'_>) -> Form {
        let credential = Credential {
            timestamp: "404_GATEWAY_1".to_owned(),
            signature: "c2ln".to_owned(),
        };
        let report = Report {
            id: "task",
            assignment_token: "token",
            worker_hotkey: "5F",
            worker_id: "rig",
            credential: &credential,
            verdict,
        };
        report.form("b0undary")
    }

    #[test]
    fn the_asset_comes_last() {
        let form = form(Verdict::Success);
        let head = String::from_utf8(form.head).unwrap();
        let names: Vec<&str> = head
            .split("name=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|name| *name != "asset.spz")
            .collect();
        assert_eq!(
            names,
            [
                "id",
                "signature",
                "timestamp",
                "worker_hotkey",
                "worker_id",
                "assignment_token",
                "status",
                "asset"
            ]
        );
        assert!(head.ends_with("\r\n\r\n"));
        assert_eq!(form.tail, b"\r\n--b0undary--\r\n");
        assert_eq!(form.content_type, "multipart/form-data; boundary=b0undary");
    }

    #[test]
    fn a_failure_has_a_reason_of_at_most_255_bytes() {
        let head = |reason| String::from_utf8(form(Verdict::Failure(reason)).head).unwrap();
        assert!(head("").contains("no result"));
        let long = "ä".repeat(200);
        let text = head(&long);
        assert_eq!(text.matches('ä').count(), 127);
        assert!(text.ends_with("--b0undary--\r\n") && text.contains("failure"));
    }
}
