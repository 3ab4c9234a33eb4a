//! Structural similarity as torchmetrics 1.5.1's `StructuralSimilarityIndexMeasure(data_range=1.0)`
//! computes it, which the validator calls on neighbouring views.
//!
//! Gaussian window of 11×11 pixels, σ 1.5; borders mirrored without repeating the edge; variances
//! clamped at 0, the covariance not; the mean is taken over **all** pixels and channels, mirrored
//! borders included (`torchmetrics/functional/image/ssim.py`).

use rayon::prelude::*;
use render::Image;
use thiserror::Error;

/// `int(3.5·σ + 0.5)`: pixels of the window on each side of its middle.
const REACH: usize = 5;
const WINDOW: usize = 2 * REACH + 1;
const SIGMA: f32 = 1.5;
/// `(0.01 · data_range)²` and `(0.03 · data_range)²`.
const C1: f32 = 1e-4;
const C2: f32 = 9e-4;

/// Images that cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SsimError {
    /// Two images of different sizes.
    #[error("an image of {left:?} pixels cannot be compared with one of {right:?}")]
    Uneven {
        /// Width and height of the first.
        left: (u32, u32),
        /// Width and height of the second.
        right: (u32, u32),
    },
    /// Too small for the mirrored border, or pixels missing.
    #[error("images of {width}×{height} pixels cannot be compared: each side needs 6 or more")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Fewer than two views have no neighbours.
    #[error("{0} views have no neighbours to compare")]
    TooFew(usize),
}

/// Similarity of two images: 1 for equal ones, down to −1.
///
/// # Errors
/// When the images differ in size, are smaller than 6×6 pixels, or lack pixels.
pub fn ssim(left: &Image, right: &Image) -> Result<f64, SsimError> {
    check(left, right)?;
    let kernel = kernel();
    let total: f64 = (0..3)
        .map(|channel| {
            let planes = [left, right].map(|image| Plane::of(image, channel));
            similarity_sum(&planes[0], &planes[1], &kernel)
        })
        .sum();
    Ok(total / (3.0 * f64::from(left.width) * f64::from(left.height)))
}

/// The similarity of each view with the next, and of the last with the first.
///
/// # Errors
/// When there are fewer than two views, or two neighbours cannot be compared.
pub fn adjacent_similarities(views: &[Image]) -> Result<Vec<f64>, SsimError> {
    if views.len() < 2 {
        return Err(SsimError::TooFew(views.len()));
    }
    (0..views.len())
        .into_par_iter()
        .map(|index| ssim(&views[index], &views[(index + 1) % views.len()]))
        .collect()
}

fn check(left: &Image, right: &Image) -> Result<(), SsimError> {
    let size = |image: &Image| (image.width, image.height);
    if size(left) != size(right) {
        return Err(SsimError::Uneven {
            left: size(left),
            right: size(right),
        });
    }
    let (width, height) = size(left);
    let bytes = u64::from(width) * u64::from(height) * 3;
    let whole = |image: &Image| image.rgb.len() as u64 == bytes;
    if (width as usize) <= REACH || (height as usize) <= REACH || !whole(left) || !whole(right) {
        return Err(SsimError::Size { width, height });
    }
    Ok(())
}

fn kernel() -> [f32; WINDOW] {
    let weights: [f32; WINDOW] = std::array::from_fn(|index| {
        let distance = (index as f32 - REACH as f32) / SIGMA;
        (-(distance * distance) / 2.0).exp()
    });
    let sum: f32 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// One channel from 0 to 1.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Plane {
    fn of(image: &Image, channel: usize) -> Self {
        Self {
            width: image.width as usize,
            height: image.height as usize,
            values: image
                .rgb
                .chunks_exact(3)
                .map(|pixel| f32::from(pixel[channel]) / 255.0)
                .collect(),
        }
    }

    /// Row `index` of the mirrored plane, where 0 is the plane's first.
    fn mirrored_row(&self, index: isize) -> &[f32] {
        let row = mirror(index, self.height) * self.width;
        &self.values[row..row + self.width]
    }
}

