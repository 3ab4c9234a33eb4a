//! A cloud made ready to be rendered: activated, normalised, and stored column by column.

use rayon::prelude::*;
use splat::{Cloud, Columns};
use thiserror::Error;

/// The longest side of the box around the splat centres to which the validator scales an asset.
pub const VALIDATOR_EXTENT: f32 = 1.5;

/// Degree-0 spherical-harmonic basis function, `1 / (2·√π)`.
const SH_DEGREE_0: f32 = 0.282_094_8;

/// Contributions below this are skipped by gsplat, and so are splats of less opacity.
pub(crate) const ALPHA_MIN: f32 = 1.0 / 255.0;

/// The exponential of more is not a finite number.
const LOG_SCALE_MAX: f32 = 88.722;

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

/// Splats of one [`Group`].
pub(crate) const GROUP: usize = 16;

/// What of sixteen neighbouring splats the projection reads, number by number, so that a vector unit
/// loads neighbours.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct Group {
    pub(crate) positions: [[f32; GROUP]; 3],
    /// Upper triangle of the world-space covariance: xx, xy, xz, yy, yz, zz.
    pub(crate) covariances: [[f32; GROUP]; 6],
}

impl Group {
    /// What fills the last group: not-a-number is seen by no camera.
    const UNSEEN: Self = Self {
        positions: [[f32::NAN; GROUP]; 3],
        covariances: [[0.0; GROUP]; 6],
    };
}

/// What of a splat is painted: the same for every camera.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(16))]
pub(crate) struct Paint {
    /// Not clamped: may be negative or above 1.
    pub(crate) colour: [f32; 3],
    /// log₂ of the opacity after dimming, −7.994 (1/255) to 0.
    pub(crate) log2_opacity: f32,
}

/// Splats in the form the rasterisers read: activated opacity and colour, world-space covariance.
/// About 52 bytes a splat.
#[derive(Debug, Clone)]
pub struct Scene {
    /// All splats, in the cloud's order; the last group may be filled up.
    pub(crate) groups: Vec<Group>,
    /// One for each splat.
    pub(crate) paints: Vec<Paint>,
    dropped: usize,
    faint: usize,
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
    /// of ±∞ are legal. Splats whose dimmed opacity is below 1/255 show in no picture and are left
    /// out too, counted by [`Scene::faint`].
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

    /// Number of splats that can be drawn. It may be 0, where all are too faint to show.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paints.len()
    }

    /// Whether nothing can be drawn because all splats are too faint to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paints.is_empty()
    }

    /// Number of splats of the cloud that were left out because they cannot be drawn.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Number of splats that were left out because no pixel can show them.
    #[must_use]
    pub fn faint(&self) -> usize {
        self.faint
    }

    fn activate(cloud: &Cloud, kept: &[u32], normalisation: Normalisation) -> Self {
        let columns = cloud.columns();
        let opacity = |&index: &u32| normalisation.opacity(columns, index);
        let shown = shown(columns, kept, normalisation);
        let paint = |index: &u32| Paint {
            colour: [0, 1, 2].map(|channel: usize| {
                0.5 + SH_DEGREE_0 * columns.colours[channel][*index as usize]
            }),
            log2_opacity: opacity(index).log2(),
        };
        Self {
            groups: shown
                .par_chunks(GROUP)
                .map(|indices| normalisation.group(columns, indices))
                .collect(),
            paints: shown.par_iter().map(paint).collect(),
            dropped: cloud.len() - kept.len(),
            faint: kept.len() - shown.len(),
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

    /// Activated and dimmed.
    fn opacity(self, columns: &Columns, index: u32) -> f32 {
        let opacity = sigmoid(columns.opacity_logits[index as usize]);
        (opacity * self.opacity_factor).clamp(0.0, 1.0)
    }

    /// Up to [`GROUP`] splats, moved, scaled and turned.
    fn group(&self, columns: &Columns, indices: &[u32]) -> Group {
        let mut group = Group::UNSEEN;
        for (lane, &index) in indices.iter().enumerate() {
            let index = index as usize;
            let rotation = [0, 1, 2, 3].map(|part: usize| columns.rotations[part][index]);
            let deviations =
                [0, 1, 2].map(|axis: usize| columns.log_scales[axis][index].exp() * self.scale);
            for (axis, row) in group.positions.iter_mut().enumerate() {
                row[lane] = (columns.positions[axis][index] - self.shift) * self.scale;
            }
            for (row, value) in group
                .covariances
                .iter_mut()
                .zip(covariance(rotation, deviations))
            {
                row[lane] = value;
            }
        }
        group
    }

    fn to_extent(cloud: &Cloud, kept: &[u32], extent: f32) -> Result<Self, SceneError> {
        if !(extent > 0.0 && extent.is_finite()) {
            return Err(SceneError::BadExtent(extent));
        }
        let (mut longest, mut sum) = (0.0_f64, 0.0_f64);
        for axis in &cloud.columns().positions {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for &index in kept {
                let value = f64::from(axis[index as usize]);
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

/// The splats that pictures of a cloud can show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visible {
    /// Their places in the cloud, in order.
    pub indices: Vec<u32>,
    /// How many cannot be drawn: see [`Scene::dropped`].
    pub dropped: usize,
    /// How many are too faint to show: see [`Scene::faint`].
    pub faint: usize,
}

/// What of `cloud` a [`Scene`] without normalisation would show. A cloud as large as the validator scales
/// it to is shown by it alike.
#[must_use]
pub fn visible(cloud: &Cloud) -> Visible {
    let kept = drawable(cloud);
    let indices = shown(cloud.columns(), &kept, Normalisation::NONE);
    Visible {
        dropped: cloud.len() - kept.len(),
        faint: kept.len() - indices.len(),
        indices,
    }
}

/// Those of `kept` that are not too faint.
fn shown(columns: &Columns, kept: &[u32], normalisation: Normalisation) -> Vec<u32> {
    kept.par_iter()
        .copied()
        .filter(|index| normalisation.opacity(columns, *index) >= ALPHA_MIN)
        .collect()
}

/// Indices of the splats all of whose numbers mean something.
fn drawable(cloud: &Cloud) -> Vec<u32> {
    let columns = cloud.columns();
    let means_something = |&index: &u32| {
        let index = index as usize;
        let finite = |columns: &[Vec<f32>]| columns.iter().all(|one| one[index].is_finite());
        finite(&columns.positions)
            && columns
                .log_scales
                .iter()
                .all(|one| one[index] <= LOG_SCALE_MAX)
            && finite(&columns.rotations)
            && columns.rotations.iter().any(|one| one[index] != 0.0)
            && finite(&columns.colours)
            && !columns.opacity_logits[index].is_nan()
    };
    (0..cloud.len().min(u32::MAX as usize) as u32)
        .into_par_iter()
        .filter(means_something)
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
