//! Backends as they were configured.

use std::sync::Arc;

use ::generate::{Generator, HttpBackend, HttpOptions, SketchBackend, SketchOptions};
use anyhow::{Context, Result};
use tracing::info;
use url::Url;

use super::native;
use crate::config::{Backend, GenerationConfig};

/// Starts every configured backend. There may be more generators than backends: several share the devices
/// of this machine.
pub(crate) fn start(config: &GenerationConfig) -> Result<Vec<Arc<dyn Generator>>> {
    let mut generators = Vec::new();
    for backend in &config.backends {
        match backend {
            Backend::Http(url) => generators.push(endpoint(url, config)?),
            Backend::Sketch => generators.push(sketch()?),
            Backend::Trellis => {
                let found = native::look(config).context("--backend trellis")?;
                generators.extend(native::begin(found)?.desks());
            }
            Backend::Auto => match native::look(config) {
                Ok(found) => generators.extend(native::begin(found)?.desks()),
                Err(why) if config.backends.len() > 1 => {
                    info!("only endpoints generate: {why}");
                }
                Err(why) => {
                    info!("generating with sketch: {why}");
                    generators.push(sketch()?);
                }
            },
        }
    }
    Ok(generators)
}

/// How endpoints are spoken to.
pub(super) fn http_options(config: &GenerationConfig) -> HttpOptions {
    HttpOptions {
        frame: config.frame,
        at_once: config.parallel,
        anchors: config.authorities.anchors.clone(),
        ..HttpOptions::default()
    }
}

fn endpoint(url: &Url, config: &GenerationConfig) -> Result<Arc<dyn Generator>> {
    let backend = HttpBackend::new(url.as_str(), http_options(config));
    let shown = || format!("{} cannot be used", Backend::Http(url.clone()).shown());
    Ok(Arc::new(backend.with_context(shown)?))
}

fn sketch() -> Result<Arc<dyn Generator>> {
    let sketch = SketchBackend::new(SketchOptions::default());
    Ok(Arc::new(sketch.context("sketch cannot be started")?))
}
