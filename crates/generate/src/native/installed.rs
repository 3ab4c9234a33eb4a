//! What of the published models is here.

use std::path::{Path, PathBuf};

use models::ClipFiles;
use models::flux::{FlowWeights, FluxChoice, FluxFiles, T5Weights};
use models::store::Store;
use models::trellis::{ConditionModel, Origin, PipelineConfig};

use crate::residency::{Need, Part, Variant};

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

impl Weights {
    /// The weights store, where that is where they are.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        match self {
            Self::Store(store) => Some(store),
            Self::Folder(_) => None,
        }
    }
}

/// FLUX in one choice of files.
#[derive(Debug, Clone)]
pub struct Paints {
    /// The files.
    pub files: FluxFiles,
    /// What they take on a device.
    pub variant: Variant,
}

/// The pipelines that are here; one at least.
#[derive(Debug, Clone)]
pub struct Installed {
    /// FLUX, by the quality of what it paints; empty where it is not here.
    pub painters: Vec<Paints>,
    /// The one that sees images.
    pub images: Option<Origin>,
    /// The one that reads words.
    pub words: Option<Origin>,
    /// The CLIP that tells what prompts ask for.
    pub clip: Option<ClipFiles>,
}

impl Installed {
    /// Looks for what is here, by names and sizes of files alone.
    ///
    /// FLUX may lie in a folder of its own, `flux`.
    ///
    /// # Errors
    /// Why nothing can be worked with, and what to do about it, in words.
    pub fn look(weights: &Weights, flux: Option<&Path>) -> Result<Self, String> {
        let mut installed = match weights {
            Weights::Store(store) => Self::in_store(store),
            Weights::Folder(folder) => Self::in_folder(folder),
        }?;
        if let Some(folder) = flux {
            if installed.images.is_none() {
                return Err("what FLUX paints has to be seen: this pipeline reads words".to_owned());
            }
            let paints = in_flux_folder(folder)?;
            installed.clip = Some(ClipFiles {
                weights: paints.files.clip.clone(),
                tokenizer: paints.files.clip_tokenizer.clone(),
            });
            installed.painters = vec![paints];
            installed.words = None;
        }
        Ok(installed)
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
        let painters = match &images {
            Some(_) => painters(store),
            None => Vec::new(),
        };
        // What FLUX paints is made better than what TRELLIS reads.
        let words = words.filter(|_| painters.is_empty());
        Ok(Self {
            painters,
            images,
            words,
            clip: ClipFiles::of(store).ok(),
        })
    }

    fn in_folder(folder: &Path) -> Result<Self, String> {
        let origin = Origin::Folder(folder.to_owned());
        let remedy = "name a folder laid out as TRELLIS' published repository";
        let (path, json) = origin
            .pipeline()
            .map_err(|error| format!("{error}: {remedy}"))?;
        let config =
            PipelineConfig::parse(&json).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(match config.condition {
            ConditionModel::Image(_) => Self {
                painters: Vec::new(),
                images: Some(origin),
                words: None,
                clip: None,
            },
            ConditionModel::Text(name) => Self {
                painters: Vec::new(),
                images: None,
                clip: origin.clip(&name).ok(),
                words: Some(origin),
            },
        })
    }

    /// What can be asked for, in words.
    #[must_use]
    pub fn takes(&self) -> &'static str {
        match (&self.images, &self.words) {
            (Some(_), _) if !self.painters.is_empty() => "images, and of words what FLUX paints,",
            (Some(_), Some(_)) => "images and words",
            (Some(_), None) => "images",
            _ => "words",
        }
    }
}

/// FLUX in every choice of files that is here, the best first.
fn painters(store: &Store) -> Vec<Paints> {
    let flows = [FlowWeights::Bf16, FlowWeights::Q8, FlowWeights::Q4];
    let readers = [T5Weights::Bf16, T5Weights::Q8, T5Weights::Q5];
    let choices = flows
        .into_iter()
        .flat_map(|flow| readers.map(|t5| FluxChoice { flow, t5 }));
    let here = choices.filter_map(|choice| {
        let files = FluxFiles::of(store, choice).ok()?;
        let name = format!("FLUX {}, T5 {}", choice.flow, choice.t5);
        Some(Paints::of(files, name))
    });
    here.collect()
}

/// FLUX in a folder: `flux`, `ae`, `t5`, `clip`, each `.safetensors` (`flux` and `t5` may be `.gguf`),
/// `t5.tokenizer.json`, and `clip.tokenizer.json` or `clip.merges.txt`.
fn in_flux_folder(folder: &Path) -> Result<Paints, String> {
    let found = |names: &[&str]| {
        let mut paths = names.iter().map(|name| folder.join(name));
        let missing = || {
            format!(
                "{}: there is no {} in it",
                folder.display(),
                names.join(" or ")
            )
        };
        paths.find(|path| path.is_file()).ok_or_else(missing)
    };
    let files = FluxFiles {
        flow: found(&["flux.gguf", "flux.safetensors"])?,
        autoencoder: found(&["ae.safetensors"])?,
        t5: vec![found(&["t5.gguf", "t5.safetensors"])?],
        t5_tokenizer: found(&["t5.tokenizer.json"])?,
        clip: found(&["clip.safetensors"])?,
        clip_tokenizer: found(&["clip.tokenizer.json", "clip.merges.txt"])?,
    };
    Ok(Paints::of(files, folder.display().to_string()))
}

impl Paints {
    /// A GPU holds the weights as they are stored.
    fn of(files: FluxFiles, name: String) -> Self {
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
        let needs = vec![
            Need::new(Part::PromptReader, files.t5.iter().map(size).sum()),
            Need::new(Part::Painter, size(&files.flow)),
            Need::PAINTER_REST,
        ];
        Self {
            files,
            variant: Variant { name, needs },
        }
    }
}
