//! Replies as the SDK's axon words them.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::envelope::Terminal;
use crate::synapse::{EMPTY_BODY_HASH, header};

/// A whole reply body, or one that breaks off.
pub(super) struct ReplyBody {
    bytes: Option<Bytes>,
    breaks_off: bool,
}

/// The reply broke off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the reply breaks off on purpose")]
pub(super) struct BrokenOff;

pub(super) type Reply = Response<ReplyBody>;

/// What goes into the headers beside a JSON body.
pub(super) struct Headers<'a> {
    pub(super) name: &'a str,
    pub(super) timeout: f64,
    pub(super) axon: &'a Terminal,
    pub(super) dendrite: Option<&'a Terminal>,
    /// Required fields and the base64 of their empty values.
    pub(super) inputs: &'a [(String, String)],
}

/// A JSON reply with no headers of its own, as FastAPI gives them.
pub(super) fn bare(status: StatusCode, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(ReplyBody {
        bytes: Some(body.into()),
        breaks_off: false,
    });
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// `{"detail": …}`.
pub(super) fn detail(status: StatusCode, detail: &serde_json::Value) -> Reply {
    bare(status, json!({ "detail": detail }).to_string().into_bytes())
}

/// The empty reply that sends a caller to the route without a trailing slash.
pub(super) fn redirect(location: &str) -> Reply {
    let mut reply = Response::new(ReplyBody {
        bytes: None,
        breaks_off: false,
    });
    *reply.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    reply.headers_mut().insert(LOCATION, value(location));
    reply
}

/// A reply that announces more than it sends and then hangs up.
pub(super) fn cut_short() -> Reply {
    let mut reply = bare(StatusCode::OK, b"{\"name\":\"".to_vec());
    reply.body_mut().breaks_off = true;
    reply
}

/// A JSON reply with the SDK's headers.
pub(super) fn with_headers(status: StatusCode, body: Vec<u8>, headers: &Headers<'_>) -> Reply {
    let size = body.len();
    let mut reply = bare(status, body);
    let map = reply.headers_mut();
    let mut put = |name: String, text: &str| {
        // All names are made of our own constants and field names: none fails to be one.
        if let Ok(name) = HeaderName::try_from(name) {
            map.insert(name, value(text));
        }
    };
    put(header::NAME.into(), headers.name);
    put(header::TIMEOUT.into(), &format!("{:?}", headers.timeout));
    let ends = [
        (header::AXON, Some(headers.axon)),
        (header::DENDRITE, headers.dendrite),
    ];
    for (prefix, terminal) in ends {
        for (name, text) in terminal.into_iter().flat_map(Terminal::headers) {
            put(format!("{prefix}{name}"), &text);
        }
    }
    for (field, empty) in headers.inputs {
        put(format!("{}{field}", header::INPUT), empty);
    }
    put("header_size".into(), "0");
    put("total_size".into(), &size.to_string());
    put(header::BODY_HASH.into(), EMPTY_BODY_HASH);
    reply
}

/// Lets a reply end the connection.
pub(super) fn closing(mut reply: Reply) -> Reply {
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// Text as a header value, with what cannot stand in one replaced.
fn value(text: &str) -> HeaderValue {
    let bytes: Vec<u8> = text
        .bytes()
        .map(|b| if (0x20..0x7f).contains(&b) { b } else { b'?' })
        .collect();
    HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("?"))
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let end = self.breaks_off.then_some(Err(BrokenOff));
        Poll::Ready(
            self.bytes
                .take()
                .map(|bytes| Ok(Frame::data(bytes)))
                .or(end),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && !self.breaks_off
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        SizeHint::with_exact(if self.breaks_off {
            length + 1000
        } else {
            length
        })
    }
}
