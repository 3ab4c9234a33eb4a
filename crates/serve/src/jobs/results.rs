//! What came of a job.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use utoipa::ToSchema;

use super::job::{Assets, Job};
use super::view::JobState;
use crate::answer;
use crate::house::House;
use crate::receive;
use crate::refusal::{Detail, Refusal};

/// In which container a result is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code)] // For the document alone.
pub(crate) enum Format {
    /// 3DGS PLY, lossless.
    Ply,
    /// The subnet's SPZ.
    Spz,
}

/// The cloud.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/result", tag = "jobs",
    params(
        ("id" = String, Path, description = "the job"),
        ("format" = Option<Format>, Query, description = "the container: a PLY unless told otherwise"),
    ),
    responses(
        (status = 200, description = "a PLY or an SPZ", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "there is no such job, or no longer", body = Detail),
        (status = 409, description = "it has no result, or not yet", body = Detail),
        (status = 422, description = "no such format", body = Detail),
    )
)]
pub(crate) async fn result(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let job = house.jobs.get(&id)?;
    let format = receive::query(&uri, "format");
    let is_spz = match format.as_deref() {
        None | Some("ply") => false,
        Some("spz") => true,
        Some(_) => return Err(Refusal::unusable("format: not ply or spz")),
    };
    let assets = assets(&job)?;
    let (bytes, extension) = if is_spz {
        (assets.spz, "spz")
    } else {
        (assets.ply, "ply")
    };
    let response = answer::asset(bytes, &assets.known);
    Ok(named(response, "attachment", &id, extension))
}

/// A picture of the cloud: four views, as the validator's duel shows them.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/preview", tag = "jobs",
    params(("id" = String, Path, description = "the job")),
    responses(
        (status = 200, description = "a PNG", content_type = "image/png", body = Vec<u8>),
        (status = 404, description = "there is no such job, or no longer, or nothing could be drawn", body = Detail),
        (status = 409, description = "it has no result, or not yet", body = Detail),
    )
)]
pub(crate) async fn preview(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let job = house.jobs.get(&id)?;
    let preview = assets(&job)?.preview;
    let png = preview.ok_or_else(|| Refusal::Missing("the cloud cannot be drawn".to_owned()))?;
    let response = answer::typed(png, "image/png");
    Ok(named(response, "inline", &id, "png"))
}

fn assets(job: &Job) -> Result<Assets, Refusal> {
    job.fetch().map_err(|(state, reason)| {
        Refusal::Conflict(match (state, reason) {
            (JobState::Failed, Some(reason)) => format!("the job failed: {reason}"),
            (state, _) if state.is_finished() => format!("the job is {}", state.name()),
            (state, _) => format!("the job is {}: there is no result yet", state.name()),
        })
    })
}

fn named(mut response: Response, manner: &str, id: &str, extension: &str) -> Response {
    let name = format!("{manner}; filename=\"{id}.{extension}\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
}
