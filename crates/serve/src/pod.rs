//! A competition's pod (404-gen-subnet `Competitions/competition0.md`): image in, PLY out.
//!
//! One generation at a time for each generator. The head of an answer is sent when the asset exists,
//! and the next generation begins while its body is still on the way: that is what a pod is timed by.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use judge::Prompt;
use serde_json::{Value, json};
use splat::OutputProfile;

use crate::receive;
use crate::refusal::Refusal;
use crate::workshop::Workshop;

/// `POST /generate`, multipart: the file `prompt_image_file` and `seed`. The PLY is upright in viewers,
/// which is what competitions look at.
pub(crate) async fn generate(
    State(workshop): State<Arc<Workshop>>,
    request: Request,
) -> Result<Response, Refusal> {
    let form = receive::image_form(request).await?;
    let image = form
        .image
        .ok_or_else(|| Refusal::unusable("prompt_image_file: it is missing"))?;
    receive::checked_image(&image)?;
    let prompt = Prompt::Image(image.as_ref().into());
    workshop
        .make(prompt, form.seed, OutputProfile::VIEWER)
        .await
}

/// `GET /health`.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({ "status": "healthy" }))
}
