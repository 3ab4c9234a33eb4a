//! The validators' own validation service (three-gen-subnet `validation/server/app.py`, version 2.4.0),
//! quirk for quirk: a validator's operator could run this in its place.
//!
//! Whatever goes wrong with a submission is a score of 0 there, and here. What is *not* a score of 0 is
//! a judge that lacks its networks: then nobody knows, and the answer is 503, which a validator takes
//! for a failed validation that costs the miner nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use judge::{Assessment, Judge, JudgeConfig, Part, Prompt};
use render::Image;
use serde::{Deserialize, Serialize};
use splat::Cloud;
use utoipa::ToSchema;

use crate::house::House;
use crate::line::{Line, Turn};
use crate::receive::{self, LONGEST_PROMPT};
use crate::refusal::{Detail, Refusal};

/// What the service says it is (`app.version`).
const VERSION: &str = "2.4.0";

/// The view of a single preview (`FRONT_VIEW_IDX`).
const FRONT: usize = 1;

/// When to come again if the line is full: one judgement with all networks on a few cores.
const COME_AGAIN: Duration = Duration::from_secs(15);

/// As Python decodes base64 unless told to validate it, padded or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The judge and the line before it.
pub(crate) struct Court {
    /// One at a time, as in the original: judging keeps all cores busy.
    line: Line,
    /// `None` if judging is off.
    judge: Option<Arc<Judge>>,
    /// For pictures alone: it needs no network.
    draughtsman: Arc<Judge>,
}

impl Court {
    pub(crate) fn new(judge: Option<Arc<Judge>>, waiting: usize) -> Self {
        Self {
            line: Line::new(1, waiting),
            judge,
            draughtsman: Arc::new(Judge::new(JudgeConfig::default())),
        }
    }

    /// Waits for a turn, before the body is read: bodies are large, and only those in turn are kept in
    /// memory. If the line is full, the body of `request` is read and forgotten.
    async fn turn(&self, request: Request) -> Result<(Turn, Request), Refusal> {
        let turn = match self.line.place() {
            Some(place) => place.turn().await,
            None => None,
        };
        match turn {
            Some(turn) => Ok((turn, request)),
            None => {
                receive::discard(request).await;
                Err(Refusal::Busy(COME_AGAIN))
            }
        }
    }
}

/// `ValidationRequest` in `validation/engine/data_structures.py`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Validation {
    /// Words; for `/validate_txt_to_3d_ply/`.
    #[serde(default)]
    prompt: Option<String>,
    /// An image in base64; for `/validate_img_to_3d_ply/`.
    #[serde(default)]
    prompt_image: Option<String>,
    /// The asset in base64, at most 500 MB.
    data: String,
    /// 0 for PLY, 2 for the subnet's SPZ.
    #[serde(default)]
    compression: i64,
    #[serde(default, alias = "generate_preview")]
    generate_single_preview: bool,
    #[serde(default)]
    generate_grid_preview: bool,
    #[serde(default = "preview_threshold")]
    preview_score_threshold: f64,
}

fn preview_threshold() -> f64 {
    0.6
}

/// `RenderRequest`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Drawing {
    /// Not looked at.
    #[serde(default)]
    prompt: Option<String>,
    /// The asset in base64, at most 500 MB.
    data: String,
    /// 0 for PLY, 2 for the subnet's SPZ.
    #[serde(default)]
    compression: i64,
}

/// `ValidationResponse`, by its aliases.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Score {
    score: f64,
    iqa: f64,
    alignment_score: f64,
    ssim: f64,
    lpips: f64,
    preview: Option<String>,
    grid_preview: Option<String>,
}

