//! Who may ask.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};

use crate::receive;
use crate::refusal::Refusal;

/// A shared secret, kept as its hash: it cannot be logged, and comparing takes the same time however
/// much of a guess is right.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// The key with this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ApiKey(…)")
    }
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody who reaches the port.
    Everybody,
    /// Whoever sends `Authorization: Bearer KEY`, or `X-API-Key: KEY`.
    Key(ApiKey),
}

impl Access {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Self::Key(key) = self else {
            return true;
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(AUTHORIZATION.as_str()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        });
        // Either will do: where a provider of machines asks for a token of its own, the first is taken.
        let mut given = [bearer, text("x-api-key")].into_iter().flatten();
        given.any(|given| ApiKey::new(given.trim()) == *key)
    }
}

/// What everybody may ask for: whoever starts a container asks for its health before it has a key, and
/// the document says only what is written in it.
const PUBLIC: [&str; 2] = ["/health", "/openapi.json"];

/// Lets through who may ask.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let is_public = PUBLIC.contains(&request.uri().path());
    let refusal = if is_foreign(request.method(), request.headers()) {
        Refusal::Foreign
    } else if is_public || access.admits(request.headers()) {
        return next.run(request).await;
    } else {
        Refusal::Stranger
    };
    receive::discard(request).await;
    refusal.into()
}

/// Whether a page of another site makes somebody's browser ask for work. A server on loopback is reached by
/// every page its owner looks at, and a form needs nobody's leave to be sent.
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = headers.get(ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_none() || host != text(HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(access: &Access, name: &'static str, value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        access.admits(&headers)
    }

    #[test]
    fn pages_of_other_sites_may_not_ask_for_work() {
        let asks = |method: Method, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "127.0.0.1:10006".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            is_foreign(&method, &headers)
        };
        assert!(!asks(Method::POST, None), "no browser");
        assert!(!asks(Method::POST, Some("http://127.0.0.1:10006")));
        assert!(!asks(Method::GET, Some("https://example.com")));
        for origin in ["https://example.com", "null", "http://127.0.0.1:8080"] {
            assert!(asks(Method::POST, Some(origin)), "{origin}");
            assert!(asks(Method::DELETE, Some(origin)), "{origin}");
        }
    }

    #[test]
    fn only_the_key_opens_the_door() {
        let access = Access::Key(ApiKey::new("secret"));
        assert!(admitted(&access, "authorization", "Bearer secret"));
        assert!(admitted(&access, "authorization", "bearer  secret"));
        assert!(admitted(&access, "x-api-key", "secret"));
        for (name, value) in [
            ("authorization", "Basic secret"),
            ("authorization", "secret"),
            ("authorization", "Bearer secret2"),
            ("x-api-key", ""),
            ("x-other", "secret"),
        ] {
            assert!(!admitted(&access, name, value), "{name}: {value}");
        }
        assert!(!access.admits(&HeaderMap::new()));
        let mut both = HeaderMap::new();
        both.insert("authorization", "Bearer a provider's own".parse().unwrap());
        assert!(!access.admits(&both));
        both.insert("x-api-key", "secret".parse().unwrap());
        assert!(access.admits(&both));
        assert!(Access::Everybody.admits(&HeaderMap::new()));
        assert!(!format!("{access:?}").contains("secret"));
    }
}
