//! The client: one request at a time, every redirect looked at.
//!
//! The `hf-hub` crate gives paths and names here, but not the transfer: its download has no bound on
//! what a server may make it write, appends to a part whatever answer comes, and joins a server's
//! ETag to a path as it stands.

use std::net::IpAddr;
use std::time::Duration;

use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body};
use url::{Host, Url};

use super::places::is_etag;

/// How long a server may take to accept a connection, and to begin to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a connection may bring nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// How many redirects are followed. The hub takes two: to a renamed repository, and to its storage.
const REDIRECTS: usize = 6;

/// What a server did that ends a request.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Which server.
    pub(super) host: String,
    /// What it did, in words.
    pub(super) what: String,
    /// Whether trying again may help.
    pub(super) passing: bool,
}

/// What the hub says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// The commit it is of.
    pub(super) commit: String,
    /// By what its content is named: its SHA-256 where it is large, else its git hash.
    pub(super) etag: String,
    /// Its size in bytes.
    pub(super) size: Option<u64>,
}

/// An HTTP client that sends a token to one host only.
#[derive(Debug, Clone)]
pub(super) struct Client {
    agent: Agent,
    token: Option<(String, String)>,
}

impl Client {
    /// `token` goes to the origin of `endpoint` alone, and only where nobody can read it on the way.
    pub(super) fn new(endpoint: &Url, token: Option<&str>, silence: Duration) -> Self {
        let mut config = Agent::config_builder();
        if is_loopback(endpoint) {
            // A proxy's loopback is not ours.
            config = config.proxy(None);
        }
        let agent = config
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("splatsmith/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(PATIENCE.min(silence)))
            .timeout_recv_response(Some(PATIENCE.min(silence)))
            .timeout_per_read(Some(silence))
            .build()
            .new_agent();
        let token = token
            .filter(|_| is_private(endpoint))
            .map(|token| (origin(endpoint), format!("Bearer {token}")));
        Self { agent, token }
    }

    /// How long a connection may bring nothing, unless told otherwise.
    pub(super) const SILENCE: Duration = SILENCE;

    /// Asks for `url` from byte `start`, through redirects.
    pub(super) fn get(&self, url: &Url, start: u64) -> Result<(Url, Response<Body>), Trouble> {
        self.follow(
            url,
            |url| {
                let request = self.with_token(self.agent.get(url.as_str()), url);
                let request = if start > 0 {
                    request.header("Range", format!("bytes={start}-"))
                } else {
                    request
                };
                request.call()
            },
            |_| false,
        )
    }

    /// Asks what `url` is, through redirects up to the answer that knows.
    pub(super) fn head(&self, url: &Url) -> Result<(Url, Response<Body>), Trouble> {
        let knows = |headers: &HeaderMap| headers.contains_key("x-repo-commit");
        self.follow(
            url,
            |url| self.with_token(self.agent.head(url.as_str()), url).call(),
            knows,
        )
    }

    fn with_token<B>(
        &self,
        request: ureq::RequestBuilder<B>,
        url: &Url,
    ) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some((host, token)) if *host == origin(url) => request.header("Authorization", token),
            _ => request,
        }
    }

    fn follow(
        &self,
        url: &Url,
        ask: impl Fn(&Url) -> Result<Response<Body>, ureq::Error>,
        enough: impl Fn(&HeaderMap) -> bool,
    ) -> Result<(Url, Response<Body>), Trouble> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let answer = ask(&url).map_err(|error| Trouble {
                host: host(&url),
                what: in_words(&error),
                passing: is_passing(&error),
            })?;
            if !answer.status().is_redirection() || enough(answer.headers()) {
                return Ok((url, answer));
            }
            url = next(&url, answer.headers()).map_err(|what| Trouble {
                host: host(&url),
                what: what.to_owned(),
                passing: false,
            })?;
        }
        Err(Trouble {
            host: host(&url),
            what: format!("redirects more than {REDIRECTS} times"),
            passing: false,
        })
    }
}

