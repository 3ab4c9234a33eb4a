//! A cloud as the body of an answer, with what is known of it in the headers.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Response};
use bytes::Bytes;
use generate::best_of::Chosen;

const VERDICT: HeaderName = HeaderName::from_static("x-splatsmith-verdict");
const SCORE: HeaderName = HeaderName::from_static("x-splatsmith-score");
const SEED: HeaderName = HeaderName::from_static("x-splatsmith-seed");

/// What is known of a cloud: whoever asked for one gets the best there is, and decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    /// `pass`, `fail` or `unjudged`.
    pub(crate) verdict: &'static str,
    pub(crate) score: Option<f64>,
    pub(crate) seed: u64,
}

impl Known {
    pub(crate) fn of(chosen: &Chosen) -> Self {
        Self {
            verdict: match &chosen.verdict {
                Some(verdict) if verdict.pass => "pass",
                Some(_) => "fail",
                None => "unjudged",
            },
            score: chosen.verdict.as_ref().and_then(|verdict| verdict.score),
            seed: chosen.candidate.seed,
        }
    }

    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(VERDICT, HeaderValue::from_static(self.verdict));
        headers.insert(SEED, self.seed.into());
        let score = self.score.map(|score| format!("{score:.4}"));
        if let Some(score) = score.and_then(|score| HeaderValue::from_str(&score).ok()) {
            headers.insert(SCORE, score);
        }
    }
}

/// The asset. The head of the answer goes out now that there is a body, and not before.
pub(crate) fn asset(bytes: Bytes, known: &Known) -> Response<Body> {
    let mut response = typed(bytes, "application/octet-stream");
    known.describe(response.headers_mut());
    response
}

/// Bytes of a kind.
pub(crate) fn typed(bytes: Bytes, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
