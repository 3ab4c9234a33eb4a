//! Why a request is not answered with what it asks for.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why not. The reason is sent as FastAPI sends it, which all these interfaces are built on:
/// `{"detail": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The key is missing or wrong.
    Stranger,
    /// A page of another site asks through somebody's browser.
    Foreign,
    /// There is nothing at this path, or no longer.
    Missing(String),
    /// Not in this state.
    Conflict(String),
    /// The line is full; when to come again.
    Busy(Duration),
    /// What was made waits for readers who do not come.
    Unread,
    /// The generators are being made ready.
    WarmingUp,
    /// The server is about to end.
    Closing,
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

/// What a refusal says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Detail {
    /// Why, in one line.
    #[schema(example = "the line is full")]
    pub(crate) detail: String,
}

impl Refusal {
    /// What was sent cannot be used, as FastAPI says it.
    pub(crate) fn unusable(reason: impl fmt::Display) -> Self {
        Self::Unusable(StatusCode::UNPROCESSABLE_ENTITY, reason.to_string())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Stranger => StatusCode::UNAUTHORIZED,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unusable(status, _) => *status,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unread
            | Self::WarmingUp
            | Self::Closing
            | Self::NotScored(_)
            | Self::NotJudging => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// When it may be worth asking again.
    fn again_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(time) => Some(*time),
            Self::WarmingUp => Some(Duration::from_secs(10)),
            Self::Unread => Some(Duration::from_secs(15)),
            Self::Closing => Some(Duration::from_secs(60)),
            // Until somebody fetches networks, or starts the server anew.
            Self::NotScored(_) | Self::NotJudging => Some(Duration::from_secs(3600)),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger => formatter.write_str(
                "this server asks for an API key: send `Authorization: Bearer KEY` or `X-API-Key: KEY`",
            ),
            Self::Foreign => {
                formatter.write_str("a page of another site may not ask: its Origin is not this host")
            }
            Self::Busy(_) => formatter.write_str("the line is full"),
            Self::Unread => {
                formatter.write_str("what was made already waits for readers: fetch it, or come again")
            }
            Self::WarmingUp => formatter.write_str("the generators are being made ready"),
            Self::Closing => formatter.write_str("the server is about to end and takes nothing new"),
            Self::Slow => formatter.write_str("the request did not arrive in time"),
            Self::NotJudging => formatter.write_str("judging is off (--no-validation)"),
            Self::Missing(reason)
            | Self::Conflict(reason)
            | Self::Unusable(_, reason)
            | Self::Failed(reason)
            | Self::NotScored(reason) => formatter.write_str(reason),
        }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let mut response = (refusal.status(), Json(Detail { detail })).into_response();
        let headers = response.headers_mut();
        if let Some(time) = refusal.again_after() {
            headers.insert(RETRY_AFTER, time.as_secs().max(1).into());
        }
        if refusal == Refusal::Stranger {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.into()
    }
}
