//! What lies behind the subject, read off the picture's border, and how unlike it a pixel is: a
//! smooth gradient over the whole picture, or row by row what both sides agree on. The second is
//! for the line where a wall meets a floor, which no smooth gradient has.

use glam::{Mat3, Vec3, Vec3Swizzles};

use super::{decode::Picture, mask::Mask};

/// Rounds of fitting; each trusts pixels less the worse they fitted the last one.
const FITS: usize = 8;
/// Colours this far from the fit (Oklab) count half.
const DOUBT: f32 = 0.04;

/// A colour in Oklab (Ottosson 2020): lightness `0..1`, and two axes of about ±0.4 on which equal
/// distances look equally different.
pub(crate) fn oklab(rgb: [f32; 3]) -> Vec3 {
    let linear = Vec3::from(rgb.map(|value| {
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    }));
    let to_cones = Mat3::from_cols_array(&[
        0.412_221_47,
        0.211_903_5,
        0.088_302_46,
        0.536_332_54,
        0.680_699_5,
        0.281_718_84,
        0.051_445_99,
        0.107_396_96,
        0.629_978_7,
    ]);
    let to_lab = Mat3::from_cols_array(&[
        0.210_454_26,
        1.977_998_5,
        0.025_904_037,
        0.793_617_8,
        -2.428_592_2,
        0.782_771_77,
        -0.004_072_047,
        0.450_593_7,
        -0.808_675_77,
    ]);
    to_lab * (to_cones * linear).map(f32::cbrt)
}

/// How far into the picture a row's two ends reach, in pixels.
const END: usize = 4;
/// Ends of a row that differ less than this (Oklab) are both ground.
const AGREEMENT: f32 = 0.09;

/// The ground's colour at every place.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    /// Of a quadratic in x and y: one colour per term of [`terms`].
    coefficients: [Vec3; TERMS],
    /// The colours of each row at its left and right end, where they agree.
    rows: Vec<Option<[Vec3; 2]>>,
}

const TERMS: usize = 6;

fn terms(x: f32, y: f32) -> [f32; TERMS] {
    [1.0, x, y, x * y, x * x, y * y]
}

impl Ground {
    /// Fits the border's colours, mistrusting those (of a subject that touches the border) which do
    /// not go with the rest.
    pub(super) fn of_border(picture: &Picture, lab: &[Vec3]) -> Self {
        let samples: Vec<([f32; TERMS], Vec3)> = Mask::border(picture.width, picture.height)
            .map(|index| {
                let (x, y) = place(picture, index);
                (terms(x, y), lab[index])
            })
            .collect();
        let mut weights = vec![1.0; samples.len()];
        let mut ground = Self {
            coefficients: [Vec3::ZERO; TERMS],
            rows: agreeing_ends(picture, lab),
        };
        for _ in 0..FITS {
            ground.coefficients = least_squares(&samples, &weights);
            for ((terms, colour), weight) in samples.iter().zip(&mut weights) {
                let error = (ground.mix(terms) - *colour).length() / DOUBT;
                *weight = 1.0 / (1.0 + error * error).powi(2);
            }
        }
        ground
    }

    fn mix(&self, terms: &[f32; TERMS]) -> Vec3 {
        terms
            .iter()
            .zip(self.coefficients)
            .map(|(term, coefficient)| coefficient * *term)
            .sum()
    }

    /// How unlike the ground a colour is: below 1 it is ground, above about 3 it is not.
    pub(super) fn unlike(&self, picture: &Picture, index: usize, colour: Vec3) -> f32 {
        let (x, y) = place(picture, index);
        let smooth = Self::difference(colour - self.mix(&terms(x, y)));
        match self.rows.get(index / picture.width).copied().flatten() {
            Some([left, right]) => {
                let row = left.lerp(right, 0.5 * (x + 1.0));
                smooth.min(Self::difference(colour - row))
            }
            None => smooth,
        }
    }

    /// Darker counts far less than lighter or another hue, because the subject throws a shadow.
    fn difference(difference: Vec3) -> f32 {
        let hue = difference.yz().length() / 0.035;
        let lightness = if difference.x > 0.0 {
            difference.x / 0.06
        } else {
            -difference.x / 0.16
        };
        hue.hypot(lightness)
    }
}

/// The mean colours at both ends of each row, or none where they differ: there the subject may
/// reach the border.
fn agreeing_ends(picture: &Picture, lab: &[Vec3]) -> Vec<Option<[Vec3; 2]>> {
    let end = END.min(picture.width);
    let mean = |pixels: &[Vec3]| pixels.iter().copied().sum::<Vec3>() / end as f32;
    lab.chunks_exact(picture.width)
        .map(|row| {
            let (left, right) = (mean(&row[..end]), mean(&row[row.len() - end..]));
            (left.distance(right) < AGREEMENT).then_some([left, right])
        })
        .collect()
}

/// Where a pixel is, with −1 to 1 across the picture.
fn place(picture: &Picture, index: usize) -> (f32, f32) {
    let across = |at: usize, side: usize| 2.0 * (at as f32 + 0.5) / side as f32 - 1.0;
    (
        across(index % picture.width, picture.width),
        across(index / picture.width, picture.height),
    )
}

/// Weighted least squares through the normal equations, with a touch of damping so that a picture
/// one pixel wide has a solution too.
fn least_squares(samples: &[([f32; TERMS], Vec3)], weights: &[f32]) -> [Vec3; TERMS] {
    let mut matrix = [[0.0_f64; TERMS]; TERMS];
    let mut right = [[0.0_f64; 3]; TERMS];
    for ((terms, colour), weight) in samples.iter().zip(weights) {
        let weight = f64::from(*weight);
        for row in 0..TERMS {
            let weighted = weight * f64::from(terms[row]);
            for column in 0..TERMS {
                matrix[row][column] += weighted * f64::from(terms[column]);
            }
            for channel in 0..3 {
                right[row][channel] += weighted * f64::from(colour[channel]);
            }
        }
    }
    for (row, line) in matrix.iter_mut().enumerate() {
        line[row] += if row == 0 { 1e-9 } else { 1e-3 };
    }
    solve(matrix, right).map(|colour| Vec3::from(colour.map(|value| value as f32)))
}

/// Gaussian elimination. The damped normal matrix is positive definite, so no pivot is needed.
fn solve(mut matrix: [[f64; TERMS]; TERMS], mut right: [[f64; 3]; TERMS]) -> [[f64; 3]; TERMS] {
    for pivot in 0..TERMS {
        for row in 0..TERMS {
            if row == pivot {
                continue;
            }
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let (from, source) = (matrix[pivot], right[pivot]);
            for column in 0..TERMS {
                matrix[row][column] -= factor * from[column];
            }
            for channel in 0..3 {
                right[row][channel] -= factor * source[channel];
            }
        }
    }
    for (row, values) in right.iter_mut().enumerate() {
        for value in values {
            *value /= matrix[row][row];
        }
    }
    right
}
