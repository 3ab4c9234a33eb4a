//! The official miner's own generator (three-gen-subnet `generation/serve.py`): text in, PLY out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use judge::Prompt;
use serde::Deserialize;
use splat::OutputProfile;

use crate::receive;
use crate::refusal::Refusal;
use crate::workshop::Workshop;

#[derive(Deserialize)]
struct Form {
    prompt: String,
    /// Ours: the official server knows none.
    seed: Option<i64>,
}

/// `POST /generate/`, form fields `prompt` and, if wished, `seed`. The miner hands the PLY on as it is:
/// it is as the 2025 validator wants it.
pub(crate) async fn generate(
    State(workshop): State<Arc<Workshop>>,
    request: Request,
) -> Result<Response, Refusal> {
    let form: Form = receive::form(request).await?;
    receive::checked_text(&form.prompt)?;
    let prompt = Prompt::Text(form.prompt);
    workshop
        .make(prompt, form.seed, OutputProfile::PULL_2025)
        .await
}
