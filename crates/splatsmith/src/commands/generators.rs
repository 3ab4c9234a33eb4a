//! Backends as they were configured.

use std::sync::Arc;

use ::generate::{Generator, HttpBackend, HttpOptions, SketchBackend, SketchOptions};
use anyhow::{Context, Result};

use crate::config::{Backend, GenerationConfig};

/// Starts every configured backend.
pub(crate) fn start(config: &GenerationConfig) -> Result<Vec<Arc<dyn Generator>>> {
    config.backends.iter().map(start_one).collect()
}

fn start_one(backend: &Backend) -> Result<Arc<dyn Generator>> {
    Ok(match backend {
        Backend::Sketch => Arc::new(
            SketchBackend::new(SketchOptions::default()).context("sketch cannot be started")?,
        ),
        Backend::Http(url) => Arc::new(
            HttpBackend::new(url.as_str(), HttpOptions::default())
                .with_context(|| format!("{} cannot be used", backend.shown()))?,
        ),
    })
}
