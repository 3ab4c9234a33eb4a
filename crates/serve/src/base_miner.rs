//! The official miner's own generator (three-gen-subnet `generation/serve.py`): text in, PLY out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use judge::Prompt;
use splat::{Container, OutputProfile};

use crate::answer::{self, Known};
use crate::house::House;
use crate::receive;
use crate::refusal::{Detail, Refusal};
use crate::workshop::Order;

/// The form of a base miner.
#[derive(utoipa::ToSchema)]
#[allow(dead_code)] // For the document alone: the fields are read one by one.
pub(crate) struct PromptForm {
    /// What to make, at most 1024 characters.
    #[schema(example = "red sofa")]
    prompt: String,
    /// The same seed and prompt make the same cloud; the official server knows none.
    seed: Option<i64>,
}

/// Makes a cloud of words, for a base miner: raw +Y up, longest side 1.5.
///
/// The miner hands the PLY on as it is: it is as the 2025 validator wants it.
#[utoipa::path(
    post, path = "/generate/", tag = "base miner",
    request_body(content(
        (PromptForm = "application/x-www-form-urlencoded"),
        (PromptForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "a 3DGS PLY; X-Splatsmith-Verdict, -Score and -Seed say what is known of it", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 408, description = "the form did not arrive in time", body = Detail),
        (status = 413, description = "the form is too large", body = Detail),
        (status = 415, description = "not a form", body = Detail),
        (status = 422, description = "the prompt cannot be used", body = Detail),
        (status = 429, description = "the line is full; see Retry-After", body = Detail),
        (status = 500, description = "no generator made anything", body = Detail),
        (status = 503, description = "warming up, ending, or full of what nobody fetches; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn generate(
    State(house): State<Arc<House>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (workshop, request) = house.workshop_for(request).await?;
    let form = receive::fields(&house, request).await?;
    let text = form
        .prompt
        .ok_or_else(|| Refusal::unusable("prompt: it is missing"))?;
    receive::checked_text(&text)?;
    let order = Order {
        prompt: Prompt::Text(text),
        seed: receive::seed_or_random(form.seed),
        profile: OutputProfile {
            container: Container::Ply,
            ..OutputProfile::PULL_2025
        },
        candidates: None,
        budget: None,
    };
    let chosen = workshop.make(workshop.place()?, order, |_| {}).await?;
    let known = Known::of(&chosen);
    Ok(answer::asset(house.answers.put(chosen.asset), &known))
}
