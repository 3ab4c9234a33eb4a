//! Who may ask.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};

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
        let bearer = headers.get(AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| token.trim().to_owned())
        });
        let plain = || {
            let value = headers.get("x-api-key")?;
            Some(value.to_str().ok()?.trim().to_owned())
        };
        let given = bearer.or_else(plain);
        given.is_some_and(|given| ApiKey::new(&given) == *key)
    }
}

/// Lets through who may ask. Health is everybody's: whoever starts a container asks before it has a
/// key.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/health" || access.admits(request.headers()) {
        next.run(request).await
    } else {
        Refusal::Stranger.into()
    }
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
        assert!(Access::Everybody.admits(&HeaderMap::new()));
        assert!(!format!("{access:?}").contains("secret"));
    }
}
