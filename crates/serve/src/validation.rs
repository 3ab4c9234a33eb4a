//! The validators' own validation service (three-gen-subnet `validation/server/app.py`, version 2.4.0),
//! quirk for quirk: a validator's operator could run this in its place.
//!
//! Whatever goes wrong with a submission is a score of 0 there, and here. What is *not* a score of 0 is
//! a judge that lacks its networks: then nobody knows, and the answer is 503, which a validator takes
//! for a failed validation that costs the miner nothing.

use std::sync::Arc;

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

use crate::line::Line;
use crate::receive::{self, LONGEST_PROMPT};
use crate::refusal::Refusal;

/// What the service says it is (`app.version`).
const VERSION: &str = "2.4.0";

/// The view of a single preview (`FRONT_VIEW_IDX`).
const FRONT: usize = 1;

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
}

/// `ValidationRequest` in `validation/engine/data_structures.py`.
#[derive(Deserialize)]
struct Validation {
    #[serde(default)]
    prompt: Option<String>,
    #[serde(default)]
    prompt_image: Option<String>,
    data: String,
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
#[derive(Deserialize)]
struct Drawing {
    #[serde(default)]
    prompt: Option<String>,
    data: String,
    #[serde(default)]
    compression: i64,
}

/// `ValidationResponse`, by its aliases.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Score {
    score: f64,
    iqa: f64,
    alignment_score: f64,
    ssim: f64,
    lpips: f64,
    preview: Option<String>,
    grid_preview: Option<String>,
}

/// `POST /validate_txt_to_3d_ply/`.
pub(crate) async fn text(
    State(court): State<Arc<Court>>,
    request: Request,
) -> Result<Json<Score>, Refusal> {
    validate(&court, request, |validation| {
        validation.prompt.take().map(Prompt::Text)
    })
    .await
}

/// `POST /validate_img_to_3d_ply/`.
pub(crate) async fn image(
    State(court): State<Arc<Court>>,
    request: Request,
) -> Result<Json<Score>, Refusal> {
    validate(&court, request, |validation| {
        let mut text = validation.prompt_image.take()?;
        text.retain(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'));
        Some(Prompt::Image(LENIENT.decode(text).ok()?.into()))
    })
    .await
}

/// `POST /render_duel_view/`: a PNG of four views.
pub(crate) async fn duel_view(
    State(court): State<Arc<Court>>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let Some(_turn) = court.line.turn().await else {
        receive::discard(request).await;
        return Err(Refusal::Busy);
    };
    let drawing: Drawing = receive::json(request).await?;
    checked(drawing.prompt.as_deref())?;
    if !matches!(drawing.compression, 0 | 2) {
        let reason = format!("Unsupported compression: {}", drawing.compression);
        return Err(Refusal::Unusable(StatusCode::BAD_REQUEST, reason));
    }
    let draughtsman = Arc::clone(&court.draughtsman);
    let drawn = tokio::task::spawn_blocking(move || {
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

/// `GET /version/`: a JSON string.
pub(crate) async fn version() -> Json<&'static str> {
    Json(VERSION)
}

async fn validate(
    court: &Court,
    request: Request,
    prompt: impl FnOnce(&mut Validation) -> Option<Prompt>,
) -> Result<Json<Score>, Refusal> {
    let Some(judge) = court.judge.clone() else {
        receive::discard(request).await;
        return Err(Refusal::NotJudging);
    };
    // Before the body is read: bodies are large, and only those in turn are kept in memory.
    let Some(_turn) = court.line.turn().await else {
        receive::discard(request).await;
        return Err(Refusal::Busy);
    };
    let mut validation: Validation = receive::json(request).await?;
    checked(validation.prompt.as_deref())?;
    let Some(prompt) = prompt(&mut validation) else {
        return Ok(Json(Score::default()));
    };
    let scoring = tokio::task::spawn_blocking(move || {
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
