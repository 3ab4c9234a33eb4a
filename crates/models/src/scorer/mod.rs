//! What the validator measures with networks, part by part, on the views of one asset.
//!
//! Each part is the whole way from 8-bit pictures to numbers per view: resizing, normalising, network,
//! cosine. What is made of the numbers (outliers, means, the score) is the judge's business. A part
//! whose weights are not here does not keep the others from being measured.

mod alignment;
mod distance;
mod gate;
mod open;
mod quality;
mod views;

use candle_core::{DType, Device, Tensor};

pub use alignment::{ImageAlignment, TextAlignment};
pub use distance::Distance;
pub use gate::ClipGate;
pub use open::Wanted;
pub use quality::Quality;
pub use views::{Picture, Views};

/// Why a part cannot be measured: which file is missing and how to get it, or what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotReady(pub String);

/// The parts of the validator's score that need networks, and the CLIP gate beside them: each ready,
/// or why not.
#[derive(Debug, Clone)]
pub struct Scorer {
    /// Where the networks run, and views go.
    pub device: Device,
    /// How good each view looks.
    pub quality: Result<Quality, NotReady>,
    /// How well each view fits a prompt of words.
    pub text: Result<TextAlignment, NotReady>,
    /// How well each view fits a prompt picture.
    pub image: Result<ImageAlignment, NotReady>,
    /// How far each view is from the next.
    pub distance: Result<Distance, NotReady>,
    /// OpenAI CLIP's opinion.
    pub gate: Result<ClipGate, NotReady>,
}

impl Scorer {
    /// A scorer of which nothing is ready, for one reason.
    #[must_use]
    pub fn absent(why: &str) -> Self {
        let not_ready = || NotReady(why.to_owned());
        Self {
            device: Device::Cpu,
            quality: Err(not_ready()),
            text: Err(not_ready()),
            image: Err(not_ready()),
            distance: Err(not_ready()),
            gate: Err(not_ready()),
        }
    }
}

impl Scorer {
    /// The parts that are not ready, and why not.
    #[must_use]
    pub fn lacks(&self) -> Vec<(&'static str, &NotReady)> {
        let parts = [
            ("iqa", self.quality.as_ref().err()),
            ("alignment with words", self.text.as_ref().err()),
            ("alignment with pictures", self.image.as_ref().err()),
            ("lpips", self.distance.as_ref().err()),
            ("clip", self.gate.as_ref().err()),
        ];
        let lacking = parts.into_iter();
        lacking
            .filter_map(|(part, why)| Some((part, why?)))
            .collect()
    }

    /// Whether it has all that the validator's score takes, for prompts of either kind.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.quality.is_ok() && self.text.is_ok() && self.image.is_ok() && self.distance.is_ok()
    }
}

/// Rows of unit length, in single precision: `(batch, width)`.
fn unit(features: &Tensor) -> candle_core::Result<Tensor> {
    let features = features.to_dtype(DType::F32)?;
    let length = features.sqr()?.sum_keepdim(1)?.sqrt()?;
    features.broadcast_div(&length)
}

/// The cosine of each row of `rows` with the one row of `with`.
fn cosines(rows: &Tensor, with: &Tensor) -> candle_core::Result<Vec<f32>> {
    unit(rows)?
        .matmul(&unit(with)?.t()?.contiguous()?)?
        .squeeze(1)?
        .to_vec1()
}
