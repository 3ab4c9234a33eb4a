//! How the validator averages its per-view numbers: neighbours that stand apart are left out, and
//! the rest are averaged geometrically.
//!
//! three-gen-subnet `validation/engine/utils/statistics_computation_utils.py` with pytod 0.0.3's
//! `KNN` at its defaults: a number's oddness is its distance to its fifth neighbour, and those
//! odder than the 90th percentile go.

const NEIGHBOURS: usize = 5;
const CONTAMINATION: f64 = 0.1;

/// The geometric mean of `values` without their outliers, as the validator computes it; `None` where
/// it gets no number: for fewer than six values (each needs five neighbours), where a value is no
/// number, and where one below 0 is left after filtering.
#[must_use]
pub fn filtered_geometric_mean(values: &[f64]) -> Option<f64> {
    geometric_mean(&inliers(values, |left, right| (left - right).abs())?)
}

/// As [`filtered_geometric_mean`], of values in single precision, whose distances the validator
/// rounds so: it decides ties.
pub(crate) fn filtered_singles(values: &[f32]) -> Option<Vec<f64>> {
    let values: Vec<f64> = values.iter().copied().map(f64::from).collect();
    inliers(&values, |left, right| {
        f64::from((left as f32 - right as f32).abs())
    })
}

/// `exp` of the mean of the logarithms; `None` where torch's would be no number.
pub(crate) fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || !values.iter().all(|&value| value >= 0.0) {
        return None;
    }
    let logs: f64 = values.iter().map(|value| value.ln()).sum();
    Some((logs / values.len() as f64).exp())
}

/// The values that do not stand apart, in their order.
fn inliers(values: &[f64], distance: impl Fn(f64, f64) -> f64) -> Option<Vec<f64>> {
    if values.len() <= NEIGHBOURS {
        return None;
    }
    let oddness: Vec<f64> = values
        .iter()
        .map(|&value| {
            let mut distances: Vec<f64> =
                values.iter().map(|&other| distance(value, other)).collect();
            distances.sort_by(f64::total_cmp);
            // The nearest is the value itself.
            distances[NEIGHBOURS]
        })
        .collect();
    let limit = percentile(&oddness, 1.0 - CONTAMINATION);
    // What cannot be compared is kept, and spoils the mean.
    let is_odd = |oddness: f64| oddness > limit;
    let kept = values
        .iter()
        .zip(oddness)
        .filter(|&(_, oddness)| !is_odd(oddness));
    // The validator marks outliers with −1 and then drops whatever is −1.
    Some(
        kept.map(|(&value, _)| value)
            .filter(|&value| value != -1.0)
            .collect(),
    )
}

/// numpy's default percentile: linear between the two nearest ranks.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = share * (sorted.len() - 1) as f64;
    let below = sorted[rank.floor() as usize];
    let above = sorted[rank.ceil() as usize];
    let between = rank.fract();
    // numpy interpolates from whichever end is nearer.
    if between < 0.5 {
        below + (above - below) * between
    } else {
        above - (above - below) * (1.0 - between)
    }
}
