//! From numbers per view to the validator's score: pure arithmetic.
//!
//! three-gen-subnet `validation/engine/validation_engine.py` and `validation/engine/metrics/`.

use crate::outliers::{filtered_geometric_mean, filtered_singles, geometric_mean};

/// Below this alignment the score is 0.
pub(crate) const LEAST_ALIGNMENT: f64 = 0.3;

/// What the validator divides text alignment by ("artificial normalization for current clip
/// version").
const TEXT_SCALE: f64 = 0.35;

/// `iqa`: the mean of the views' qualities, nothing filtered. `None` without views.
#[must_use]
pub fn quality(views: &[f32]) -> Option<f64> {
    let sum: f64 = views.iter().copied().map(f64::from).sum();
    let mean = sum / views.len() as f64;
    mean.is_finite().then_some(mean)
}

/// `alignment` with a prompt of words, of the views' cosines with it: filtered, then clipped to 0 to
/// 1, averaged geometrically and scaled. It may exceed 1. `None` where the validator has no number:
/// for fewer than six views, or a cosine that is none.
#[must_use]
pub fn text_alignment(cosines: &[f32]) -> Option<f64> {
    let mut kept = filtered_singles(cosines)?;
    for cosine in &mut kept {
        *cosine = cosine.clamp(0.0, 1.0);
    }
    Some(geometric_mean(&kept)? / TEXT_SCALE)
}

/// `alignment` with a prompt picture, of the views' cosines with it: filtered and averaged
/// geometrically. `None` as for [`text_alignment`], and where a cosine below 0 is left.
#[must_use]
pub fn image_alignment(cosines: &[f32]) -> Option<f64> {
    geometric_mean(&filtered_singles(cosines)?)
}

/// `lpips`, a likeness: 1 less the filtered geometric mean of the distances of neighbouring views.
/// `None` as for [`filtered_geometric_mean`].
#[must_use]
pub fn likeness(distances: &[f32]) -> Option<f64> {
    let distances: Vec<f64> = distances.iter().copied().map(f64::from).collect();
    Some(1.0 - filtered_geometric_mean(&distances)?)
}

/// The validator's score: `0.75·iqa + 0.2·alignment + 0.025·σ(35·(ssim − 0.83)) +
/// 0.025·lpips·σ(30·(lpips − 0.7))`, and 0 where alignment is below 0.3. Rounded to single precision
/// where the validator's tensors round.
#[must_use]
pub fn final_score(iqa: f64, alignment: f64, ssim: f64, lpips: f64) -> f64 {
    if alignment < LEAST_ALIGNMENT {
        return 0.0;
    }
    let consistency = 0.025f32 * sigmoid(ssim, 35.0, 0.83);
    let likeness = (0.025 * lpips) as f32 * sigmoid(lpips, 30.0, 0.7);
    f64::from((0.75 * iqa + 0.2 * alignment) as f32 + consistency + likeness)
}

/// `sigmoid` of `gs_data_checker_utils.py`, of a tensor in single precision.
pub(crate) fn sigmoid(value: f64, slope: f32, shift: f32) -> f32 {
    1.0 / (1.0 + (-slope * (value as f32 - shift)).exp())
}
