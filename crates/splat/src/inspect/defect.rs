//! The defects a cloud can have. Their names are stable: scripts look for them.

use std::fmt;

use serde::Serialize;

use super::{Bounds, Inspection};
use crate::{Cloud, Columns, OutputProfile};

/// Fewer splats than this score 0 (three-gen-subnet
/// `validation/engine/utils/gs_data_checker_utils.py`, as are the next three).
pub const MIN_SPLATS: usize = 7_000;

/// Below this opacity a splat counts as transparent for the validator.
pub const TRANSPARENT_OPACITY: f32 = 1e-3;

/// A larger share of transparent splats scores 0.
pub const MAX_TRANSPARENT_SHARE: f64 = 0.8;

/// How near every rotation must be to (1, 0, 0, 0) to score 0: `torch.allclose` allows 1e-8 plus
/// 1e-5 of the expected value, so this much for w and a thousandth of it for x, y and z.
pub const IDENTITY_TOLERANCE: f32 = 1e-5;

/// Miners report that clouds with fewer splats than this are accepted far less often; legal, so
/// only a warning.
pub const SPARSE_SPLATS: usize = 150_000;

/// If the opacity logits differ by less than this from one another, something clamped them: the
/// field knows generators that fail so.
pub const MIN_LOGIT_SPREAD: f32 = 1e-3;

/// How far an extent may be from the profile's, as a share of it.
pub const EXTENT_TOLERANCE: f64 = 0.01;

/// How far the box may be from the origin on any axis, as a share of the extent.
pub const OFF_CENTRE_TOLERANCE: f64 = 0.01;

/// If the box shrinks below this share of its size when the outermost thousandth of the splats at
/// either end of each axis is left out, stray splats make the asset small in its box.
pub const OUTLIER_RATIO: f64 = 0.5;

/// The thousandth of [`OUTLIER_RATIO`].
const OUTLIER_SHARE: f64 = 0.001;

/// A splat whose longest axis is less than this share of the extent is a point.
const POINT_SCALE: f64 = 1e-6;

/// Share of splats that may be points, or larger than the whole asset.
const MAX_DEGENERATE_SHARE: f64 = 0.8;

/// What a defect means for the asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is worthless, or will be judged so.
    Error,
    /// It is worth less than it could be.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong with a cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// Stable: `nan_or_inf_position`, `…_scale`, `…_rotation`, `…_opacity`, `…_colour`,
    /// `…_harmonics`, `too_few`, `sparse`, `transparent`, `opacities_equal`, `rotations_identity`,
    /// `rotations_zero`, `scales_degenerate`, `outliers`, `off_centre`, `wrong_extent`.
    pub name: &'static str,
    /// What it means.
    pub severity: Severity,
    /// One sentence with the numbers.
    pub detail: String,
}

impl Defect {
    fn error(name: &'static str, detail: String) -> Self {
        Self {
            name,
            severity: Severity::Error,
            detail,
        }
    }

    fn warning(name: &'static str, detail: String) -> Self {
        Self {
            name,
            severity: Severity::Warning,
            detail,
        }
    }
}

/// All defects of a cloud that has been measured, errors first.
pub(super) fn find(cloud: &Cloud, measured: &Inspection, profile: &OutputProfile) -> Vec<Defect> {
    let columns = cloud.columns();
    let mut defects = not_finite(columns);
    defects.extend(count(cloud.len()));
    defects.extend(opacities(&columns.opacity_logits, measured));
    defects.extend(rotations(columns));
    if let Some(bounds) = &measured.bounds {
        defects.extend(scales(columns, bounds));
        defects.extend(outliers(columns, bounds));
        defects.extend(fit(bounds, profile));
    }
    defects.sort_by_key(|defect| defect.severity);
    defects
}

/// Infinite opacity logits are legal: SPZ decodes the bytes 0 and 255 to them.
fn not_finite(columns: &Columns) -> Vec<Defect> {
    fn not_finite(columns: &[Vec<f32>]) -> usize {
        columns
            .iter()
            .flatten()
            .filter(|value| !value.is_finite())
            .count()
    }
    let counts = [
        (
            "nan_or_inf_position",
            "positions",
            not_finite(&columns.positions),
        ),
        (
            "nan_or_inf_scale",
            "log-scales",
            not_finite(&columns.log_scales),
        ),
        (
            "nan_or_inf_rotation",
            "rotation parts",
            not_finite(&columns.rotations),
        ),
        ("nan_or_inf_colour", "colours", not_finite(&columns.colours)),
        (
            "nan_or_inf_opacity",
            "opacity logits",
            columns
                .opacity_logits
                .iter()
                .filter(|logit| logit.is_nan())
                .count(),
        ),
        (
            "nan_or_inf_harmonics",
            "spherical harmonics",
            columns
                .sh
                .values
                .iter()
                .filter(|value| !value.is_finite())
                .count(),
        ),
    ];
    counts
        .into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(name, what, count)| {
            Defect::error(name, format!("{count} {what} are not finite numbers"))
        })
        .collect()
}

fn count(count: usize) -> Option<Defect> {
    if count < MIN_SPLATS {
        let detail = format!("{count} splats; the validator scores fewer than {MIN_SPLATS} as 0");
        Some(Defect::error("too_few", detail))
    } else if count < SPARSE_SPLATS {
        let detail =
            format!("{count} splats; clouds of fewer than {SPARSE_SPLATS} are accepted less often");
        Some(Defect::warning("sparse", detail))
    } else {
        None
    }
}

