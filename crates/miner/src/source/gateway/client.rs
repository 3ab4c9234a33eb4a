//! HTTP to a gateway: one request, one bounded answer, no redirects, no retries.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use hyper::{HeaderMap, Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tls::{Anchors, Distrust, distrust};

use crate::clock::{self, UnixMillis};
use crate::error::MinerError;

/// More than this of an answer is not read. One task with an image of 2 MiB in base64 is 3 MiB.
const LARGEST_ANSWER: usize = 16 << 20;
/// Of an answer that says no, more than this is not read.
const LARGEST_REFUSAL: usize = 16 << 10;
/// Nobody means a longer pause than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How far a gateway's clock is believed to be from ours. What we sign says what time it is: a
/// gateway that claims to live in the future shall not collect signatures for then.
const LARGEST_OFFSET: UnixMillis = 300_000;

/// A client of one gateway.
pub(super) struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    /// How far the gateway's clock is ahead of ours, in milliseconds, at least.
    offset: AtomicI64,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    /// When to come again, if it says so.
    pub retry_after: Option<Duration>,
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Silence {
    /// Not reached: the request was certainly not seen.
    NotSent(String),
    /// Reached, and then nothing, or nothing whole, or too much.
    NoAnswer(String),
}

impl Silence {
    pub(super) fn reason(self) -> String {
        match self {
            Self::NotSent(reason) | Self::NoAnswer(reason) => reason,
        }
    }
}

impl Client {
    /// A client of the gateway at `base`, an address without a slash at its end. Over `https://` the
    /// gateway must show a certificate of one of `anchors` or of an authority that browsers trust.
    pub(super) fn new(base: &str, anchors: &Anchors) -> Result<Self, MinerError> {
        let tls = tls::client(anchors).map_err(|error| MinerError::Client(error.to_string()))?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = HttpClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // A gateway's own idle time-out is 4 s and more (`max_idle_timeout_sec`).
            .pool_idle_timeout(Duration::from_secs(3))
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self {
            http,
            base: base.to_owned(),
            offset: AtomicI64::new(0),
        })
    }

    /// Posts `body` to `path`, all within `timeout`.
    pub(super) async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: Bytes,
        timeout: Duration,
    ) -> Result<Reply, Silence> {
        let uri: Uri = format!("{}{path}", self.base)
            .parse()
            .map_err(|error| Silence::NotSent(format!("{error}")))?;
        let request = Request::post(uri)
            .header(CONTENT_TYPE, content_type)
            .body(Full::new(body))
            .map_err(|error| Silence::NotSent(error.to_string()))?;
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| {
                if error.is_connect() {
                    Silence::NotSent(describe(&error))
                } else {
                    Silence::NoAnswer(describe(&error))
                }
            })?;
            self.read(response).await
        };
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(Silence::NoAnswer(format!(
                    "no answer in {} s",
                    timeout.as_secs_f64()
                )))
            })
    }

    /// The time on the gateway's clock, as far as its answers tell, in Unix seconds. Rather a second
    /// or two early than early by any: a signature from the future is refused.
    pub(super) fn gateway_time(&self) -> u64 {
        const EARLY: UnixMillis = 2000;
        let now = clock::now() + self.offset.load(Ordering::Relaxed) - EARLY;
        u64::try_from(now / 1000).unwrap_or(0)
    }

    /// How far the gateway's clock is ahead of ours, in seconds.
    pub(super) fn offset_seconds(&self) -> i64 {
        self.offset.load(Ordering::Relaxed) / 1000
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Reply, Silence> {
        let status = response.status().as_u16();
        self.learn_time(response.headers());
        let retry_after = retry_after(response.headers());
        let limit = if status == 200 {
            LARGEST_ANSWER
        } else {
            LARGEST_REFUSAL
        };
        match Limited::new(response.into_body(), limit).collect().await {
            Ok(body) => Ok(Reply {
                status,
                body: body.to_bytes().into(),
                retry_after,
            }),
            // The status has said what matters; losing the words over it changes nothing.
            Err(_) if status != 200 => Ok(Reply {
                status,
                body: Vec::new(),
                retry_after,
            }),
            Err(error) if error.is::<LengthLimitError>() => Err(Silence::NoAnswer(format!(
                "an answer of more than {limit} bytes"
            ))),
            Err(error) => Err(Silence::NoAnswer(format!("the answer broke off: {error}"))),
        }
    }

    /// A `date` header is cut to the second and as old as the way here: the gateway's clock shows at
    /// least that much now.
    fn learn_time(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let Some(date) = date.and_then(|text| httpdate::parse_http_date(text).ok()) else {
            return;
        };
        let Ok(date) = date.duration_since(SystemTime::UNIX_EPOCH) else {
            return;
        };
        let offset = clock::millis(date) - clock::now();
        let offset = offset.clamp(-LARGEST_OFFSET, LARGEST_OFFSET);
        // Two clocks that agree seem up to a second apart.
        let offset = if (-1500..=0).contains(&offset) {
            0
        } else {
            offset
        };
        self.offset.store(offset, Ordering::Relaxed);
    }
}

/// Seconds or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO),
    };
    Some(pause.min(LONGEST_PAUSE))
}

/// An error with its causes, fit for a terminal.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    if let Some(distrust) = distrust(error) {
        (text, cause) = (distrust.to_string(), None);
        if distrust == Distrust::Stranger {
            text.push_str("; if you trust it, name its authority with --gateway.ca");
        }
    }
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: hyper::header::HeaderName, value: &str) -> HeaderMap {
        [(name, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_and_never_forever() {
        let of = |value: &str| retry_after(&headers(RETRY_AFTER, value));
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("99999999999"), Some(LONGEST_PAUSE));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        let pause = of(&soon).unwrap().as_secs();
        assert!((55..=60).contains(&pause), "{pause}");
        assert_eq!(of("Fri, 01 Jan 1999 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(of("soon"), None);
        assert_eq!(of("-1"), None);
    }

    #[test]
    fn the_gateway_s_clock_is_followed_within_reason_and_signatures_are_never_early() {
        let client = Client::new("http://127.0.0.1:1", &Anchors::default()).unwrap();
        let now = || u64::try_from(clock::now() / 1000).unwrap();
        let told = |ahead: i64| {
            let seconds = now().checked_add_signed(ahead).unwrap();
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            client.learn_time(&headers(DATE, &httpdate::fmt_http_date(date)));
            client.gateway_time().cast_signed() - now().cast_signed() - ahead
        };
        for ahead in [0, -100, 100] {
            let early = told(ahead);
            assert!((-4..=-1).contains(&early), "{ahead}: {early}");
        }
        told(1_000_000);
        assert!(client.offset_seconds() <= 300);
        client.learn_time(&headers(DATE, "yesterday"));
        assert!(client.offset_seconds() <= 300);
    }
}
