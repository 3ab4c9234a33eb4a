//! Reading what is sent, within bounds.

use std::fmt;
use std::time::Duration;

use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::{BytesRejection, FormRejection};
use axum::extract::{Form, FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};

use crate::house::House;
use crate::refusal::Refusal;

/// A body that takes longer than this is not coming. The largest takes 100 s at 40 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much of an unwanted body is read, in bytes: whatever a usual submission has.
const DISCARDED: usize = 16 << 20;

/// The longest text prompt in characters (three-gen-subnet
/// `validation/engine/data_structures.py`).
pub(crate) const LONGEST_PROMPT: usize = 1024;

/// The largest image prompt in bytes. Validators send 1024² pictures of some 100 KB, gateways at most
/// 2 MB.
pub(crate) const LARGEST_IMAGE: usize = 20 << 20;

/// The longest value of a form's field that is not a file, in bytes: a prompt of four-byte characters.
const LONGEST_FIELD: usize = 4 * LONGEST_PROMPT;

/// The longest complaint about a request, in characters.
const LONGEST_COMPLAINT: usize = 300;

/// JSON of so many bytes is parsed where it is read.
const SMALL: usize = 64 << 10;

/// A seed: 64 bits, whatever their sign. Gateways make theirs signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seed {
    Unsigned(u64),
    Signed(i64),
}

impl Seed {
    fn bits(self) -> u64 {
        match self {
            Self::Unsigned(seed) => seed,
            Self::Signed(seed) => seed.cast_unsigned(),
        }
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let signed = || text.parse().map(Self::Signed);
        text.parse()
            .map(Self::Unsigned)
            .or_else(|_| signed())
            .map_err(|_| Refusal::unusable("seed: not a whole number of 64 bits"))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl Visitor<'_> for Whole {
            type Value = Seed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a seed: a whole number of 64 bits")
            }

            fn visit_u64<E>(self, seed: u64) -> Result<Seed, E> {
                Ok(Seed::Unsigned(seed))
            }

            fn visit_i64<E>(self, seed: i64) -> Result<Seed, E> {
                Ok(Seed::Signed(seed))
            }
        }

        deserializer.deserialize_any(Whole)
    }
}

/// The seed's bits, or a random one of 32 bits.
pub(crate) fn seed_or_random(seed: Option<Seed>) -> u64 {
    seed.map_or_else(|| rand::random::<u32>().into(), Seed::bits)
}

/// A JSON object.
pub(crate) async fn json<T: DeserializeOwned + Send + 'static>(
    request: Request,
) -> Result<T, Refusal> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        discard(request).await;
        let reason = "send JSON, with `Content-Type: application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::Unusable(status, reason.to_owned()));
    }
    let refuse = |rejection: BytesRejection| {
        Refusal::Unusable(rejection.status(), one_line(&rejection.body_text()))
    };
    let body = in_time(Bytes::from_request(request, &()))
        .await?
        .map_err(refuse)?;
    // A large one keeps a core busy for a second.
    if body.len() < SMALL {
        return parse(&body);
    }
    tokio::task::spawn_blocking(move || parse(&body))
        .await
        .map_err(|error| Refusal::Failed(error.to_string()))?
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    let mut parser = serde_json::Deserializer::from_slice(json);
    let parsed = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let place = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            Refusal::unusable(one_line(&format!("{place}: {error}")))
        } else {
            broken_json(&error)
        }
    })?;
    parser.end().map_err(|error| broken_json(&error))?;
    Ok(parsed)
}

fn broken_json(error: &serde_json::Error) -> Refusal {
    let reason = one_line(&format!("not JSON: {error}"));
    Refusal::Unusable(StatusCode::BAD_REQUEST, reason)
}

/// The fields anybody's form may have, as texts; an image is bytes.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) prompt: Option<String>,
    pub(crate) image: Option<Bytes>,
    pub(crate) seed: Option<Seed>,
    pub(crate) candidates: Option<String>,
    pub(crate) budget_seconds: Option<String>,
    pub(crate) profile: Option<String>,
}

impl Fields {
    fn set(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        match name {
            "prompt" => self.prompt = Some(value),
            "seed" => self.seed = Some(Seed::parse(&value)?),
            "candidates" => self.candidates = Some(value),
            "budget_seconds" => self.budget_seconds = Some(value),
            "profile" => self.profile = Some(value),
            _ => {}
        }
        Ok(())
    }
}

