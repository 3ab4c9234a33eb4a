//! What of the published models is here.

use std::path::{Path, PathBuf};

use models::store::Store;
use models::trellis::{ConditionModel, Origin, PipelineConfig};

/// The pipeline that sees images.
const IMAGES: &str = "trellis-image-large";

/// The pipelines that read words, the best first.
const WORDS: [&str; 3] = [
    "trellis-text-xlarge",
    "trellis-text-large",
    "trellis-text-base",
];

/// Where TRELLIS is looked for.
#[derive(Debug, Clone)]
pub enum Weights {
    /// In the weights store.
    Store(Box<Store>),
    /// In a folder laid out as a published repository, with what conditions it beside it.
    Folder(PathBuf),
}

/// The pipelines that are here; one at least.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The one that sees images.
    pub images: Option<Origin>,
    /// The one that reads words.
    pub words: Option<Origin>,
}

impl Installed {
    /// Looks for what is here, by names and sizes of files alone.
    ///
    /// # Errors
    /// Why nothing can be worked with, and what to do about it, in words.
    pub fn look(weights: &Weights) -> Result<Self, String> {
        match weights {
            Weights::Store(store) => Self::in_store(store),
            Weights::Folder(folder) => Self::in_folder(folder),
        }
    }

    fn in_store(store: &Store) -> Result<Self, String> {
        let origin = |model: &str| Origin::Store {
            store: Box::new(store.clone()),
            model: model.to_owned(),
        };
        let is_here = |model: &&str| store.lacks(model).is_empty();
        let words = WORDS
            .iter()
            .find(|model| is_here(model))
            .map(|model| origin(model));
        let lacking = store.lacks(IMAGES);
        let images = lacking.is_empty().then(|| origin(IMAGES));
        if images.is_none() && words.is_none() {
            return Err(format!(
                "the weights of {IMAGES} are not here ({} files are missing, such as {}); get them \
                 with `splatsmith models pull {IMAGES}`",
                lacking.len(),
                lacking.first().map_or("all", String::as_str),
            ));
        }
        Ok(Self { images, words })
    }

    fn in_folder(folder: &Path) -> Result<Self, String> {
        let origin = Origin::Folder(folder.to_owned());
        let (path, json) = origin.pipeline().map_err(|error| error.to_string())?;
        let config =
            PipelineConfig::parse(&json).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(match config.condition {
            ConditionModel::Image(_) => Self {
                images: Some(origin),
                words: None,
            },
            ConditionModel::Text(_) => Self {
                images: None,
                words: Some(origin),
            },
        })
    }

    /// What can be asked for, in words.
    #[must_use]
    pub fn takes(&self) -> &'static str {
        match (&self.images, &self.words) {
            (Some(_), Some(_)) => "images and words",
            (Some(_), None) => "images",
            _ => "words",
        }
    }
}
