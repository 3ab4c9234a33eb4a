//! A competition's pod (404-gen-subnet `Competitions/competition0.md`): image in, PLY out.
//!
//! One generation at a time for each generator. The head of an answer is sent when the asset exists,
//! and the next generation begins while its body is still on the way: that is what a pod is timed by.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use judge::Prompt;
use serde::Serialize;
use splat::{Container, OutputProfile};
use utoipa::ToSchema;

use crate::answer::{self, Known};
use crate::batch::{self, Accepted, BatchRequest, Conflict};
use crate::house::House;
use crate::receive;
use crate::refusal::{Detail, Refusal};
use crate::workshop::Order;

/// What a pod is sent.
#[derive(ToSchema)]
#[allow(dead_code)] // For the document alone: the parts are read one by one.
pub(crate) struct ImageForm {
    /// PNG, JPEG or WebP, at most 20 MB.
    #[schema(format = Binary, content_media_type = "image/jpeg")]
    prompt_image_file: String,
    /// The same seed and image make the same cloud.
    seed: Option<i64>,
}

/// Makes a cloud of an image, or takes a batch of image addresses.
///
/// Multipart is a pod's one image: the PLY is upright in viewers, which is what competitions look at,
/// and the answer begins when it exists. JSON is a batch, made in the background: see `/status` and
/// `/results`.
#[utoipa::path(
    post, path = "/generate", tag = "pod",
    request_body(content(
        (ImageForm = "multipart/form-data"),
        (BatchRequest = "application/json"),
    )),
    responses(
        (status = 200, description = "a 3DGS PLY for an image; the number of prompts for a batch", content(
            (Vec<u8> = "application/octet-stream"),
            (Accepted = "application/json"),
        )),
        (status = 400, description = "not what its Content-Type says", body = Detail),
        (status = 408, description = "the request did not arrive in time", body = Detail),
        (status = 409, description = "no batch can be taken now", body = Conflict),
        (status = 413, description = "the image is too large", body = Detail),
        (status = 415, description = "neither multipart nor JSON", body = Detail),
        (status = 422, description = "the image, the seed or the batch cannot be used", body = Detail),
        (status = 429, description = "the line is full; see Retry-After", body = Detail),
        (status = 500, description = "no generator made anything", body = Detail),
        (status = 503, description = "warming up, ending, or full of what nobody fetches; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn generate(
    State(house): State<Arc<House>>,
    request: Request,
) -> Result<Response, Refusal> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        batch::generate(&house, request).await
    } else if kind.eq_ignore_ascii_case("multipart/form-data") {
        image(&house, request).await
    } else {
        receive::discard(request).await;
        let reason = "send an image as multipart/form-data (prompt_image_file, seed) or a batch as \
                      application/json; text goes to /generate/, with a slash";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Err(Refusal::Unusable(status, reason.to_owned()))
    }
}

async fn image(house: &House, request: Request) -> Result<Response, Refusal> {
    let (workshop, request) = house.workshop_for(request).await?;
    let form = receive::fields(house, request).await?;
    let image = form.image.ok_or_else(|| {
        let hint = match form.prompt {
            Some(_) => "; text goes to /generate/, with a slash",
            None => "",
        };
        Refusal::unusable(format_args!("prompt_image_file: it is missing{hint}"))
    })?;
    receive::checked_image("prompt_image_file", &image)?;
    let order = Order {
        prompt: Prompt::Image(image.as_ref().into()),
        seed: receive::seed_or_random(form.seed),
        profile: OutputProfile {
            container: Container::Ply,
            ..OutputProfile::VIEWER
        },
        candidates: None,
        budget: None,
    };
    // The sender's copy is not kept while the request waits.
    drop(image);
    let chosen = workshop.make(workshop.place()?, order, |_| {}).await?;
    let known = Known::of(&chosen);
    Ok(answer::asset(house.answers.put(chosen.asset), &known))
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(example = "healthy")]
    status: &'static str,
    /// On how many requests it works at a time: the generators that work. Only where requests can be
    /// sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4)]
    generators: Option<usize>,
}

/// Whether requests can be sent.
///
/// An orchestrator sends the first as soon as this is 200 (404-gen-subnet at 01f0a25,
/// `generation_orchestrator/targon.py`), and times it: while the generators are made ready the answer is
/// 503. It is everybody's: whoever starts a container asks before it has a key. A miner or a balancer with
/// more than one task sends as many requests at a time as there are `generators`, and asks again now and
/// then: a generator that fails is not counted while it rests.
#[utoipa::path(
    get, path = "/health", tag = "pod", security(()),
    responses(
        (status = 200, description = "requests can be sent", body = Health),
        (status = 503, description = "`warming_up`, or `draining` before the end; see Retry-After", body = Health),
    )
)]
pub(crate) async fn health(State(house): State<Arc<House>>) -> Response {
    let (refusal, status) = match house.workshop() {
        Ok(_) if house.is_closing() => (Refusal::Closing, "draining"),
        Ok(workshop) => {
            return Json(Health {
                status: "healthy",
                generators: Some(workshop.working_generators()),
            })
            .into_response();
        }
        Err(refusal) => (refusal, "warming_up"),
    };
    let mut response = Response::from(refusal);
    let said = Health {
        status,
        generators: None,
    };
    let said = Json(said).into_response();
    *response.body_mut() = said.into_body();
    response.headers_mut().remove("content-length");
    response
}
