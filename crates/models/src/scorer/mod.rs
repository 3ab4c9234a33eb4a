//! What the validator measures with networks, part by part, on the views of one asset.
//!
//! Each part is the whole way from 8-bit pictures to numbers per view: resizing, normalising, network,
//! cosine. What is made of the numbers (outliers, means, the score) is the judge's business. A part
//! whose weights are not here does not keep the others from being measured.

mod alignment;
mod distance;
mod gate;
mod quality;
mod views;

use candle_core::{Result, Tensor};

pub use alignment::{ImageAlignment, TextAlignment};
pub use distance::Distance;
pub use gate::ClipGate;
pub use quality::Quality;
pub use views::{Picture, Views};

/// A part that is ready, or in words why it is not: which file is missing and how to get it.
pub type Part<T> = std::result::Result<T, String>;

/// The parts of the validator's score that need networks, and the CLIP gate beside them.
#[derive(Debug, Clone)]
pub struct Scorer {
    /// How good each view looks.
    pub quality: Part<Quality>,
    /// How well each view fits a prompt of words.
    pub text: Part<TextAlignment>,
    /// How well each view fits a prompt picture.
    pub image: Part<ImageAlignment>,
    /// How far each view is from the next.
    pub distance: Part<Distance>,
    /// OpenAI CLIP's opinion.
    pub gate: Part<ClipGate>,
}

impl Scorer {
    /// A scorer of which nothing is ready, for one reason.
    #[must_use]
    pub fn absent(why: &str) -> Self {
        Self {
            quality: Err(why.to_owned()),
            text: Err(why.to_owned()),
            image: Err(why.to_owned()),
            distance: Err(why.to_owned()),
            gate: Err(why.to_owned()),
        }
    }
}

/// Rows of unit length, in single precision: `(batch, width)`.
fn unit(features: &Tensor) -> Result<Tensor> {
    let features = features.to_dtype(candle_core::DType::F32)?;
    let length = features.sqr()?.sum_keepdim(1)?.sqrt()?;
    features.broadcast_div(&length)
}

/// The cosine of each row of `rows` with the one row of `with`.
fn cosines(rows: &Tensor, with: &Tensor) -> Result<Vec<f32>> {
    unit(rows)?
        .matmul(&unit(with)?.t()?.contiguous()?)?
        .squeeze(1)?
        .to_vec1()
}
