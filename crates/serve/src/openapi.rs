//! The document of all interfaces.

use axum::Json;
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::{base_miner, batch, house, jobs, pod, refusal, validation};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Splatsmith",
        description = "Gaussian splats from prompts, in each interface the field speaks."
    ),
    paths(
        base_miner::generate,
        pod::generate,
        pod::health,
        batch::status,
        batch::results,
        jobs::ask,
        jobs::list,
        jobs::show,
        jobs::end,
        jobs::events,
        jobs::result,
        jobs::preview,
        house::load,
        validation::text,
        validation::image,
        validation::duel_view,
        validation::version,
        show,
    ),
    components(schemas(jobs::Candidate, jobs::Format, jobs::StageView, refusal::Detail)),
    modifiers(&Keys),
    tags(
        (name = "jobs", description = "Our own: ask, follow, fetch, cancel"),
        (name = "pod", description = "A competition's pod: one image, one PLY"),
        (name = "batch pod", description = "A competition's pod for batches of images"),
        (name = "base miner", description = "The official miner's generator: words, a PLY"),
        (name = "validation service", description = "What a validator asks for a score"),
    ),
    security(("bearer" = []), ("key" = []), ()),
)]
struct Document;

/// How a key is sent, where one is asked for.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let key = ApiKey::Header(ApiKeyValue::new("X-API-Key"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("key", SecurityScheme::ApiKey(key));
    }
}

/// The document as JSON.
pub(crate) fn document() -> Value {
    serde_json::to_value(Document::openapi()).unwrap_or_default()
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "jobs", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(crate) async fn show() -> Json<Value> {
    Json(document())
}
