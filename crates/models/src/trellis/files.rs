//! Where the files of a pipeline lie, and reading them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::config::ConfigError;
use super::pipeline_config::{ConditionModel, NetworkPlace};
use crate::clip::ClipFiles;
use crate::store::{Store, StoreError, Weights, WeightsError};

/// A configuration is a page; more than this is something else.
const MOST_JSON: u64 = 1 << 20;

/// Where the files of a pipeline lie.
#[derive(Debug, Clone)]
pub enum Origin {
    /// The weights store, under the name of a model in its manifest.
    Store {
        /// What is here of the models.
        store: Box<Store>,
        /// Such as `trellis-image-large`.
        model: String,
    },
    /// A folder laid out as a published repository: `pipeline.json`, `ckpts/*`, and the network that
    /// conditions beside it: `dinov2_vitl14_reg.safetensors` (or `.pth`), or
    /// `clip-vit-large-patch14/{model.safetensors,tokenizer.json}`, by the name `pipeline.json` gives
    /// it.
    Folder(PathBuf),
}

/// Why a file of a pipeline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The store lacks it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be read as weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// It is not there, cannot be read, or is not what it should be.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The pipeline is conditioned by a network that is not known here.
    #[error("{0} is no network this version can be conditioned by")]
    Condition(String),
}

impl FileError {
    fn of(path: &Path, what: impl ToString) -> Self {
        Self::File {
            path: path.to_owned(),
            what: what.to_string(),
        }
    }
}

impl Origin {
    /// The text of `pipeline.json`, and where it lies.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn pipeline(&self) -> Result<(PathBuf, String), FileError> {
        let own = NetworkPlace {
            repository: None,
            path: "pipeline".to_owned(),
        };
        let path = self.path(&own, "json")?;
        let text = text(&path)?;
        Ok((path, text))
    }

    /// The configuration of a network, as `parse` reads it from its `.json`.
    pub(super) fn config<C>(
        &self,
        place: &NetworkPlace,
        parse: impl FnOnce(&str) -> Result<C, ConfigError>,
    ) -> Result<C, FileError> {
        let path = self.path(place, "json")?;
        parse(&text(&path)?).map_err(|error| FileError::of(&path, error))
    }

    /// The weights of a network.
    pub(super) fn weights(&self, place: &NetworkPlace) -> Result<Weights, FileError> {
        Ok(Weights::open([self.path(place, "safetensors")?])?)
    }

    /// The CLIP called `name` that reads what is asked for.
    ///
    /// # Errors
    /// When the store lacks it, or it is none that is known.
    pub fn clip(&self, name: &str) -> Result<ClipFiles, FileError> {
        match self {
            Self::Store { store, .. } => {
                store_clip(name)?;
                Ok(ClipFiles::of(store)?)
            }
            Self::Folder(folder) => {
                let folder = folder.join(file_name(name)?);
                Ok(ClipFiles {
                    weights: folder.join("model.safetensors"),
                    tokenizer: folder.join("tokenizer.json"),
                })
            }
        }
    }

    /// The weights of the network that sees or reads what is asked for.
    pub(super) fn condition_weights(&self, model: &ConditionModel) -> Result<Weights, FileError> {
        match (self, model) {
            (Self::Store { store, .. }, ConditionModel::Image(name)) => match name.as_str() {
                "dinov2_vitl14_reg" => Ok(store.weights("dinov2-vitl14-reg")?),
                _ => Err(FileError::Condition(name.clone())),
            },
            (Self::Store { store, .. }, ConditionModel::Text(name)) => {
                Ok(store.weights_in(store_clip(name)?, "model.safetensors")?)
            }
            (Self::Folder(folder), ConditionModel::Image(name)) => {
                let name = file_name(name)?;
                let path = folder.join(format!("{name}.safetensors"));
                let pickled = folder.join(format!("{name}.pth"));
                let path = if pickled.is_file() { pickled } else { path };
                Ok(Weights::open([path])?)
            }
            (Self::Folder(folder), ConditionModel::Text(name)) => {
                let folder = folder.join(file_name(name)?);
                Ok(Weights::open([folder.join("model.safetensors")])?)
            }
        }
    }

    /// The tokenizer of the network that reads what is asked for.
    pub(super) fn tokenizer(&self, name: &str) -> Result<PathBuf, FileError> {
        match self {
            Self::Store { store, .. } => Ok(store.path(store_clip(name)?, "tokenizer.json")?),
            Self::Folder(folder) => {
                let folder = folder.join(file_name(name)?);
                let (json, merges) = (folder.join("tokenizer.json"), folder.join("merges.txt"));
                Ok(if merges.is_file() && !json.is_file() {
                    merges
                } else {
                    json
                })
            }
        }
    }

    fn path(&self, place: &NetworkPlace, extension: &str) -> Result<PathBuf, FileError> {
        let file = format!("{}.{extension}", place.path);
        match self {
            Self::Folder(folder) => Ok(folder.join(file)),
            Self::Store { store, model } => {
                let other = place.repository.as_deref().map(manifest_name);
                Ok(store.path(other.as_ref().unwrap_or(model), &file)?)
            }
        }
    }
}

/// The manifest's name of a repository: `microsoft/TRELLIS-image-large` is `trellis-image-large`, whoever
/// publishes it.
fn manifest_name(repository: &str) -> String {
    let name = repository.rsplit('/').next().unwrap_or(repository);
    name.to_lowercase()
}

fn store_clip(name: &str) -> Result<&'static str, FileError> {
    match name {
        "openai/clip-vit-large-patch14" => Ok("clip-vit-l14"),
        _ => Err(FileError::Condition(name.to_owned())),
    }
}

/// The last part of a name, where it can be a file's.
fn file_name(name: &str) -> Result<&str, FileError> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if last.is_empty() || last.starts_with('.') || !last.chars().all(plain) {
        return Err(FileError::Condition(name.to_owned()));
    }
    Ok(last)
}

fn text(path: &Path) -> Result<String, FileError> {
    let file = File::open(path).map_err(|error| FileError::of(path, error))?;
    let mut text = String::new();
    file.take(MOST_JSON)
        .read_to_string(&mut text)
        .map_err(|error| FileError::of(path, error))?;
    Ok(text)
}
