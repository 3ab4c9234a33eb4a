//! The scorer's parts out of the weights store.

use candle_core::{DType, Device, Result as CandleResult};
use candle_nn::VarBuilder;

use super::{ClipGate, Distance, ImageAlignment, NotReady, Quality, Scorer, TextAlignment};
use crate::clip::{ClipTextConfig, ClipVisionConfig};
use crate::convnext::ConvNextConfig;
use crate::dinov2::Dinov2Config;
use crate::open_clip::TextTowerConfig;
use crate::store::{Precision, Store, StoreError};
use crate::tokenizer::ClipTokenizer;

/// Which parts to open: each takes time and memory, and a prompt needs only some. Quality and
/// distance are always opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Alignment with words.
    pub text: bool,
    /// Alignment with pictures.
    pub image: bool,
    /// The CLIP gate.
    pub gate: bool,
}

impl Wanted {
    /// Every part.
    pub const ALL: Self = Self {
        text: true,
        image: true,
        gate: true,
    };
}

impl Scorer {
    /// Opens the parts that are wanted; one whose weights are not here, or cannot be read, is not
    /// ready and says which file is missing and how to get it.
    ///
    /// In single precision on a CPU. On a GPU as the validator does it: quality and distance in
    /// single precision, alignment and gate in `f16`.
    #[must_use]
    pub fn open(store: &Store, device: &Device, wanted: Wanted) -> Self {
        let opener = Opener { store, device };
        let not_asked = |part: &str| NotReady(format!("{part} was not asked for"));
        Self {
            device: device.clone(),
            quality: opener.quality(),
            text: if wanted.text {
                opener.text()
            } else {
                Err(not_asked("alignment with words"))
            },
            image: if wanted.image {
                opener.image()
            } else {
                Err(not_asked("alignment with pictures"))
            },
            distance: opener.distance(),
            gate: if wanted.gate {
                opener.gate()
            } else {
                Err(not_asked("the CLIP gate"))
            },
        }
    }
}

struct Opener<'a> {
    store: &'a Store,
    device: &'a Device,
}

impl Opener<'_> {
    fn quality(&self) -> Result<Quality, NotReady> {
        const MODEL: &str = "quality-scorer";
        let config = Dinov2Config::SMALL;
        let scorer = self.weights(MODEL, DType::F32)?;
        match self.weights("dinov2-small", DType::F32) {
            Ok(pretrained) => named(MODEL, Quality::load(&config, &scorer, Some(&pretrained))),
            // Not needed if the scorer holds the whole backbone.
            Err(missing) => Quality::load(&config, &scorer, None).map_err(|_| missing),
        }
    }

    fn text(&self) -> Result<TextAlignment, NotReady> {
        const MODEL: &str = "clip-convnext-large-d";
        let (image, words) = (ConvNextConfig::LARGE_D, TextTowerConfig::LARGE_D);
        let weights = self.weights(MODEL, self.narrow())?;
        let tokenizer = self.tokenizer(MODEL)?;
        named(
            MODEL,
            TextAlignment::load(&image, &words, &weights, tokenizer),
        )
    }

    fn image(&self) -> Result<ImageAlignment, NotReady> {
        const MODEL: &str = "llm2clip-l14-336";
        let weights = self.weights(MODEL, self.narrow())?;
        named(
            MODEL,
            ImageAlignment::load(&ClipVisionConfig::LLM2CLIP_336, &weights),
        )
    }

    fn distance(&self) -> Result<Distance, NotReady> {
        const MODEL: &str = "lpips-alex";
        let backbone = self.weights("alexnet", DType::F32)?;
        let heads = self.weights(MODEL, DType::F32)?;
        named(MODEL, Distance::load(&backbone, &heads))
    }

    fn gate(&self) -> Result<ClipGate, NotReady> {
        const MODEL: &str = "clip-vit-l14";
        let (vision, text) = (ClipVisionConfig::LARGE_14, ClipTextConfig::LARGE_14);
        let weights = self.weights(MODEL, self.narrow())?;
        let tokenizer = self.tokenizer(MODEL)?;
        named(MODEL, ClipGate::load(&vision, &text, &weights, tokenizer))
    }

    /// The precision of large networks.
    fn narrow(&self) -> DType {
        if self.device.is_cpu() {
            DType::F32
        } else {
            DType::F16
        }
    }

    fn weights(&self, model: &str, dtype: DType) -> Result<VarBuilder<'static>, NotReady> {
        let weights = self.store.weights(model).map_err(in_words)?;
        Ok(weights.builder(Precision::As(dtype), self.device))
    }

    fn tokenizer(&self, model: &str) -> Result<ClipTokenizer, NotReady> {
        let path = self.store.path(model, "tokenizer.json").map_err(in_words)?;
        let bytes = std::fs::read(&path)
            .map_err(|error| NotReady(format!("{}: {error}", path.display())))?;
        ClipTokenizer::from_json(&bytes)
            .map_err(|error| NotReady(format!("{}: {error}", path.display())))
    }
}

fn in_words(error: StoreError) -> NotReady {
    NotReady(error.to_string())
}

/// What was loaded, or whose weights do not fit.
fn named<T>(model: &str, loaded: CandleResult<T>) -> Result<T, NotReady> {
    loaded.map_err(|error| {
        // What follows on further lines is a backtrace.
        let words = error.to_string();
        let why = words.lines().next().unwrap_or_default();
        NotReady(format!(
            "{model}: {why}; check it with `splatsmith models verify {model}`"
        ))
    })
}
