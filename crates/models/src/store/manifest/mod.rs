//! What there is to pull: the manifest, read from `models.toml` and checked.

mod written;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::digest::Sha256Hash;

/// The manifest that is part of the program.
const BUILT_IN: &str = include_str!("../../../models.toml");

/// What a file may take up where the manifest knows neither its size nor a limit, in bytes.
const DEFAULT_LIMIT: u64 = 8 << 30;

/// What a model is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// The quality part of the validator's score.
    Quality,
    /// Its alignment part where the prompt is text.
    Text,
    /// Its alignment part where the prompt is an image.
    Image,
    /// Its LPIPS part.
    Distance,
    /// The CLIP gate.
    Gate,
    /// Generating from an image.
    GenerationImage,
    /// Generating from text without a text-to-image model between.
    GenerationText,
    /// Painting a picture of a text.
    TextToImage,
    /// Cutting an object out of its background.
    Cutout,
}

impl Use {
    /// Whether judging needs it.
    #[must_use]
    pub fn judges(self) -> bool {
        matches!(
            self,
            Self::Quality | Self::Text | Self::Image | Self::Distance | Self::Gate
        )
    }
}

impl fmt::Display for Use {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Quality => "quality",
            Self::Text => "text",
            Self::Image => "image",
            Self::Distance => "distance",
            Self::Gate => "gate",
            Self::GenerationImage => "generation-image",
            Self::GenerationText => "generation-text",
            Self::TextToImage => "text-to-image",
            Self::Cutout => "cutout",
        })
    }
}

/// Whether the licence lets a miner earn with the model. A miner declares commercial rights with
/// each submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Commercial {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The publisher states no licence.
    Unstated,
}

impl fmt::Display for Commercial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unstated => "unstated",
        })
    }
}

/// Where a model is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A repository on the Hugging Face hub.
    Hub {
        /// `owner/name`.
        repo: String,
        /// The pinned commit, 40 hex digits; `None` takes `main` and records its commit.
        revision: Option<String>,
    },
    /// One file at a web address.
    Url(String),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub { repo, revision } => {
                let revision = revision.as_deref().unwrap_or("main");
                write!(
                    formatter,
                    "{repo}@{}",
                    revision.get(..8).unwrap_or(revision)
                )
            }
            Self::Url(url) => formatter.write_str(url),
        }
    }
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightFile {
    /// Its path in the repository; of a [`Source::Url`], the name it gets here.
    pub path: String,
    /// Another file of the repository that holds the same and is taken where this one does not exist.
    pub instead: Option<String>,
    /// Its exact size in bytes, where it is known.
    pub size: Option<u64>,
    /// About how large it is, where the size is not known.
    pub about: Option<u64>,
    /// Its hash, where it is known.
    pub sha256: Option<Sha256Hash>,
    limit: Option<u64>,
}

impl WeightFile {
    /// The most bytes a server may make us write for it.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.size.or(self.limit).unwrap_or(DEFAULT_LIMIT)
    }

    /// The names it may have, the better one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.path.as_str()).chain(self.instead.as_deref())
    }
}

/// One model: where it comes from, under which terms, and what needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// What it is called on the command line.
    pub name: String,
    /// What it is called by people.
    pub title: String,
    /// What needs it.
    pub uses: Vec<Use>,
    /// The names of models without which it cannot work: whoever names it means them too.
    pub needs: Vec<String>,
    /// Whether it is what its uses take unless told otherwise.
    pub default: bool,
    /// Where it is published.
    pub source: Source,
    /// Its licence, as an SPDX identifier where there is one.
    pub licence: String,
    /// Whether that licence lets a miner earn with it.
    pub commercial: Commercial,
    /// Whether its publisher wants the licence accepted on the hub first.
    pub gated: bool,
    /// Its files.
    pub files: Vec<WeightFile>,
}

impl Model {
    /// The page where it is published and its licence stands.
    #[must_use]
    pub fn page(&self) -> String {
        match &self.source {
            Source::Hub { repo, .. } => format!("https://huggingface.co/{repo}"),
            Source::Url(url) => url.clone(),
        }
    }

    /// Its size in bytes as far as it is known, and whether that is exact.
    #[must_use]
    pub fn size(&self) -> (u64, bool) {
        let exact = self.files.iter().all(|file| file.size.is_some());
        let bytes = self
            .files
            .iter()
            .filter_map(|file| file.size.or(file.about));
        (bytes.sum(), exact)
    }
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not TOML of the right shape.
    #[error("the manifest of models cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A model says something impossible.
    #[error("the manifest's model {model}: {what}")]
    Model {
        /// Which model.
        model: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// All models there are to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    models: Vec<Model>,
}

impl Manifest {
    /// The manifest that is part of the program.
    ///
    /// # Errors
    /// Never, as the tests show.
    pub fn built_in() -> Result<Self, ManifestError> {
        BUILT_IN.parse()
    }

    /// Every model, in the manifest's order.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model called `name`.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The models meant by `word`: a model's name, for it and what it needs; `judge` or one of its uses, such as `quality`,
    /// for what that takes by default; `all` for every model that may be used commercially. `None`
    /// when nothing is called so.
    #[must_use]
    pub fn meant_by(&self, word: &str) -> Option<Vec<&Model>> {
        if let Some(model) = self.model(word) {
            let needs = model.needs.iter().filter_map(|need| self.model(need));
            return Some(std::iter::once(model).chain(needs).collect());
        }
        let chosen: Vec<&Model> = self
            .models
            .iter()
            .filter(|model| match word {
                "all" => model.commercial != Commercial::No,
                "judge" => model.default && model.uses.iter().any(|need| need.judges()),
                word => model.default && model.uses.iter().any(|need| need.to_string() == word),
            })
            .collect();
        (!chosen.is_empty()).then_some(chosen)
    }
}

/// Whether `text` is a full commit hash.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
