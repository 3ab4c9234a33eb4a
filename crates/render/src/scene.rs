//! A cloud made ready to be rendered: activated, normalised, and stored column by column.

use splat::Cloud;
use thiserror::Error;

/// The longest side of the box around the splat centres to which the validator scales an asset.
pub const VALIDATOR_EXTENT: f32 = 1.5;

/// Degree-0 spherical-harmonic basis function, `1 / (2·√π)`.
const SH_DEGREE_0: f32 = 0.282_094_8;

/// A cloud of which no picture can be made.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum SceneError {
    /// No splats at all.
    #[error("the cloud is empty: there is nothing to render")]
    Empty,
    /// Splats, but each has a NaN, an infinity or a zero rotation in it.
    #[error("none of the cloud's {0} splats has finite values: there is nothing to render")]
    NothingFinite(usize),
    /// All centres in one point, or astronomically far apart: no scale brings them to `extent`.
    #[error("the splat centres span {span:e}: the cloud cannot be scaled to extent {extent}")]
    Unscalable {
        /// Longest side of the box around the centres.
        span: f64,
        /// What it was to become.
        extent: f32,
    },
    /// The wanted extent is not a positive number.
    #[error("extent {0} is out of range: give a finite size above 0")]
    BadExtent(f32),
}

/// Splats in the form the rasteriser reads: activated opacity and colour, world-space covariance,
/// one column per number so that a vector unit can load neighbours.
#[derive(Debug, Clone)]
pub struct Scene {
    pub(crate) positions: [Vec<f32>; 3],
    /// Upper triangle of the covariance: xx, xy, xz, yy, yz, zz.
    pub(crate) covariances: [Vec<f32>; 6],
    pub(crate) opacities: Vec<f32>,
    pub(crate) colours: [Vec<f32>; 3],
    dropped: usize,
}

/// What the validator does to every asset before it looks at it.
#[derive(Debug, Clone, Copy)]
struct Normalisation {
    shift: f32,
    scale: f32,
    opacity_factor: f32,
}

impl Scene {
    /// Activates a cloud and, where `extent` is given, normalises it as the validator does
    /// ([`VALIDATOR_EXTENT`] in service): the mean of **all** coordinates is taken off x, y and z
    /// alike, the longest side of the box around the centres becomes `extent`, and opacity is
    /// divided by that same factor and clipped, so that a small asset turns translucent
    /// (three-gen-subnet `validation/engine/rendering/gaussian_splatting/gs_utils.py`).
    ///
    /// Splats that cannot be drawn (a NaN or infinite position, scale, rotation or colour, a NaN
    /// opacity, a zero quaternion) are left out and counted by [`Scene::dropped`]; opacity logits
    /// of ±∞ are legal.
    ///
    /// # Errors
    /// When no drawable splat is left or the cloud cannot be scaled to `extent`.
    pub fn new(cloud: &Cloud, extent: Option<f32>) -> Result<Self, SceneError> {
        if cloud.is_empty() {
            return Err(SceneError::Empty);
        }
        let kept = drawable(cloud);
        if kept.is_empty() {
            return Err(SceneError::NothingFinite(cloud.len()));
        }
        let normalisation = match extent {
            Some(extent) => Normalisation::to_extent(cloud, &kept, extent)?,
            None => Normalisation::NONE,
        };
        Ok(Self::activate(cloud, &kept, normalisation))
    }

    /// Number of splats that will be drawn.
    #[must_use]
    pub fn len(&self) -> usize {
        self.opacities.len()
    }

