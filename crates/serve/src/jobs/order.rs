//! What a job is asked for with.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use judge::Prompt;
use serde::Deserialize;
use splat::{Container, OutputProfile};
use utoipa::ToSchema;

use crate::house::House;
use crate::receive::{self, LARGEST_IMAGE, Seed};
use crate::refusal::Refusal;
use crate::workshop::{LONGEST_WORK, Order};

/// What a job is asked for with: a `prompt` or an `image`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobRequest {
    /// Words, at most 1024 characters.
    #[schema(example = "red sofa")]
    prompt: Option<String>,
    /// PNG, JPEG or WebP, at most 20 MB, in base64.
    #[schema(content_encoding = "base64")]
    image: Option<String>,
    /// The seed of the first candidate: 64 bits, signed or not; a random one if it is absent.
    #[schema(value_type = Option<i64>)]
    seed: Option<Seed>,
    /// At most so many candidates, if the server makes as many.
    #[schema(minimum = 1)]
    candidates: Option<u32>,
    /// After this no further candidate is begun.
    #[schema(minimum = 0, maximum = 600)]
    budget_seconds: Option<f64>,
    /// `viewer` (upright in viewers, longest side 1) or `pull-2025` (as the 2025 validator wants it).
    #[schema(example = "viewer")]
    profile: Option<String>,
}

/// The same as a form, the image as a file.
#[derive(ToSchema)]
#[allow(dead_code)] // For the document alone: the parts are read one by one.
pub(crate) struct JobForm {
    /// Words, at most 1024 characters.
    prompt: Option<String>,
    /// PNG, JPEG or WebP, at most 20 MB.
    #[schema(format = Binary, content_media_type = "image/png")]
    image: Option<String>,
    seed: Option<i64>,
    candidates: Option<u32>,
    budget_seconds: Option<f64>,
    profile: Option<String>,
}

/// What both come to.
#[derive(Debug, Default)]
struct Asked {
    prompt: Option<String>,
    image: Option<Vec<u8>>,
    seed: Option<Seed>,
    candidates: Option<u32>,
    budget_seconds: Option<f64>,
    profile: Option<String>,
}

/// Reads and checks a request for a job of at most `most_candidates`.
pub(crate) async fn read(
    house: &House,
    request: Request,
    most_candidates: u32,
) -> Result<Order, Refusal> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let asked = if kind.to_ascii_lowercase().contains("form") {
        from_form(house, request).await?
    } else {
        let _desk = house.desk()?;
        let asked = receive::json(request).await?;
        // Base64 of a large image keeps a core busy.
        tokio::task::spawn_blocking(move || from_json(asked))
            .await
            .map_err(|error| Refusal::Failed(error.to_string()))??
    };
    checked(asked, most_candidates)
}

async fn from_form(house: &House, request: Request) -> Result<Asked, Refusal> {
    let fields = receive::fields(house, request).await?;
    Ok(Asked {
        prompt: fields.prompt,
        image: fields.image.map(Vec::from),
        seed: fields.seed,
        candidates: number("candidates", fields.candidates)?,
        budget_seconds: number("budget_seconds", fields.budget_seconds)?,
        profile: fields.profile,
    })
}

fn number<T: std::str::FromStr>(field: &str, text: Option<String>) -> Result<Option<T>, Refusal> {
    text.map(|text| {
        let parsed = text.trim().parse();
        parsed.map_err(|_| Refusal::unusable(format_args!("{field}: not such a number")))
    })
    .transpose()
}

fn from_json(request: JobRequest) -> Result<Asked, Refusal> {
    let decode = |text: String| {
        // As browsers have it at hand.
        let text = match text.strip_prefix("data:") {
            Some(url) => url.split_once(";base64,").map_or("", |(_, data)| data),
            None => &text,
        };
        let decoded = STANDARD.decode(text.trim());
        decoded.map_err(|error| Refusal::unusable(format_args!("image: not base64: {error}")))
    };
    Ok(Asked {
        prompt: request.prompt,
        image: request.image.map(decode).transpose()?,
        seed: request.seed,
        candidates: request.candidates,
        budget_seconds: request.budget_seconds,
        profile: request.profile,
    })
}

fn checked(asked: Asked, most_candidates: u32) -> Result<Order, Refusal> {
    let prompt = match (asked.prompt, asked.image) {
        (Some(text), None) => {
            receive::checked_text(&text)?;
            Prompt::Text(text)
        }
        (None, Some(image)) => {
            receive::checked_image("image", &image)?;
            Prompt::Image(image.into())
        }
        (Some(_), Some(_)) => {
            return Err(Refusal::unusable("give a prompt or an image, not both"));
        }
        (None, None) => {
            return Err(Refusal::unusable(format_args!(
                "give a prompt (text) or an image (base64 in JSON, a file in a form; at most {} MB); \
                 JSON comes with `Content-Type: application/json`",
                LARGEST_IMAGE >> 20
            )));
        }
    };
    if let Some(candidates) = asked.candidates
        && !(1..=most_candidates).contains(&candidates)
    {
        return Err(Refusal::unusable(format_args!(
            "candidates: this server makes 1 to {most_candidates}"
        )));
    }
    let longest = LONGEST_WORK.as_secs_f64();
    let budget = match asked.budget_seconds {
        None => None,
        Some(seconds) if (0.0..=longest).contains(&seconds) => {
            Some(Duration::from_secs_f64(seconds))
        }
        Some(_) => {
            return Err(Refusal::unusable(format_args!(
                "budget_seconds: not 0 to {longest}"
            )));
        }
    };
    let profile = match asked.profile.as_deref() {
        None => OutputProfile::VIEWER,
        Some(name) => OutputProfile::by_name(name).ok_or_else(|| {
            let names = OutputProfile::ALL.map(|profile| profile.name).join(" or ");
            Refusal::unusable(format_args!("profile: not {names}"))
        })?,
    };
    Ok(Order {
        prompt,
        seed: receive::seed_or_random(asked.seed),
        profile: OutputProfile {
            container: Container::Ply,
            ..profile
        },
        candidates: asked.candidates,
        budget,
    })
}