fn opacities(logits: &[f32], measured: &Inspection) -> Vec<Defect> {
    let Some(opacity) = &measured.opacity else {
        return Vec::new();
    };
    let mut defects = Vec::new();
    if opacity.transparent_share > MAX_TRANSPARENT_SHARE {
        let detail = format!(
            "{:.1} % of the splats have an opacity below {TRANSPARENT_OPACITY}; the validator \
             scores more than {:.0} % as 0",
            opacity.transparent_share * 100.0,
            MAX_TRANSPARENT_SHARE * 100.0
        );
        defects.push(Defect::error("transparent", detail));
    }
    if logits.len() > 1 && all_equal(logits) {
        let detail = format!(
            "every opacity is {:.4}: the generator failed or clamped them",
            opacity.median
        );
        defects.push(Defect::error("opacities_equal", detail));
    }
    defects
}

/// Whether all logits that are numbers are one and the same, infinities included.
fn all_equal(logits: &[f32]) -> bool {
    let mut numbers = logits.iter().filter(|logit| !logit.is_nan());
    let Some(first) = numbers.next() else {
        return false;
    };
    numbers.all(|logit| logit == first || (logit - first).abs() < MIN_LOGIT_SPREAD)
}

fn rotations(columns: &Columns) -> Option<Defect> {
    let [ws, xs, ys, zs] = &columns.rotations;
    if ws.is_empty() {
        return None;
    }
    if all_rotations_identity(columns) {
        let detail = "no splat is rotated; the validator scores that as 0".to_owned();
        return Some(Defect::error("rotations_identity", detail));
    }
    let zero = ws.iter().zip(xs).zip(ys).zip(zs);
    let zero = zero
        .filter(|(((w, x), y), z)| [**w, **x, **y, **z] == [0.0; 4])
        .count();
    (zero > 0).then(|| {
        Defect::warning(
            "rotations_zero",
            format!("{zero} rotations are zero: they turn nothing"),
        )
    })
}

/// Whether the validator takes every rotation, normalised, for the identity; not so for none.
#[must_use]
pub fn all_rotations_identity(columns: &Columns) -> bool {
    const ABSOLUTE: f32 = IDENTITY_TOLERANCE / 1000.0;
    let [ws, xs, ys, zs] = &columns.rotations;
    let identity = |[w, x, y, z]: [f32; 4]| {
        let norm = (w * w + x * x + y * y + z * z).sqrt().max(1e-12);
        (w / norm - 1.0).abs() <= IDENTITY_TOLERANCE + ABSOLUTE
            && [x, y, z].iter().all(|part| (part / norm).abs() <= ABSOLUTE)
    };
    let mut all = ws.iter().zip(xs).zip(ys).zip(zs);
    !ws.is_empty() && all.all(|(((w, x), y), z)| identity([*w, *x, *y, *z]))
}

fn scales(columns: &Columns, bounds: &Bounds) -> Option<Defect> {
    let extent = bounds.longest_side();
    if extent <= 0.0 {
        return None;
    }
    let (point, whole) = ((extent * POINT_SCALE).ln() as f32, extent.ln() as f32);
    let [xs, ys, zs] = &columns.log_scales;
    let longest = xs
        .iter()
        .zip(ys)
        .zip(zs)
        .map(|((x, y), z)| x.max(*y).max(*z));
    let degenerate = longest
        .filter(|longest| *longest < point || *longest > whole)
        .count();
    let share = degenerate as f64 / xs.len().max(1) as f64;
    (share > MAX_DEGENERATE_SHARE).then(|| {
        let detail = format!(
            "{:.1} % of the splats are either points or larger than the whole asset",
            share * 100.0
        );
        Defect::error("scales_degenerate", detail)
    })
}

fn outliers(columns: &Columns, bounds: &Bounds) -> Option<Defect> {
    let extent = bounds.longest_side();
    let inner = columns
        .positions
        .iter()
        .map(|column| inner_side(column))
        .fold(0.0, f64::max);
    (extent > 0.0 && inner < extent * OUTLIER_RATIO).then(|| {
        let detail = format!(
            "a few stray splats make the box {extent:.3} long; all but {:.1} % at either end of \
             each axis fit in {inner:.3}",
            OUTLIER_SHARE * 100.0
        );
        Defect::warning("outliers", detail)
    })
}

/// How far apart the finite values are without the outermost [`OUTLIER_SHARE`] at either end.
fn inner_side(column: &[f32]) -> f64 {
    let mut finite: Vec<f32> = column
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let cut = (finite.len() as f64 * OUTLIER_SHARE).ceil() as usize;
    if finite.len() <= 2 * cut {
        return 0.0;
    }
    let (_, low, above) = finite.select_nth_unstable_by(cut, f32::total_cmp);
    let low = f64::from(*low);
    // `above` begins at rank cut + 1; the wanted rank from its end is cut.
    match above.len().checked_sub(cut + 1) {
        Some(rank) => f64::from(*above.select_nth_unstable_by(rank, f32::total_cmp).1) - low,
        None => 0.0,
    }
}

fn fit(bounds: &Bounds, profile: &OutputProfile) -> Vec<Defect> {
    let Some(wanted) = profile.extent.map(f64::from) else {
        return Vec::new();
    };
    let mut defects = Vec::new();
    let extent = bounds.longest_side();
    if (extent / wanted - 1.0).abs() > EXTENT_TOLERANCE {
        let detail = format!(
            "the longest side is {extent:.4}; {} wants {wanted}",
            profile.name
        );
        defects.push(Defect::warning("wrong_extent", detail));
    }
    let centre = bounds.centre();
    if centre
        .iter()
        .any(|axis| axis.abs() > extent.max(wanted) * OFF_CENTRE_TOLERANCE)
    {
        let [x, y, z] = centre;
        let detail = format!(
            "the box is centred at ({x:.3}, {y:.3}, {z:.3}); {} wants it at the origin",
            profile.name
        );
        defects.push(Defect::warning("off_centre", detail));
    }
    defects
}
