//! Backends as they were configured.

use std::sync::Arc;

use ::generate::{Generator, HttpBackend, HttpOptions, SketchBackend, SketchOptions};
use anyhow::{Context, Result};

use crate::config::{Backend, GenerationConfig};

/// Starts every configured backend.
pub(crate) fn start(config: &GenerationConfig) -> Result<Vec<Arc<dyn Generator>>> {
    let options = http_options(config);
    config
        .backends
        .iter()
        .map(|backend| start_one(backend, &options))
        .collect()
}

/// How endpoints are spoken to.
pub(super) fn http_options(config: &GenerationConfig) -> HttpOptions {
    HttpOptions {
        frame: config.frame,
        anchors: config.authorities.anchors.clone(),
        ..HttpOptions::default()
    }
}

fn start_one(backend: &Backend, options: &HttpOptions) -> Result<Arc<dyn Generator>> {
    Ok(match backend {
        Backend::Sketch => Arc::new(
            SketchBackend::new(SketchOptions::default()).context("sketch cannot be started")?,
        ),
        Backend::Http(url) => Arc::new(
            HttpBackend::new(url.as_str(), options.clone())
                .with_context(|| format!("{} cannot be used", backend.shown()))?,
        ),
    })
}
