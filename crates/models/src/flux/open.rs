//! FLUX out of the weights store.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use candle_core::Device;

use super::error::FluxError;
use super::painter::{AUTOENCODER, FluxSettings, Painter, Picture};
use super::text::{self, Encoded, TextEncoders};
use super::tokens::T5Tokenizer;
use crate::clip::ClipText;
use crate::store::{Store, Weights, WeightsError};
use crate::tokenizer::ClipTokenizer;

/// In which form the flow transformer's 11.9 billion weights are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FlowWeights {
    /// 23.8 GB.
    Bf16,
    /// About 12.7 GB.
    #[default]
    Q8,
    /// About 6.8 GB.
    Q4,
}

/// In which form T5's 4.8 billion weights are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum T5Weights {
    /// 9.5 GB.
    Bf16,
    /// About 5.1 GB.
    #[default]
    Q8,
    /// About 3.4 GB.
    Q5,
}

/// Which published files are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FluxChoice {
    /// The flow transformer's.
    pub flow: FlowWeights,
    /// T5's.
    pub t5: T5Weights,
}

impl FlowWeights {
    /// The model's name in the manifest.
    #[must_use]
    pub const fn model(self) -> &'static str {
        match self {
            Self::Bf16 => "flux-schnell",
            Self::Q8 => "flux-schnell-q8",
            Self::Q4 => "flux-schnell-q4",
        }
    }

    /// The file in it.
    const fn file(self) -> &'static str {
        match self {
            Self::Bf16 => "flux1-schnell.safetensors",
            Self::Q8 => "flux1-schnell-Q8_0.gguf",
            Self::Q4 => "flux1-schnell-Q4_K_S.gguf",
        }
    }
}

impl T5Weights {
    /// The model's name in the manifest.
    #[must_use]
    pub const fn model(self) -> &'static str {
        match self {
            Self::Bf16 => "t5-xxl",
            Self::Q8 => "t5-xxl-q8",
            Self::Q5 => "t5-xxl-q5",
        }
    }
}

/// A word that names no form of weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no form of weights {word:?}; there are {known}")]
pub struct UnknownForm {
    word: String,
    known: &'static str,
}

impl fmt::Display for FlowWeights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Bf16 => "bf16",
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        })
    }
}

impl FromStr for FlowWeights {
    type Err = UnknownForm;

    fn from_str(word: &str) -> Result<Self, UnknownForm> {
        match word {
            "bf16" => Ok(Self::Bf16),
            "q8" => Ok(Self::Q8),
            "q4" => Ok(Self::Q4),
            word => Err(UnknownForm {
                word: word.to_owned(),
                known: "bf16, q8 and q4",
            }),
        }
    }
}

impl fmt::Display for T5Weights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Bf16 => "bf16",
            Self::Q8 => "q8",
            Self::Q5 => "q5",
        })
    }
}

impl FromStr for T5Weights {
    type Err = UnknownForm;

    fn from_str(word: &str) -> Result<Self, UnknownForm> {
        match word {
            "bf16" => Ok(Self::Bf16),
            "q8" => Ok(Self::Q8),
            "q5" => Ok(Self::Q5),
            word => Err(UnknownForm {
                word: word.to_owned(),
                known: "bf16, q8 and q5",
            }),
        }
    }
}

/// The files FLUX is made of, wherever they lie and in whatever form.
#[derive(Debug, Clone)]
pub struct FluxFiles {
    /// The flow transformer: safetensors or GGUF.
    pub flow: PathBuf,
    /// The autoencoder: `ae.safetensors`.
    pub autoencoder: PathBuf,
    /// T5's encoder: safetensors, of several parts, or GGUF.
    pub t5: Vec<PathBuf>,
    /// T5's `tokenizer.json`.
    pub t5_tokenizer: PathBuf,
    /// A whole CLIP ViT-L/14.
    pub clip: PathBuf,
    /// CLIP's `tokenizer.json` or `merges.txt`.
    pub clip_tokenizer: PathBuf,
}

