//! What IN is: the one place that decides, and the one to teach another kind of input.

use std::path::Path;

use anyhow::{Context, Result};
use mesh::SampleOptions;
use splat::{Cloud, Frame};

use super::mesh as meshes;
use crate::files::read_asset;

/// An input as it was read.
#[derive(Debug)]
pub(super) struct Source {
    /// The splats in it.
    pub(super) cloud: Cloud,
    /// What it was: the name of a container, or of a mesh format.
    pub(super) kind: &'static str,
    /// How long the file was.
    pub(super) bytes: u64,
    /// The file itself, if it is an SPZ: another SPZ may be made of it as it is.
    pub(super) packed: Option<Vec<u8>>,
    /// Which way up it is, where its format says so.
    pub(super) frame: Option<Frame>,
    /// What was left out of it.
    pub(super) notes: Vec<String>,
}

/// Reads a file of any kind that can become a splat cloud, told by its content; where that says
/// nothing (`.splat`, `.obj`), by its name. `sampling` is called when a mesh is to be covered.
pub(super) fn open(
    path: &Path,
    options: &SampleOptions,
    sampling: impl FnOnce(),
) -> Result<Source> {
    let bytes = read_asset(path)?;
    if let Some(kind) = meshes::kind(path, &bytes) {
        return meshes::open(path, &bytes, kind, options, sampling);
    }
    let length = bytes.len() as u64;
    let (cloud, container) =
        splat::read_named(&bytes, path).with_context(|| format!("{}", path.display()))?;
    Ok(Source {
        cloud,
        kind: container.name(),
        bytes: length,
        packed: container.flavour().map(|_| bytes),
        frame: None,
        notes: Vec::new(),
    })
}