/// −1 → 1, `length` → `length − 2`: the edge is not repeated.
fn mirror(index: isize, length: usize) -> usize {
    let last = length as isize - 1;
    let index = index.abs();
    (if index > last {
        2 * last - index
    } else {
        index
    }) as usize
}

/// Windowed sums of one row: left, right, left², right², left·right.
type Moments = [Vec<f32>; 5];

/// The sum of the similarities of all pixels. The window is separable: columns first, which runs
/// along the rows, then along each row with its ends mirrored.
fn similarity_sum(left: &Plane, right: &Plane, kernel: &[f32; WINDOW]) -> f64 {
    let width = left.width;
    let mut columns: Moments = std::array::from_fn(|_| vec![0.0; width + 2 * REACH]);
    let mut window: Moments = std::array::from_fn(|_| vec![0.0; width]);
    let mut total = 0.0;
    for row in 0..left.height {
        sum_columns(left, right, row, kernel, &mut columns);
        for (column, windowed) in columns.iter_mut().zip(&mut window) {
            mirror_ends(column);
            sum_row(column, kernel, windowed);
        }
        total += row_similarity(&window);
    }
    total
}

fn sum_columns(
    left: &Plane,
    right: &Plane,
    row: usize,
    kernel: &[f32; WINDOW],
    columns: &mut Moments,
) {
    let inner = REACH..REACH + left.width;
    let [sum_l, sum_r, sum_ll, sum_rr, sum_lr] = columns.each_mut().map(|column| {
        let column = &mut column[inner.clone()];
        column.fill(0.0);
        column
    });
    for (offset, &weight) in kernel.iter().enumerate() {
        let source = row as isize + offset as isize - REACH as isize;
        let rows = left
            .mirrored_row(source)
            .iter()
            .zip(right.mirrored_row(source));
        let sums = sum_l
            .iter_mut()
            .zip(&mut *sum_r)
            .zip(&mut *sum_ll)
            .zip(&mut *sum_rr)
            .zip(&mut *sum_lr);
        for ((&l, &r), ((((sum_l, sum_r), sum_ll), sum_rr), sum_lr)) in rows.zip(sums) {
            let (weighted_l, weighted_r) = (weight * l, weight * r);
            *sum_l += weighted_l;
            *sum_r += weighted_r;
            *sum_ll += weighted_l * l;
            *sum_rr += weighted_r * r;
            *sum_lr += weighted_l * r;
        }
    }
}

/// Fills the [`REACH`] places at either end from the row between them.
fn mirror_ends(column: &mut [f32]) {
    let last = column.len() - 1 - REACH;
    for distance in 1..=REACH {
        column[REACH - distance] = column[REACH + distance];
        column[last + distance] = column[last - distance];
    }
}

fn sum_row(column: &[f32], kernel: &[f32; WINDOW], windowed: &mut [f32]) {
    windowed.fill(0.0);
    for (offset, &weight) in kernel.iter().enumerate() {
        for (sum, &value) in windowed.iter_mut().zip(&column[offset..]) {
            *sum += weight * value;
        }
    }
}

fn row_similarity(window: &Moments) -> f64 {
    let [mean_l, mean_r, square_l, square_r, product] = window;
    let mut total = 0.0;
    for place in 0..mean_l.len() {
        let (mean_l, mean_r) = (mean_l[place], mean_r[place]);
        let variance_l = (square_l[place] - mean_l * mean_l).max(0.0);
        let variance_r = (square_r[place] - mean_r * mean_r).max(0.0);
        let covariance = product[place] - mean_l * mean_r;
        let above = (2.0 * mean_l * mean_r + C1) * (2.0 * covariance + C2);
        let below = (mean_l * mean_l + mean_r * mean_r + C1) * (variance_l + variance_r + C2);
        total += f64::from(above / below);
    }
    total
}
