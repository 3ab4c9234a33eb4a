//! The weights store: which models there are and under which terms ([`Manifest`]), where their files
//! lie ([`Places`]), getting them here ([`pull`]), checking them ([`verify`]), and their tensors
//! ([`Weights`]).
//!
//! Files lie where Hugging Face's and PyTorch's own tools keep them. A file is put into its place only
//! when it is whole and its hash is right; where nobody has published the hash, that of the first pull
//! is remembered ([`Record`]) and any change noticed.

mod digest;
mod error;
mod hub;
mod link;
mod manifest;
mod places;
mod pull;
mod record;
mod state;
mod transfer;
mod verify;
mod weights;

use std::path::PathBuf;

pub use digest::{NotASha256, Sha256Hash};
pub use error::PullError;
pub use manifest::{Commercial, Manifest, ManifestError, Model, Source, Use, WeightFile};
pub use places::{Homeless, Places};
pub use pull::{Item, PullOptions, Pulled, Watch, pull};
pub use record::{Entry, Record, RecordError};
pub use state::{FileState, ModelState, expected, file_state};
pub use verify::{Finding, verify};
pub use weights::{Precision, Weights, WeightsError};

/// Why a model's weights cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No model is called so.
    #[error("there is no model {0}; `splatsmith models list` shows what there is")]
    Unknown(String),
    /// A file is not here.
    #[error("{file} is not here ({expected}); get it with `splatsmith models pull {model}`")]
    Missing {
        /// `model: path`.
        file: String,
        /// Its size and hash, in words.
        expected: String,
        /// The model's name.
        model: String,
    },
    /// A file is not what it should be.
    #[error("{file}: {} has {size} bytes ({expected}); mend it with `splatsmith models pull {model}`", path.display())]
    Damaged {
        /// `model: path`.
        file: String,
        /// Where it lies.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// Its size and hash as they should be, in words.
        expected: String,
        /// The model's name.
        model: String,
    },
    /// A file of the right size cannot be read as weights.
    #[error(
        "{error} ({expected}); check it with `splatsmith models verify {model}`, mend it with `splatsmith models pull {model}`"
    )]
    Weights {
        /// What is wrong.
        error: WeightsError,
        /// Its size and hash as they should be, in words.
        expected: String,
        /// The model's name.
        model: String,
    },
    /// The manifest is unusable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The record of what was pulled is unusable.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is no folder to look in.
    #[error(transparent)]
    Homeless(#[from] Homeless),
}

/// What is here of the models, ready to be loaded.
#[derive(Debug, Clone)]
pub struct Store {
    manifest: Manifest,
    places: Places,
    record: Record,
}

impl Store {
    /// The models of the built-in manifest in `places`.
    ///
    /// # Errors
    /// When the record of what was pulled cannot be read.
    pub fn open(places: Places) -> Result<Self, StoreError> {
        Self::with(Manifest::built_in()?, places)
    }

    /// The models of `manifest` in `places`.
    ///
    /// # Errors
    /// When the record of what was pulled cannot be read.
    pub fn with(manifest: Manifest, places: Places) -> Result<Self, StoreError> {
        let record = Record::load(&places.record)?;
        Ok(Self {
            manifest,
            places,
            record,
        })
    }

    /// The models there are.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where their files lie.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What was pulled.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Where the file `path` of the model called `name` lies (under the name it was found by). Only
    /// its size is checked: its content was when it was pulled.
    ///
    /// # Errors
    /// When there is no such model or file, or it is not here or of the wrong size.
    pub fn path(&self, name: &str, path: &str) -> Result<PathBuf, StoreError> {
        let model = self
            .manifest
            .model(name)
            .ok_or_else(|| StoreError::Unknown(name.to_owned()))?;
        let file = model.files.iter().find(|file| file.path == path);
        let item = Item {
            model,
            file: file.ok_or_else(|| StoreError::Unknown(format!("{name}: {path}")))?,
        };
        self.located(&item)
    }

    /// The files that the model called `name`, and what it needs, lack here, as `model: path`; by names and
    /// sizes alone. A model nobody knows lacks itself.
    #[must_use]
    pub fn lacks(&self, name: &str) -> Vec<String> {
        let Some(model) = self.manifest.model(name) else {
            return vec![name.to_owned()];
        };
        let needs = model.needs.iter().map(String::as_str);
        let models = std::iter::once(name).chain(needs);
        let models = models.filter_map(|name| self.manifest.model(name));
        let items =
            models.flat_map(|model| model.files.iter().map(move |file| Item { model, file }));
        items
            .filter(|item| {
                let state = file_state(&self.places, item.model, item.file, &self.record);
                !matches!(state, FileState::Present(_))
            })
            .map(|item| item.label())
            .collect()
    }

    /// The weights of the model called `name`: all its files that hold tensors.
    ///
    /// # Errors
    /// When there is no such model, or a file is not here or not what it should be.
    pub fn weights(&self, name: &str) -> Result<Weights, StoreError> {
        let model = self
            .manifest
            .model(name)
            .ok_or_else(|| StoreError::Unknown(name.to_owned()))?;
        let mut paths = Vec::new();
        for file in model
            .files
            .iter()
            .filter(|file| !file.path.ends_with(".json"))
        {
            paths.push(self.located(&Item { model, file })?);
        }
        self.opened(model, paths)
    }

    /// The weights in one file of a model, where its files are of different networks.
    ///
    /// # Errors
    /// When there is no such model or file, or it is not here or not what it should be.
    pub fn weights_in(&self, name: &str, path: &str) -> Result<Weights, StoreError> {
        let model = self
            .manifest
            .model(name)
            .ok_or_else(|| StoreError::Unknown(name.to_owned()))?;
        self.opened(model, vec![self.path(name, path)?])
    }

    fn opened(&self, model: &Model, paths: Vec<PathBuf>) -> Result<Weights, StoreError> {
        Weights::open(paths).map_err(|error| {
            let file = model
                .files
                .iter()
                .find(|file| file.names().any(|name| error.path.ends_with(name)));
            let expected =
                file.map_or_else(String::new, |file| self.in_words(&Item { model, file }));
            StoreError::Weights {
                error,
                expected,
                model: model.name.clone(),
            }
        })
    }

    fn located(&self, item: &Item<'_>) -> Result<PathBuf, StoreError> {
        let (file, model) = (item.label(), item.model.name.clone());
        let expected = self.in_words(item);
        match file_state(&self.places, item.model, item.file, &self.record) {
            FileState::Present(path) => Ok(path),
            FileState::Damaged { path, size, .. } => Err(StoreError::Damaged {
                file,
                path,
                size,
                expected,
                model,
            }),
            FileState::Partial(_) | FileState::Missing => Err(StoreError::Missing {
                file,
                expected,
                model,
            }),
        }
    }

    /// What a file should be: `88249960 bytes, sha256 ae1e…`.
    fn in_words(&self, item: &Item<'_>) -> String {
        let (size, hash) = expected(item.model, item.file, &self.record);
        let size = match (size, item.file.about) {
            (Some(size), _) => format!("{size} bytes"),
            (None, Some(about)) => format!("about {about} bytes"),
            (None, None) => "of unknown size".to_owned(),
        };
        hash.map_or_else(
            || format!("{size}, no hash published"),
            |hash| format!("{size}, sha256 {hash}"),
        )
    }
}
