//! Fetching the images that a batch names.
//!
//! Whoever asks names the addresses: they are fetched within bounds, from public addresses unless the
//! operator allows others, and nothing is told of an answer but its status.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bittensor::AddressPolicy;
use judge::Prompt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use tls::Anchors;
use url::{Host, Url};

use crate::receive::LARGEST_IMAGE;

/// The longest time to a connection.
const CONNECTING: Duration = Duration::from_secs(10);

/// The longest time for one image.
const FETCHING: Duration = Duration::from_secs(60);

/// Storage answers by itself, or from one place further.
const REDIRECTS: usize = 3;

/// Waits between attempts, of which there is one more.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Fetches images.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    client: Client,
    policy: AddressPolicy,
}

/// Why there is no fetcher.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] tls::Error),
    /// The HTTP client refuses its settings.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why there is no image.
struct NoImage {
    reason: String,
    is_retryable: bool,
}

impl NoImage {
    fn permanent(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_retryable: false,
        }
    }
}

impl Fetcher {
    pub(crate) fn new(policy: AddressPolicy, anchors: &Anchors) -> Result<Self, FetcherError> {
        let redirects = Policy::custom(move |attempt| {
            if attempt.previous().len() > REDIRECTS {
                return attempt.error("it redirects too often");
            }
            match checked(attempt.url(), policy) {
                Ok(()) => attempt.follow(),
                Err(reason) => attempt.error(reason),
            }
        });
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client(anchors)?)
            .no_proxy()
            .redirect(redirects)
            .dns_resolver(Arc::new(Resolver(policy)))
            .connect_timeout(CONNECTING)
            .timeout(FETCHING)
            .build()?;
        Ok(Self { client, policy })
    }

    /// The image at `address`, as a prompt that can be decoded.
    ///
    /// # Errors
    /// Why there is none, in one line.
    pub(crate) async fn image(&self, address: &str) -> Result<Prompt, String> {
        let url = Url::parse(address).map_err(|error| format!("image_url: {error}"))?;
        checked(&url, self.policy).map_err(|reason| format!("image_url: {reason}"))?;
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.attempt(url.clone()).await {
                Ok(prompt) => return Ok(prompt),
                Err(no_image) => match pauses.next().filter(|_| no_image.is_retryable) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(format!("image download failed: {}", no_image.reason)),
                },
            }
        }
    }

    async fn attempt(&self, url: Url) -> Result<Prompt, NoImage> {
        let response = self.client.get(url).send().await.map_err(broken)?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(NoImage {
                reason: format!("it answers {status}"),
                is_retryable: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
            });
        }
        let bytes = read(response).await?;
        let prompt = Prompt::Image(bytes.into());
        let is_readable = {
            let prompt = prompt.clone();
            tokio::task::spawn_blocking(move || prompt.is_readable())
        };
        if is_readable.await.unwrap_or(false) {
            Ok(prompt)
        } else {
            Err(NoImage::permanent(
                "it is no PNG, JPEG or WebP that can be read",
            ))
        }
    }
}

/// The body, within bounds: memory grows with what arrives.
async fn read(mut response: Response) -> Result<Vec<u8>, NoImage> {
    let too_large = || NoImage::permanent(format!("it is larger than {} MB", LARGEST_IMAGE >> 20));
    let announced = response.content_length();
    if announced.is_some_and(|length| length > LARGEST_IMAGE as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > LARGEST_IMAGE {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn broken(error: reqwest::Error) -> NoImage {
    let is_retryable = !error.is_redirect() && !error.is_builder();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let reason = if error.is_timeout() {
        "it takes too long".to_owned()
    } else {
        cause.to_string()
    };
    NoImage {
        reason,
        is_retryable,
    }
}

/// Whether an address may be asked: names are looked up later, and checked then.
fn checked(url: &Url, policy: AddressPolicy) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is {}, not http or https", url.scheme()));
    }
    let ip: IpAddr = match url.host() {
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => ip.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err("it names no host".to_owned()),
    };
    policy.check(ip).map_err(|refusal| refusal.to_string())
}

/// Looks names up, and answers with the addresses that may be asked: what is checked is what is
/// connected to.
struct Resolver(AddressPolicy);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found {
                match policy.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(refusal) => refused = Some(refusal),
                }
            }
            match refused {
                Some(refusal) if allowed.is_empty() => Err(refusal.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, allow_private: bool) -> Result<(), String> {
        let policy = AddressPolicy { allow_private };
        checked(&Url::parse(url).unwrap(), policy)
    }

    #[test]
    fn neighbours_are_not_knocked_at() {
        for url in [
            "http://127.0.0.1/x.png",
            "http://169.254.169.254/latest/meta-data",
            "http://10.0.0.1:8080/",
            "http://[::1]/",
            "http://2130706433/",
        ] {
            assert!(
                check(url, false).unwrap_err().contains("not a public"),
                "{url}"
            );
            assert!(check(url, true).is_ok(), "{url}");
        }
        assert!(check("https://93.184.216.34/x.png", false).is_ok());
        for url in [
            "file:///etc/passwd",
            "ftp://host/x",
            "data:image/png;base64,",
        ] {
            assert!(check(url, true).unwrap_err().contains("scheme"), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_for_a_neighbour_is_none_either() {
        let fetcher = Fetcher::new(AddressPolicy::default(), &Anchors::default()).unwrap();
        let refused = fetcher.attempt(Url::parse("http://localhost:1/x").unwrap());
        let reason = refused.await.map(drop).unwrap_err().reason;
        assert!(reason.contains("loopback"), "{reason}");
    }
}