/// Where a redirect leads.
fn next(from: &Url, headers: &HeaderMap) -> Result<Url, &'static str> {
    let location = headers
        .get("location")
        .and_then(|location| location.to_str().ok())
        .ok_or("redirects to nowhere")?;
    let to = from
        .join(location)
        .map_err(|_| "redirects to what is no address")?;
    match (from.scheme(), to.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(to),
        ("https", "http") => Err("redirects from https to http"),
        _ => Err("redirects to what is neither http nor https"),
    }
}

/// What the hub says about a file in the headers of its answer.
pub(super) fn about(headers: &HeaderMap) -> Result<About, &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let etag = text("x-linked-etag")
        .or_else(|| text("etag"))
        .ok_or("names no ETag")?
        .trim_start_matches("W/")
        .trim_matches('"');
    if !is_etag(etag) {
        return Err("names an ETag that is no hash");
    }
    let commit = text("x-repo-commit").ok_or("names no commit")?;
    if !super::manifest::is_commit(commit) {
        return Err("names a commit that is no hash");
    }
    let size = text("x-linked-size").or_else(|| {
        let moved = headers.contains_key("location");
        text("content-length").filter(|_| !moved)
    });
    Ok(About {
        commit: commit.to_owned(),
        etag: etag.to_owned(),
        size: size
            .map(|size| size.parse().map_err(|_| "states a size that is no number"))
            .transpose()?,
    })
}

/// Why the hub refuses, where it says so (`X-Error-Code`).
pub(super) fn refusal(status: StatusCode, headers: &HeaderMap, revision: &str) -> Option<String> {
    let code = headers
        .get("x-error-code")
        .and_then(|code| code.to_str().ok());
    match (status.as_u16(), code) {
        (404, Some("RevisionNotFound")) => Some(format!("revision {revision} of it")),
        (404, Some("RepoNotFound")) => Some("such repository".to_owned()),
        (404, _) => Some(format!("such file at {revision}")),
        _ => None,
    }
}

/// The host of `url`, with its port where that says something.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("nowhere");
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether nobody between can read what is sent there.
fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_passing(error: &ureq::Error) -> bool {
    matches!(
        error,
        ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::Protocol(_)
            | ureq::Error::HostNotFound
    )
}

fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "it cannot be reached".to_owned(),
        error => error.to_string().replace('\n', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("an address")
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| {
                (
                    ureq::http::HeaderName::from_static(name),
                    value.parse().expect("a value"),
                )
            })
            .collect()
    }

    #[test]
    fn redirects_stay_on_the_web_and_never_lose_their_secrecy() {
        let to = |from: &str, location: &str| {
            next(&url(from), &headers(&[("location", location)])).map(|url| url.to_string())
        };
        assert_eq!(to("https://a/b/c", "../d"), Ok("https://a/d".to_owned()));
        assert_eq!(to("http://a/", "https://b/"), Ok("https://b/".to_owned()));
        for (from, location) in [
            ("https://a/", "http://a/"),
            ("http://a/", "file:///etc/passwd"),
            ("https://a/", "http://["),
        ] {
            assert!(to(from, location).is_err(), "{from} to {location}");
        }
        assert!(next(&url("https://a/"), &HeaderMap::new()).is_err());
    }

    #[test]
    fn a_token_goes_where_nobody_else_reads_it() {
        for (endpoint, sent) in [
            ("https://huggingface.co", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://hub.example", false),
        ] {
            let client = Client::new(&url(endpoint), Some("t"), SILENCE);
            assert_eq!(client.token.is_some(), sent, "{endpoint}");
        }
    }

    #[test]
    fn headers_that_would_name_other_files_are_refused() {
        let commit = "a".repeat(40);
        let about = |etag: &str, commit: &str| {
            about(&headers(&[
                ("etag", etag),
                ("x-repo-commit", commit),
                ("content-length", "7"),
            ]))
        };
        let good = about("\"0f0f\"", &commit).expect("understood");
        assert_eq!((good.etag.as_str(), good.size), ("0f0f", Some(7)));
        assert!(about("\"../../x\"", &commit).is_err());
        assert!(about("\"0f0f\"", "../../x").is_err());
        assert!(about("W/\"0f\"", &commit).is_ok());
    }
}
