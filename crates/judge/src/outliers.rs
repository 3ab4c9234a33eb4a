//! How the validator averages its per-view numbers: neighbours that stand apart are left out, and
//! the rest are averaged geometrically.
//!
//! three-gen-subnet `validation/engine/utils/statistics_computation_utils.py` with pytod 0.0.3's
//! `KNN` at its defaults: a number's oddness is its distance to its fifth neighbour, and those
//! odder than the 90th percentile go.

const NEIGHBOURS: usize = 5;
const CONTAMINATION: f64 = 0.1;

/// The geometric mean of `values` without their outliers, as the validator computes it; `None` for
/// fewer than six values (each needs five neighbours), for values below 0, and for NaN.
#[must_use]
pub fn filtered_geometric_mean(values: &[f64]) -> Option<f64> {
    if values.len() <= NEIGHBOURS || !values.iter().all(|&value| value >= 0.0) {
        return None;
    }
    let oddness: Vec<f64> = values
        .iter()
        .map(|value| {
            let mut distances: Vec<f64> =
                values.iter().map(|other| (value - other).abs()).collect();
            distances.sort_by(f64::total_cmp);
            // The nearest is the value itself.
            distances[NEIGHBOURS]
        })
        .collect();
    let limit = percentile(&oddness, 1.0 - CONTAMINATION);
    let kept: Vec<f64> = values
        .iter()
        .zip(&oddness)
        .filter(|&(_, &oddness)| oddness <= limit)
        .map(|(value, _)| value.ln())
        .collect();
    Some((kept.iter().sum::<f64>() / kept.len() as f64).exp())
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