/// The fields of a form, whether it is sent as multipart or not; what nobody knows is skipped.
pub(crate) async fn fields(house: &House, request: Request) -> Result<Fields, Refusal> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_multipart = kind.to_ascii_lowercase().starts_with("multipart/");
    // So many bodies are in memory at a time, however many connections there are.
    let _desk = house.desk()?;
    in_time(async {
        if is_multipart {
            parts(request).await
        } else {
            pairs(request).await
        }
    })
    .await?
}

async fn pairs(request: Request) -> Result<Fields, Refusal> {
    let read = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let Form(pairs) = read.map_err(|rejection: FormRejection| {
        Refusal::Unusable(rejection.status(), one_line(&rejection.body_text()))
    })?;
    let mut fields = Fields::default();
    for (name, value) in pairs {
        fields.set(&name, value)?;
    }
    Ok(fields)
}

async fn parts(request: Request) -> Result<Fields, Refusal> {
    let broken =
        |error: MultipartError| Refusal::Unusable(error.status(), one_line(&error.body_text()));
    let mut parts =
        Multipart::from_request(request, &())
            .await
            .map_err(|rejection: MultipartRejection| {
                Refusal::Unusable(rejection.status(), one_line(&rejection.body_text()))
            })?;
    let mut fields = Fields::default();
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "prompt_image_file" | "image" => {
                fields.image = Some(part.bytes().await.map_err(broken)?);
            }
            "prompt" | "seed" | "candidates" | "budget_seconds" | "profile" => {
                let mut value = Vec::new();
                while let Some(chunk) = part.chunk().await.map_err(broken)? {
                    value.extend_from_slice(&chunk);
                    if value.len() > LONGEST_FIELD {
                        return Err(Refusal::unusable(format_args!("{name}: too long")));
                    }
                }
                let value = String::from_utf8(value)
                    .map_err(|_| Refusal::unusable(format_args!("{name}: not UTF-8")))?;
                fields.set(&name, value)?;
            }
            _ => {}
        }
    }
    Ok(fields)
}

/// The value of a query's parameter, the last one if there are several.
pub(crate) fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    let values = pairs.filter(|(known, _)| known == name);
    values.last().map(|(_, value)| value.into_owned())
}

/// Reads and forgets what is still on its way, within bounds: a client that is answered while it sends may
/// never see the answer.
pub(crate) async fn discard(request: Request) {
    let reading = axum::body::to_bytes(request.into_body(), DISCARDED);
    let _ = tokio::time::timeout(Duration::from_secs(5), reading).await;
}

/// Whether a text prompt is one.
pub(crate) fn checked_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        Err(Refusal::unusable("prompt: it is empty"))
    } else if text.chars().count() > LONGEST_PROMPT {
        Err(Refusal::unusable(format_args!(
            "prompt: longer than {LONGEST_PROMPT} characters"
        )))
    } else {
        Ok(())
    }
}

/// Whether an image prompt may be one; what it shows is decoded later, with bounds of its own.
pub(crate) fn checked_image(field: &str, image: &[u8]) -> Result<(), Refusal> {
    if image.is_empty() {
        Err(Refusal::unusable(format_args!("{field}: it is empty")))
    } else if image.len() > LARGEST_IMAGE {
        Err(Refusal::Unusable(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("{field}: larger than {} MB", LARGEST_IMAGE >> 20),
        ))
    } else {
        Ok(())
    }
}

/// What a parser says, without the lines it breaks it into, nor all of what it repeats.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_COMPLAINT).collect()
}

async fn in_time<T>(reading: impl Future<Output = T>) -> Result<T, Refusal> {
    tokio::time::timeout(PATIENCE, reading)
        .await
        .map_err(|_| Refusal::Slow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_64_bits_of_either_sign() {
        for (text, bits) in [
            ("7", 7),
            (" -5 ", u64::MAX - 4),
            ("18446744073709551611", u64::MAX - 4),
        ] {
            assert_eq!(Seed::parse(text).unwrap().bits(), bits);
            let from_json: Seed = serde_json::from_str(text).unwrap();
            assert_eq!(from_json.bits(), bits);
        }
        for text in ["", "1.5", "18446744073709551616", "many"] {
            assert!(Seed::parse(text).is_err(), "{text}");
            assert!(serde_json::from_str::<Seed>(text).is_err(), "{text}");
        }
    }
}