/// Scores an asset against words, as the 2025 validator does.
#[utoipa::path(
    post, path = "/validate_txt_to_3d_ply/", tag = "validation service",
    request_body = Validation,
    responses(
        (status = 200, description = "the score; 0 for whatever is wrong with the submission", body = Score),
        (status = 400, description = "not JSON", body = Detail),
        (status = 408, description = "the request did not arrive in time", body = Detail),
        (status = 413, description = "the request is too large", body = Detail),
        (status = 415, description = "not JSON", body = Detail),
        (status = 422, description = "not such an object", body = Detail),
        (status = 429, description = "the line is full; see Retry-After", body = Detail),
        (status = 500, description = "judging broke off", body = Detail),
        (status = 503, description = "networks for a score are missing, judging is off, warming up, or ending; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn text(
    State(house): State<Arc<House>>,
    request: Request,
) -> Result<Json<Score>, Refusal> {
    validate(&house, request, |validation| {
        validation.prompt.take().map(Prompt::Text)
    })
    .await
}

/// Scores an asset against an image, as the 2025 validator does.
#[utoipa::path(
    post, path = "/validate_img_to_3d_ply/", tag = "validation service",
    request_body = Validation,
    responses(
        (status = 200, description = "the score; 0 for whatever is wrong with the submission", body = Score),
        (status = 400, description = "not JSON", body = Detail),
        (status = 408, description = "the request did not arrive in time", body = Detail),
        (status = 413, description = "the request is too large", body = Detail),
        (status = 415, description = "not JSON", body = Detail),
        (status = 422, description = "not such an object", body = Detail),
        (status = 429, description = "the line is full; see Retry-After", body = Detail),
        (status = 500, description = "judging broke off", body = Detail),
        (status = 503, description = "networks for a score are missing, judging is off, warming up, or ending; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn image(
    State(house): State<Arc<House>>,
    request: Request,
) -> Result<Json<Score>, Refusal> {
    validate(&house, request, |validation| {
        let mut text = validation.prompt_image.take()?;
        text.retain(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'));
        Some(Prompt::Image(LENIENT.decode(text).ok()?.into()))
    })
    .await
}

/// Draws the four views that a duel is judged by.
#[utoipa::path(
    post, path = "/render_duel_view/", tag = "validation service",
    request_body = Drawing,
    responses(
        (status = 200, description = "a PNG of 1041×1041 pixels", content_type = "image/png", body = Vec<u8>),
        (status = 400, description = "not JSON, or no such compression", body = Detail),
        (status = 408, description = "the request did not arrive in time", body = Detail),
        (status = 413, description = "the request is too large", body = Detail),
        (status = 415, description = "not JSON", body = Detail),
        (status = 422, description = "not such an object", body = Detail),
        (status = 429, description = "the line is full; see Retry-After", body = Detail),
        (status = 500, description = "the asset cannot be drawn", body = Detail),
        (status = 503, description = "warming up, or ending; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn duel_view(
    State(house): State<Arc<House>>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let (court, request) = house.court_for(request).await?;
    let (turn, request) = court.turn(request).await?;
    let drawing: Drawing = receive::json(request).await?;
    checked(drawing.prompt.as_deref())?;
    if !matches!(drawing.compression, 0 | 2) {
        let reason = format!("Unsupported compression: {}", drawing.compression);
        return Err(Refusal::Unusable(StatusCode::BAD_REQUEST, reason));
    }
    let draughtsman = Arc::clone(&court.draughtsman);
    let drawn = tokio::task::spawn_blocking(move || {
        // Whoever goes away leaves a picture half drawn: nobody else's turn comes before it is done.
        let _turn = turn;
        let cloud = decode(&drawing.data, drawing.compression)?;
        // The views depend on no prompt.
        let assessment = draughtsman.assess(&cloud, &Prompt::Text(String::new()));
        let is_valid = assessment.verdict.score != Some(0.0);
        is_valid.then(|| grid(&assessment.views)).flatten()
    });
    let png = drawn.await.ok().flatten();
    let png = png.ok_or_else(|| Refusal::Failed("Invalid splats data".to_owned()))?;
    let mut response = Response::new(Body::from(png));
    let kind = HeaderValue::from_static("image/png");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// The version of the validation service that this one answers as.
#[utoipa::path(
    get, path = "/version/", tag = "validation service",
    responses((status = 200, description = "a JSON string", content_type = "application/json", body = String))
)]
pub(crate) async fn version() -> Json<&'static str> {
    Json(VERSION)
}

async fn validate(
    house: &House,
    request: Request,
    prompt: impl FnOnce(&mut Validation) -> Option<Prompt>,
) -> Result<Json<Score>, Refusal> {
    let (court, request) = house.court_for(request).await?;
    let Some(judge) = court.judge.clone() else {
        receive::discard(request).await;
        return Err(Refusal::NotJudging);
    };
    let (turn, request) = court.turn(request).await?;
    let mut validation: Validation = receive::json(request).await?;
    checked(validation.prompt.as_deref())?;
    let Some(prompt) = prompt(&mut validation) else {
        return Ok(Json(Score::default()));
    };
    let scoring = tokio::task::spawn_blocking(move || {
        // Whoever goes away leaves a judgement half done: nobody else's turn comes before it is.
        let _turn = turn;
        if !prompt.is_readable() {
            return Ok(Score::default());
        }
        let Some(cloud) = decode(&validation.data, validation.compression) else {
            return Ok(Score::default());
        };
        let assessment = judge.assess(&cloud, &prompt);
        score(&assessment, &validation)
    });
    let broken = |error| Refusal::Failed(format!("judging broke off: {error}"));
    scoring.await.map_err(broken)?.map(Json)
}

fn checked(prompt: Option<&str>) -> Result<(), Refusal> {
    match prompt {
        Some(prompt) if prompt.chars().count() > LONGEST_PROMPT => Err(Refusal::unusable(
            format_args!("prompt: longer than {LONGEST_PROMPT} characters"),
        )),
        _ => Ok(()),
    }
}

/// The cloud; nothing if it cannot be read.
fn decode(data: &str, compression: i64) -> Option<Cloud> {
    let bytes = STANDARD.decode(data).ok()?;
    match compression {
        0 => splat::ply::read(&bytes).ok(),
        2 => splat::spz::decode(&bytes).ok(),
        _ => None,
    }
}

fn score(assessment: &Assessment, wanted: &Validation) -> Result<Score, Refusal> {
    let verdict = &assessment.verdict;
    let score = verdict
        .score
        .ok_or_else(|| Refusal::NotScored(format!("not scored: {}", verdict.summary())))?;
    let part = |part: Part| part.value().unwrap_or_default();
    let mut answer = Score {
        score,
        iqa: part(verdict.parts.iqa),
        alignment_score: part(verdict.parts.alignment),
        ssim: part(verdict.parts.ssim),
        lpips: part(verdict.parts.lpips),
        ..Score::default()
    };
    if score > wanted.preview_score_threshold {
        let encoded = |png: Vec<u8>| STANDARD.encode(png);
        if wanted.generate_single_preview {
            let front = assessment.views.get(FRONT);
            answer.preview = front.and_then(|view| view.to_png().ok()).map(encoded);
        }
        if wanted.generate_grid_preview {
            answer.grid_preview = grid(&assessment.views).map(encoded);
        }
    }
    Ok(answer)
}

fn grid(views: &[Image]) -> Option<Vec<u8>> {
    render::grid(views).ok()?.to_png().ok()
}