impl FluxFiles {
    /// The files of the weights store.
    ///
    /// # Errors
    /// When one is not here or not what it should be.
    pub fn of(store: &Store, choice: FluxChoice) -> Result<Self, FluxError> {
        let t5 = choice.t5.model();
        let parts = match choice.t5 {
            T5Weights::Bf16 => vec![
                "text_encoder_2/model-00001-of-00002.safetensors",
                "text_encoder_2/model-00002-of-00002.safetensors",
            ],
            T5Weights::Q8 => vec!["t5-v1_1-xxl-encoder-Q8_0.gguf"],
            T5Weights::Q5 => vec!["t5-v1_1-xxl-encoder-Q5_K_M.gguf"],
        };
        Ok(Self {
            flow: store.path(choice.flow.model(), choice.flow.file())?,
            autoencoder: store.path("flux-autoencoder", "ae.safetensors")?,
            t5: parts
                .into_iter()
                .map(|part| store.path(t5, part))
                .collect::<Result<_, _>>()?,
            t5_tokenizer: store.path("t5-tokenizer", "t5-v1_1-xxl.tokenizer.json")?,
            clip: store.path("clip-vit-l14", "model.safetensors")?,
            clip_tokenizer: store.path("clip-vit-l14", "tokenizer.json")?,
        })
    }

    /// Loads the half that reads.
    ///
    /// # Errors
    /// When a file cannot be read or is of another network.
    pub fn text_encoders(&self, device: &Device) -> Result<TextEncoders, FluxError> {
        let tokenizer = ClipTokenizer::from_bytes(&bytes(&self.clip_tokenizer)?);
        let tokenizer = tokenizer.map_err(FluxError::from);
        let tokenizer = tokenizer.map_err(FluxError::in_file(&self.clip_tokenizer))?;
        let clip = text::load_clip(&Weights::open([&self.clip])?, device);
        let clip = clip.map_err(FluxError::in_file(&self.clip))?;
        self.encoders(Arc::new((clip, tokenizer)), device)
    }

    /// As [`Self::text_encoders`], with the CLIP of these files that was loaded already: in the host's memory,
    /// where the encoders are put too.
    ///
    /// # Errors
    /// When a file cannot be read or is of another network.
    pub fn text_encoders_with(
        &self,
        clip: Arc<(ClipText, ClipTokenizer)>,
    ) -> Result<TextEncoders, FluxError> {
        self.encoders(clip, &Device::Cpu)
    }

    fn encoders(
        &self,
        clip: Arc<(ClipText, ClipTokenizer)>,
        device: &Device,
    ) -> Result<TextEncoders, FluxError> {
        let tokenizer = T5Tokenizer::from_json(&bytes(&self.t5_tokenizer)?);
        let tokenizer = tokenizer.map_err(FluxError::from);
        let tokenizer = tokenizer.map_err(FluxError::in_file(&self.t5_tokenizer))?;
        let encoders = TextEncoders::with_clip(&Weights::open(&self.t5)?, tokenizer, clip, device);
        let first = self.t5.first().cloned().unwrap_or_default();
        encoders.map_err(FluxError::in_file(&first))
    }

    /// Loads the half that paints.
    ///
    /// # Errors
    /// When a file cannot be read or is of another network.
    pub fn painter(&self, device: &Device) -> Result<Painter, FluxError> {
        let (flow, autoencoder) = (
            Weights::open([&self.flow])?,
            Weights::open([&self.autoencoder])?,
        );
        Painter::load(&flow, &autoencoder, device).map_err(|error| {
            let file = match error {
                FluxError::Unfit {
                    part: AUTOENCODER, ..
                } => &self.autoencoder,
                _ => &self.flow,
            };
            FluxError::in_file(file)(error)
        })
    }
}

