//! How opacities and scales are spread.

use serde::Serialize;

use super::defect::TRANSPARENT_OPACITY;

/// Opacities after the sigmoid, and the logits before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OpacityStatistics {
    /// Least opacity, 0 to 1.
    pub min: f64,
    /// Mean opacity.
    pub mean: f64,
    /// Median opacity.
    pub median: f64,
    /// Greatest opacity.
    pub max: f64,
    /// Share of splats below [`TRANSPARENT_OPACITY`], 0 to 1.
    pub transparent_share: f64,
    /// Standard deviation of the finite logits; 0 where all are equal or none is finite.
    pub logit_std: f64,
}

impl OpacityStatistics {
    /// Of stored logits. What is not a number is left out; `None` if nothing is left.
    #[must_use]
    pub fn of(logits: &[f32]) -> Option<Self> {
        let mut opacities: Vec<f32> = logits
            .iter()
            .filter(|logit| !logit.is_nan())
            .map(|logit| sigmoid(*logit))
            .collect();
        let transparent = opacities
            .iter()
            .filter(|opacity| **opacity < TRANSPARENT_OPACITY)
            .count();
        let [min, median, max] = ranks(&mut opacities)?;
        Some(Self {
            min,
            mean: mean(opacities.iter().copied()),
            median,
            max,
            transparent_share: transparent as f64 / opacities.len() as f64,
            logit_std: standard_deviation(logits),
        })
    }
}

/// Standard deviations of the splats along their axes, after the exponential, all three axes
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ScaleStatistics {
    /// The thinnest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
    /// The longest.
    pub max: f64,
}

impl ScaleStatistics {
    /// Of stored log-scales. What is not finite is left out; `None` if nothing is left.
    #[must_use]
    pub fn of(log_scales: &[Vec<f32>; 3]) -> Option<Self> {
        let finite = log_scales
            .iter()
            .flatten()
            .filter(|value| value.is_finite());
        let mut scales: Vec<f32> = finite.map(|value| value.exp()).collect();
        let [min, median, max] = ranks(&mut scales)?;
        Some(Self {
            min,
            mean: mean(scales.iter().copied()),
            median,
            max,
        })
    }
}

/// The validator's activation of opacities.
pub(super) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Least, median (the upper of two) and greatest; reorders the values.
fn ranks(values: &mut [f32]) -> Option<[f64; 3]> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let (below, median, above) = values.select_nth_unstable_by(middle, f32::total_cmp);
    let min = below.iter().copied().fold(*median, f32::min);
    let max = above.iter().copied().fold(*median, f32::max);
    Some([min.into(), (*median).into(), max.into()])
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f64 {
    let count = values.len().max(1) as f64;
    values.map(f64::from).sum::<f64>() / count
}

fn standard_deviation(values: &[f32]) -> f64 {
    let finite: Vec<f32> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let mean_value = mean(finite.iter().copied());
    let squares = finite
        .iter()
        .map(|value| (f64::from(*value) - mean_value).powi(2));
    (squares.sum::<f64>() / finite.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinite_logits_are_opacities_like_others() {
        let logits = [f32::NEG_INFINITY, 0.0, f32::INFINITY, f32::NAN];
        let statistics = OpacityStatistics::of(&logits).unwrap();
        assert_eq!(
            (statistics.min, statistics.median, statistics.max),
            (0.0, 0.5, 1.0)
        );
        assert_eq!(statistics.mean, 0.5);
        assert!((statistics.transparent_share - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(statistics.logit_std, 0.0);
        assert_eq!(OpacityStatistics::of(&[f32::NAN]), None);
    }

    #[test]
    fn the_spread_of_logits_is_their_standard_deviation() {
        let statistics = OpacityStatistics::of(&[1.0, 3.0, 1.0, 3.0]).unwrap();
        assert_eq!(statistics.logit_std, 1.0);
    }

    #[test]
    fn scales_are_activated_and_what_is_no_number_is_left_out() {
        let log_scales = [
            vec![0.0, f32::NAN],
            vec![1.0, f32::INFINITY],
            vec![-1.0, 0.0],
        ];
        let statistics = ScaleStatistics::of(&log_scales).unwrap();
        assert!((statistics.max - std::f64::consts::E).abs() < 1e-6);
        assert!((statistics.min - 1.0 / std::f64::consts::E).abs() < 1e-6);
        assert_eq!(statistics.median, 1.0);
    }
}
