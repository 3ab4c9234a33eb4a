//! Our own interface: a job is asked for, followed, fetched, and cancelled.
//!
//! Jobs live in memory and not for ever: see [`JobLimits`].

mod events;
mod job;
mod order;
mod results;
mod store;
mod view;
mod work;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

pub(crate) use events::{__path_events, events};
pub(crate) use order::{JobForm, JobRequest};
pub(crate) use results::{__path_preview, __path_result, Format, preview, result};
pub use store::JobLimits;
pub(crate) use store::Jobs;
pub(crate) use view::{Candidate, JobList, JobView, StageView};

use crate::house::House;
use crate::refusal::{Detail, Refusal};

/// Asks for a cloud, made in the background.
///
/// Give either a `prompt` or an `image`. The answer says where to follow the job.
#[utoipa::path(
    post, path = "/v1/jobs", tag = "jobs",
    request_body(content(
        (JobRequest = "application/json"),
        (JobForm = "multipart/form-data"),
    )),
    responses(
        (status = 202, description = "the job waits for its turn; Location says where it is", body = JobView,
            headers(("Location" = String, description = "the job's own path"))),
        (status = 400, description = "not what its Content-Type says", body = Detail),
        (status = 408, description = "the request did not arrive in time", body = Detail),
        (status = 413, description = "the image is too large", body = Detail),
        (status = 415, description = "neither JSON nor a form", body = Detail),
        (status = 422, description = "the prompt, or another field, cannot be used", body = Detail),
        (status = 429, description = "the line is full; see Retry-After", body = Detail),
        (status = 503, description = "warming up, ending, or full of what nobody fetches; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn ask(
    State(house): State<Arc<House>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (workshop, request) = house.workshop_for(request).await?;
    let order = order::read(&house, request, workshop.most_candidates()).await?;
    house.jobs.admit()?;
    let place = workshop.place()?;
    let job = house.jobs.begin(&order);
    let view = job.view();
    let work = work::work(
        Arc::clone(&house),
        Arc::clone(workshop),
        Arc::clone(&job),
        place,
        order,
    );
    house.tasks.spawn(work);
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(&view.links.job) {
        headers.insert(LOCATION, location);
    }
    Ok((StatusCode::ACCEPTED, headers, Json(view)).into_response())
}

/// All jobs that are known, the newest first.
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs",
    responses((status = 200, description = "the jobs", body = JobList))
)]
pub(crate) async fn list(State(house): State<Arc<House>>) -> Json<JobList> {
    Json(JobList {
        jobs: house.jobs.all().iter().map(|job| job.view()).collect(),
    })
}

/// How a job is doing.
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "the job")),
    responses(
        (status = 200, description = "the job", body = JobView),
        (status = 404, description = "there is no such job, or no longer", body = Detail),
    )
)]
pub(crate) async fn show(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Refusal> {
    Ok(Json(house.jobs.get(&id)?.view()))
}

/// Cancels a job that waits or runs; forgets one that is finished.
#[utoipa::path(
    delete, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "the job")),
    responses(
        (status = 200, description = "it is cancelled", body = JobView),
        (status = 204, description = "it was finished, and is forgotten with its result"),
        (status = 404, description = "there is no such job, or no longer", body = Detail),
    )
)]
pub(crate) async fn end(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let job = house.jobs.get(&id)?;
    if job.cancel() {
        return Ok(Json(job.view()).into_response());
    }
    house.jobs.forget(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