/// The most bytes of a tokenizer that are read; published ones have 2.4 million.
const MOST_TOKENIZER: u64 = 64 << 20;

fn bytes(path: &Path) -> Result<Vec<u8>, FluxError> {
    let fault = |what: String| WeightsError {
        path: path.to_owned(),
        what,
    };
    let size = std::fs::metadata(path).map_err(|error| fault(error.to_string()))?;
    if size.len() > MOST_TOKENIZER {
        return Err(fault(format!("{} bytes are no tokenizer", size.len())).into());
    }
    Ok(std::fs::read(path).map_err(|error| fault(error.to_string()))?)
}

/// FLUX.1-schnell. Each half is loaded when it is first needed and stays until it is released.
#[derive(Debug)]
pub struct TextToImage {
    files: FluxFiles,
    text_device: Device,
    device: Device,
    clip: Option<Arc<(ClipText, ClipTokenizer)>>,
    text: Option<TextEncoders>,
    painter: Option<Painter>,
}

impl TextToImage {
    /// Finds the files of `choice`; nothing is loaded yet. `device` paints; `text_device` reads prompts:
    /// the same one, or the CPU, which has room for T5 where the GPU has none.
    ///
    /// # Errors
    /// When a file is not here or not what it should be.
    pub fn open(
        store: &Store,
        choice: FluxChoice,
        text_device: &Device,
        device: &Device,
    ) -> Result<Self, FluxError> {
        let files = FluxFiles::of(store, choice)?;
        Ok(Self::from_files(files, text_device, device))
    }

    /// As [`Self::open`], of files that lie anywhere.
    #[must_use]
    pub fn from_files(files: FluxFiles, text_device: &Device, device: &Device) -> Self {
        Self {
            files,
            text_device: text_device.clone(),
            device: device.clone(),
            clip: None,
            text: None,
            painter: None,
        }
    }

    /// Has the half that reads share a CLIP of the same files that is in the host's memory, where that is
    /// where it reads.
    pub fn share_clip(&mut self, clip: Arc<(ClipText, ClipTokenizer)>) {
        self.clip = Some(clip);
    }

    /// The half that reads; loads it if it is not.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn text_encoders(&mut self) -> Result<&TextEncoders, FluxError> {
        let loaded = match self.text.take() {
            Some(loaded) => loaded,
            None => match &self.clip {
                Some(clip) if self.text_device.is_cpu() => {
                    self.files.text_encoders_with(Arc::clone(clip))?
                }
                _ => self.files.text_encoders(&self.text_device)?,
            },
        };
        Ok(self.text.insert(loaded))
    }

    /// The half that paints; loads it if it is not.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn painter(&mut self) -> Result<&Painter, FluxError> {
        let loaded = match self.painter.take() {
            Some(loaded) => loaded,
            None => self.files.painter(&self.device)?,
        };
        Ok(self.painter.insert(loaded))
    }

    /// Lets go of the half that reads, and of its memory.
    pub fn release_text(&mut self) {
        self.text = None;
    }

    /// Lets go of the half that paints, and of its memory.
    pub fn release_painter(&mut self) {
        self.painter = None;
    }

    /// Reads a prompt.
    ///
    /// # Errors
    /// As [`TextEncoders::encode`], or when they cannot be loaded.
    pub fn encode(&mut self, prompt: &str) -> Result<Encoded, FluxError> {
        self.text_encoders()?.encode(prompt)
    }

    /// Paints a prompt.
    ///
    /// # Errors
    /// As [`Painter::paint`], or when it cannot be loaded.
    pub fn paint(
        &mut self,
        prompt: &Encoded,
        seed: u64,
        settings: &FluxSettings,
        watch: &mut dyn FnMut(u32, u32) -> ControlFlow<()>,
    ) -> Result<Picture, FluxError> {
        self.painter()?.paint(prompt, seed, settings, watch)
    }
}
