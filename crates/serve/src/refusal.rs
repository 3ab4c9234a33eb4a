//! Why a request is not answered with what it asks for.

use std::fmt;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// How long whoever finds the line full should stay away, in seconds: about one generation.
const COME_AGAIN: HeaderValue = HeaderValue::from_static("15");

/// Why not. The reason is sent as FastAPI sends it, which all these interfaces are built on:
/// `{"detail": …}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The key is missing or wrong.
    Stranger,
    /// The line is full.
    Busy,
    /// What was sent cannot be used.
    Unusable(StatusCode, String),
    /// It did not arrive in time.
    Slow,
    /// No generator made anything.
    Failed(String),
    /// The judge has not what it takes for a score.
    NotScored(String),
    /// There is no judge.
    NotJudging,
}

impl Refusal {
    /// What was sent cannot be used, as FastAPI says it.
    pub(crate) fn unusable(reason: impl fmt::Display) -> Self {
        Self::Unusable(StatusCode::UNPROCESSABLE_ENTITY, reason.to_string())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Stranger => StatusCode::UNAUTHORIZED,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Unusable(status, _) => *status,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotScored(_) | Self::NotJudging => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger => formatter.write_str("this server asks for an API key"),
            Self::Busy => formatter.write_str("the line is full"),
            Self::Slow => formatter.write_str("the request did not arrive in time"),
            Self::NotJudging => formatter.write_str("judging is off (--no-validation)"),
            Self::Unusable(_, reason) | Self::Failed(reason) | Self::NotScored(reason) => {
                formatter.write_str(reason)
            }
        }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let detail = Json(json!({ "detail": refusal.to_string() }));
        let mut response = (refusal.status(), detail).into_response();
        let headers = response.headers_mut();
        match refusal {
            Refusal::Busy => {
                headers.insert(RETRY_AFTER, COME_AGAIN);
            }
            Refusal::Stranger => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.into()
    }
}
