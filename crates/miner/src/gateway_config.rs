//! Which gateway to work for, and as whom.

use std::time::Duration;

use subnet17::gateway::{self, WorkerFault};
use thiserror::Error;
use tls::Anchors;
use url::{Host, Url};

/// Places at a gateway have numbers of their own in the events: this one and up, above those of any
/// subnet's neurons.
const FIRST_PLACE: u16 = 10_000;

/// What to call the source that events name by a number: `validator 3`, or `gateway place 0`.
#[must_use]
pub fn source_name(uid: u16) -> String {
    match uid.checked_sub(FIRST_PLACE) {
        None => format!("validator {uid}"),
        Some(place) => format!("gateway place {place}"),
    }
}

/// The same for a narrow column: `3`, or `gw0`.
#[must_use]
pub fn short_source_name(uid: u16) -> String {
    match uid.checked_sub(FIRST_PLACE) {
        None => uid.to_string(),
        Some(place) => format!("gw{place}"),
    }
}

/// A gateway of the subnet, as a source of tasks.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    url: Url,
    /// What this worker is called; clients are shown it.
    pub worker_id: String,
    /// With tags, only tasks for one of them are handed out; without, only tasks for no tag.
    pub worker_tags: Vec<String>,
    /// The gateway's names for what we can make.
    pub models: Vec<String>,
    /// From one question to the next while there are no tasks.
    pub poll: Duration,
    /// How long a client's order lives.
    pub task_lifetime: Duration,
    /// For this long after a task was handed out, more time spent on it is taken to cost nothing.
    pub budget: Duration,
    /// Whose certificates are trusted beside those of the authorities that browsers trust.
    pub anchors: Anchors,
}

/// Why a gateway cannot be worked for as it was named.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GatewayError {
    /// No address.
    #[error("not an address: {0}")]
    Address(#[from] url::ParseError),
    /// Neither HTTP nor HTTPS.
    #[error("its scheme is {0}, not https or http")]
    Scheme(String),
    /// A user name or password, a query or a fragment.
    #[error("it holds more than a host, a port and a path")]
    Extra,
    /// A worker's name that cannot be one.
    #[error("the worker's name {0}")]
    Worker(WorkerFault),
    /// A tag that cannot be one.
    #[error("the tag {0:?} {1}")]
    Tag(String, WorkerFault),
}

impl GatewayConfig {
    /// The gateway at `url`, perhaps with a path its routes lie behind.
    ///
    /// # Errors
    /// When it is no plain HTTP or HTTPS address.
    pub fn new(url: &str) -> Result<Self, GatewayError> {
        let mut url = Url::parse(url.trim())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(GatewayError::Scheme(url.scheme().to_owned()));
        }
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_plain || url.host().is_none() {
            return Err(GatewayError::Extra);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self {
            url,
            worker_id: "splatsmith".to_owned(),
            worker_tags: Vec::new(),
            models: vec![gateway::SPLAT_MODEL.to_owned()],
            poll: Duration::from_secs(2),
            task_lifetime: gateway::TASK_LIFETIME,
            budget: Duration::from_secs(30),
            anchors: Anchors::default(),
        })
    }

    /// Calls the worker `name`.
    ///
    /// # Errors
    /// When the gateway or a screen could not take it.
    pub fn with_worker_id(mut self, name: &str) -> Result<Self, GatewayError> {
        self.worker_id = gateway::worker_id(name).map_err(GatewayError::Worker)?;
        Ok(self)
    }

    /// Asks for tasks with one of `tags` only.
    ///
    /// # Errors
    /// When one is not what the gateway takes for a tag.
    pub fn with_worker_tags(mut self, tags: &[String]) -> Result<Self, GatewayError> {
        self.worker_tags = tags
            .iter()
            .map(|tag| {
                gateway::worker_tag(tag).map_err(|fault| GatewayError::Tag(tag.clone(), fault))
            })
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Whether the connection is encrypted. A signature seen on the way can be used by others for
    /// half a minute.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it is on this machine, and so a test.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// The number that stands for a place in the events.
    pub(crate) fn uid(place: u16) -> u16 {
        FIRST_PLACE.saturating_add(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_taken() {
        for (text, address) in [
            ("https://gateway.example/", "https://gateway.example"),
            (" http://10.0.0.1:4443/v1/ ", "http://10.0.0.1:4443/v1"),
        ] {
            assert_eq!(GatewayConfig::new(text).unwrap().address(), address);
        }
        for text in [
            "gateway.example",
            "ftp://gateway.example",
            "https://me:secret@gateway.example",
            "https://gateway.example/?a=1",
            "https://gateway.example/#a",
            "",
        ] {
            let error = GatewayConfig::new(text).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_is_local_and_what_is_encrypted() {
        let of = |text| {
            let config = GatewayConfig::new(text).unwrap();
            (config.is_local(), config.is_encrypted())
        };
        assert_eq!(of("http://127.0.0.1:1"), (true, false));
        assert_eq!(of("http://[::1]:1"), (true, false));
        assert_eq!(of("https://localhost"), (true, true));
        assert_eq!(of("https://localhost.example"), (false, true));
    }

    #[test]
    fn places_are_told_from_validators() {
        assert_eq!(
            (source_name(3), short_source_name(3)),
            ("validator 3".to_owned(), "3".to_owned())
        );
        let place = GatewayConfig::uid(2);
        assert_eq!(source_name(place), "gateway place 2");
        assert_eq!(short_source_name(place), "gw2");
    }

    #[test]
    fn names_and_tags_are_checked() {
        let config = || GatewayConfig::new("https://gateway.example").unwrap();
        config().with_worker_id("two words").unwrap_err();
        let tags = ["GPU-1".to_owned(), "b a d".to_owned()];
        let error = config().with_worker_tags(&tags).unwrap_err();
        assert!(error.to_string().contains("b a d"), "{error}");
        let config = config().with_worker_tags(&tags[..1]).unwrap();
        assert_eq!(config.worker_tags, ["gpu-1"]);
    }
}
