//! What one interface wants of a cloud: which way up, how large, in which container.

use std::fmt;

use crate::{Cloud, Columns, Container, Frame, Sh, inspect::Bounds};

/// What one interface wants of a cloud.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutputProfile {
    /// What it is called on the command line.
    pub name: &'static str,
    /// One line about who wants it so.
    pub purpose: &'static str,
    /// Which way up.
    pub frame: Frame,
    /// The longest side of the box around the centres, in units; `None` leaves size and place be.
    pub extent: Option<f32>,
    /// The container it is sent in.
    pub container: Container,
}

impl OutputProfile {
    /// The pull protocol of the 2025 validator: raw +Y up, and 1.5 units long, because the validator
    /// scales the box to 1.5 and divides every opacity by the factor that takes
    /// (three-gen-subnet `validation/engine/rendering/gaussian_splatting/gs_utils.py`): at 1.5 it is
    /// 1, and the asset is seen as it was made.
    pub const PULL_2025: Self = Self {
        name: "pull-2025",
        purpose: "the 2025 validator: +Y up, longest side 1.5",
        frame: Frame::YUp,
        extent: Some(1.5),
        container: Container::Spz,
    };

    /// As TRELLIS writes it and viewers load it: raw −Y up, in a unit box.
    pub const VIEWER: Self = Self {
        name: "viewer",
        purpose: "PLY viewers such as SuperSplat: -Y up, longest side 1",
        frame: Frame::YDown,
        extent: Some(1.0),
        container: Container::Ply,
    };

    /// Every profile there is.
    pub const ALL: [Self; 2] = [Self::PULL_2025, Self::VIEWER];

    /// The profile of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }

    /// Makes a cloud whose frame is `from` what this interface wants: turned upright, the box
    /// around its centres moved to the origin and scaled.
    ///
    /// Opacities and colours stay. Positions that are not finite stay too and move no box; a finite
    /// outlier counts, because it counts for the validator. A cloud without extent is only moved.
    ///
    /// Centring the box is also the best that can be done about the validator's own centring, which
    /// subtracts one scalar mean from all three axes: a shift along (1, 1, 1) that no translation of
    /// ours can undo, and none makes smaller.
    #[must_use]
    pub fn apply(&self, mut cloud: Cloud, from: Frame) -> Cloud {
        let columns = cloud.columns_mut();
        if from != self.frame {
            turn(columns);
        }
        if let Some(extent) = self.extent {
            fit(columns, extent);
        }
        cloud
    }
}

impl fmt::Display for OutputProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Half a turn about Z, which leads from either frame to the other.
fn turn(columns: &mut Columns) {
    let [xs, ys, _] = &mut columns.positions;
    for value in xs.iter_mut().chain(ys) {
        *value = -*value;
    }
    // The quaternion of half a turn about Z is (0, 0, 0, 1); from the left it makes
    // (w, x, y, z) into (−z, −y, x, w).
    let [ws, xs, ys, zs] = &mut columns.rotations;
    for (((w, x), y), z) in ws.iter_mut().zip(xs).zip(ys).zip(zs) {
        (*w, *x, *y, *z) = (-*z, -*y, *x, *w);
    }
    turn_harmonics(&mut columns.sh);
}

/// About Z, a harmonic of order m takes the factor cos(mπ): those of odd order change their sign.
fn turn_harmonics(sh: &mut Sh) {
    let per_splat = Sh::values_per_splat(sh.degree);
    if per_splat == 0 {
        return;
    }
    let orders = (1..=i32::from(sh.degree)).flat_map(|degree| -degree..=degree);
    let odd: Vec<usize> = orders
        .enumerate()
        .filter(|(_, order)| order % 2 != 0)
        .flat_map(|(coefficient, _)| (0..3).map(move |channel| coefficient * 3 + channel))
        .collect();
    for splat in sh.values.chunks_exact_mut(per_splat) {
        for index in &odd {
            splat[*index] = -splat[*index];
        }
    }
}

/// Moves the box around the centres to the origin and makes its longest side `extent`.
fn fit(columns: &mut Columns, extent: f32) {
    let Some(bounds) = Bounds::of(&columns.positions) else {
        return;
    };
    let centre = bounds.centre();
    let longest = bounds.longest_side();
    let factor = if longest > 0.0 {
        f64::from(extent) / longest
    } else {
        1.0
    };
    // In double precision: the two ends of the longest side then round to ±extent/2 exactly.
    for (axis, column) in columns.positions.iter_mut().enumerate() {
        for value in column {
            *value = ((f64::from(*value) - centre[axis]) * factor) as f32;
        }
    }
    let shift = factor.ln() as f32;
    for value in columns.log_scales.iter_mut().flatten() {
        *value += shift;
    }
}
