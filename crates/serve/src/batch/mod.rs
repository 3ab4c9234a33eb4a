//! The batch pod (404-gen-subnet `miner-reference/api_specification.md`): up to a hundred image addresses
//! at once, made in the background, fetched as one ZIP.
//!
//! `warming_up → ready → generating → complete → generating → …`; `replace` asks for another machine
//! where no generator works any more.

mod archive;
mod images;
mod run;
mod state;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use images::Fetcher;
pub use images::FetcherError;
pub use state::BatchConfig;
pub(crate) use state::{Batch, PodState, PodStatus};

use crate::answer;
use crate::house::House;
use crate::receive::{self, Seed};
use crate::refusal::{Detail, Refusal};

/// The most prompts of one batch: an orchestrator takes archives of 100 files, and one may be the
/// manifest of what failed (`generation_orchestrator/settings.py`).
const MOST_PROMPTS: usize = 99;

/// The longest stem, which becomes a file name.
const LONGEST_STEM: usize = 64;

/// The longest address of an image.
const LONGEST_URL: usize = 4096;

/// A batch.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct BatchRequest {
    /// At most 99.
    pub(crate) prompts: Vec<BatchPrompt>,
    /// For every prompt.
    #[schema(value_type = i64)]
    pub(crate) seed: Seed,
}

/// A prompt of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) struct BatchPrompt {
    /// What its files are called: lower-case letters and digits, once in a batch.
    #[schema(pattern = "^[a-z0-9]+$", example = "a1b2c3d4")]
    pub(crate) stem: String,
    /// Where the image is.
    #[schema(example = "https://storage.example.com/a1b2c3d4.jpg")]
    pub(crate) image_url: String,
}

/// A batch is taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    accepted: usize,
}

/// No batch is taken now. Flat, unlike FastAPI's own errors, because orchestrators read it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conflict {
    #[schema(example = "Cannot accept batch")]
    detail: &'static str,
    current_status: PodState,
}

/// `POST /generate` with JSON: see [`crate::pod::generate`].
pub(crate) async fn generate(house: &Arc<House>, request: Request) -> Result<Response, Refusal> {
    if let Err(refusal) = house.admit() {
        receive::discard(request).await;
        return Err(refusal);
    }
    let desk = house.desk()?;
    let batch: BatchRequest = receive::json(request).await?;
    drop(desk);
    checked(&batch.prompts)?;
    let accepted = batch.prompts.len();
    let workshop = house.workshop().ok();
    match house.batch.begin(&batch.prompts, workshop) {
        Ok(None) => {}
        Ok(Some(work)) => {
            let work = run::run(Arc::clone(house), work, batch);
            house.tasks.spawn(work);
        }
        Err(current_status) => {
            let conflict = Conflict {
                detail: "Cannot accept batch",
                current_status,
            };
            return Ok((StatusCode::CONFLICT, Json(conflict)).into_response());
        }
    }
    Ok(Json(Accepted { accepted }).into_response())
}

fn checked(prompts: &[BatchPrompt]) -> Result<(), Refusal> {
    if prompts.is_empty() || prompts.len() > MOST_PROMPTS {
        return Err(Refusal::unusable(format_args!(
            "prompts: not 1 to {MOST_PROMPTS}"
        )));
    }
    let mut stems = std::collections::HashSet::new();
    for (index, prompt) in prompts.iter().enumerate() {
        let stem = &prompt.stem;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if stem.is_empty() || stem.len() > LONGEST_STEM || !stem.bytes().all(is_plain) {
            return Err(Refusal::unusable(format_args!(
                "prompts[{index}].stem: not 1 to {LONGEST_STEM} lower-case letters and digits"
            )));
        }
        if !stems.insert(stem) {
            return Err(Refusal::unusable(format_args!(
                "prompts[{index}].stem: {stem} is there twice"
            )));
        }
        if prompt.image_url.len() > LONGEST_URL {
            return Err(Refusal::unusable(format_args!(
                "prompts[{index}].image_url: longer than {LONGEST_URL} characters"
            )));
        }
    }
    Ok(())
}

/// How the pod is.
///
/// It answers at any time, also while models are loaded. Fields without a value are left out.
#[utoipa::path(
    get, path = "/status", tag = "batch pod",
    params(("replacements_remaining" = Option<i64>, Query,
        description = "machines left to ask for; with none left, asking for one would end the round")),
    responses(
        (status = 200, description = "the state", body = PodStatus),
        (status = 422, description = "replacements_remaining is no number", body = Detail),
    )
)]
pub(crate) async fn status(
    State(house): State<Arc<House>>,
    uri: Uri,
) -> Result<Json<PodStatus>, Refusal> {
    let remaining = match receive::query(&uri, "replacements_remaining") {
        Some(text) => text
            .parse()
            .map_err(|_| Refusal::unusable("replacements_remaining: not a whole number"))?,
        None => 0,
    };
    let workshop = house.workshop().ok();
    let status = house.batch.status(workshop, remaining);
    Ok(Json(status))
}

/// The finished batch as a ZIP: `{stem}.{extension}` for what was made, `_failed.json` for what was not.
///
/// The same bytes every time, until the next batch begins; sent in chunks, without a Content-Length.
#[utoipa::path(
    get, path = "/results", tag = "batch pod",
    responses(
        (status = 200, description = "the archive", content_type = "application/zip", body = Vec<u8>),
        (status = 409, description = "no batch is complete", body = Detail),
    )
)]
pub(crate) async fn results(State(house): State<Arc<House>>) -> Result<Response, Refusal> {
    let archive = house.batch.fetch().map_err(|state| {
        // While models are loaded there is no batch either.
        let state = match (state, house.workshop()) {
            (PodState::Ready, Err(_)) => PodState::WarmingUp,
            (state, _) => state,
        };
        let name = state.name();
        Refusal::Conflict(format!(
            "Results not available in state '{name}'. Must be 'complete'."
        ))
    })?;
    let mut response = answer::typed(bytes::Bytes::new(), "application/zip");
    *response.body_mut() = archive.body();
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(stem: &str) -> BatchPrompt {
        BatchPrompt {
            stem: stem.to_owned(),
            image_url: "https://example.com/a.jpg".to_owned(),
        }
    }

    #[test]
    fn stems_are_plain_and_there_once() {
        assert!(checked(&[prompt("a1b2"), prompt("0")]).is_ok());
        for stem in ["", "A", "a-b", "a.b", "../a", "ä", &"a".repeat(65)] {
            let refused = checked(&[prompt("ok"), prompt(stem)]).unwrap_err();
            assert!(refused.to_string().contains("prompts[1].stem"), "{stem}");
        }
        let twice = checked(&[prompt("a"), prompt("a")]).unwrap_err();
        assert!(twice.to_string().contains("twice"));
        assert!(checked(&[]).is_err());
        let many: Vec<_> = (0..100).map(|n| prompt(&n.to_string())).collect();
        assert!(checked(&many).is_err());
        assert!(checked(&many[..99]).is_ok());
        let mut far = prompt("a");
        far.image_url = "x".repeat(5000);
        assert!(checked(&[far]).is_err());
    }
}