    /// Always false: a scene without splats is not built.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.opacities.is_empty()
    }

    /// Number of splats of the cloud that were left out because they cannot be drawn.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    fn activate(cloud: &Cloud, kept: &[usize], normalisation: Normalisation) -> Self {
        let columns = cloud.columns();
        let Normalisation {
            shift,
            scale,
            opacity_factor,
        } = normalisation;
        let mut covariances: [Vec<f32>; 6] =
            std::array::from_fn(|_| Vec::with_capacity(kept.len()));
        for &index in kept {
            let rotation = std::array::from_fn(|part| columns.rotations[part][index]);
            let deviations =
                std::array::from_fn(|axis| columns.log_scales[axis][index].exp() * scale);
            for (column, value) in covariances.iter_mut().zip(covariance(rotation, deviations)) {
                column.push(value);
            }
        }
        let gather = |column: &[f32], activate: &dyn Fn(f32) -> f32| -> Vec<f32> {
            kept.iter().map(|&index| activate(column[index])).collect()
        };
        Self {
            positions: std::array::from_fn(|axis| {
                gather(&columns.positions[axis], &|value| (value - shift) * scale)
            }),
            covariances,
            opacities: gather(&columns.opacity_logits, &|logit| {
                (sigmoid(logit) * opacity_factor).clamp(0.0, 1.0)
            }),
            colours: std::array::from_fn(|channel| {
                gather(&columns.colours[channel], &|value| {
                    0.5 + SH_DEGREE_0 * value
                })
            }),
            dropped: cloud.len() - kept.len(),
        }
    }
}

impl Normalisation {
    /// Multiplying by one and taking off zero changes no bit.
    const NONE: Self = Self {
        shift: 0.0,
        scale: 1.0,
        opacity_factor: 1.0,
    };

    fn to_extent(cloud: &Cloud, kept: &[usize], extent: f32) -> Result<Self, SceneError> {
        if !(extent > 0.0 && extent.is_finite()) {
            return Err(SceneError::BadExtent(extent));
        }
        let (mut longest, mut sum) = (0.0_f64, 0.0_f64);
        for axis in &cloud.columns().positions {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for &index in kept {
                let value = f64::from(axis[index]);
                low = low.min(value);
                high = high.max(value);
                sum += value;
            }
            longest = longest.max(high - low);
        }
        let scale = f64::from(extent) / longest;
        let opacity_factor = 1.0 / scale;
        if !(scale as f32).is_finite() || !(opacity_factor as f32).is_finite() {
            return Err(SceneError::Unscalable {
                span: longest,
                extent,
            });
        }
        Ok(Self {
            shift: (sum / (3.0 * kept.len() as f64)) as f32,
            scale: scale as f32,
            opacity_factor: opacity_factor as f32,
        })
    }
}

/// Indices of the splats all of whose numbers mean something.
fn drawable(cloud: &Cloud) -> Vec<usize> {
    let columns = cloud.columns();
    (0..cloud.len())
        .filter(|&index| {
            let finite = |columns: &[Vec<f32>]| columns.iter().all(|one| one[index].is_finite());
            finite(&columns.positions)
                && columns
                    .log_scales
                    .iter()
                    .all(|one| one[index].exp().is_finite())
                && finite(&columns.rotations)
                && columns.rotations.iter().any(|one| one[index] != 0.0)
                && finite(&columns.colours)
                && !columns.opacity_logits[index].is_nan()
        })
        .collect()
}

/// Exactly 0 and 1 at −∞ and +∞, which 8-bit opacities decode to.
fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// `R·S·Sᵀ·Rᵀ` of a quaternion `w, x, y, z` (normalised here) and standard deviations: its upper
/// triangle xx, xy, xz, yy, yz, zz.
fn covariance(rotation: [f32; 4], deviations: [f32; 3]) -> [f32; 6] {
    let norm = rotation
        .iter()
        .map(|part| part * part)
        .sum::<f32>()
        .sqrt()
        .max(1e-12);
    let [w, x, y, z] = rotation.map(|part| part / norm);
    let rows = [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ];
    let scaled = rows.map(|row| [0, 1, 2].map(|axis| row[axis] * deviations[axis]));
    let entry = |left: usize, right: usize| {
        let (left, right): ([f32; 3], [f32; 3]) = (scaled[left], scaled[right]);
        left[0] * right[0] + left[1] * right[1] + left[2] * right[2]
    };
    [
        entry(0, 0),
        entry(0, 1),
        entry(0, 2),
        entry(1, 1),
        entry(1, 2),
        entry(2, 2),
    ]
}
