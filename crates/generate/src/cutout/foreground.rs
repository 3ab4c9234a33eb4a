//! The object's own colours where it is mixed with its ground.
//!
//! An edge pixel is `α·F + (1 − α)·B`, and only F is to be sculpted. Both are estimated by blurring what
//! is known of them, and F corrected so that the mixture is the pixel again: blur fusion (Forte,
//! "Approximate Fast Foreground Colour Estimation", ICIP 2021), first far, then near.

use image::RgbImage;
use rayon::prelude::*;

/// Width of the two blurs, in pixels of a picture of 1024.
const WIDTHS: [usize; 2] = [90, 6];
/// Keeps divisors from zero.
const LEAST: f32 = 1e-5;

/// The colours of the object, `0..1`: one plane for each of red, green and blue. Where `alpha` is 1 they
/// are the picture's own.
pub(super) fn estimate(picture: &RgbImage, alpha: &[f32]) -> [Vec<f32>; 3] {
    let size = [picture.width() as usize, picture.height() as usize];
    let longest = size[0].max(size[1]);
    let widths = WIDTHS.map(|width| (width * longest / 1024).max(3));
    // Squared, since what is hardly mixed says more.
    let object_shares: Vec<f32> = alpha.iter().map(|alpha| alpha * alpha).collect();
    let ground_shares: Vec<f32> = alpha.iter().map(|alpha| (1.0 - alpha).powi(2)).collect();
    let mut planes = [0, 1, 2].map(|channel| {
        let values = picture
            .pixels()
            .map(|pixel| f32::from(pixel[channel]) / 255.0);
        let pixels: Vec<f32> = values.collect();
        (pixels.clone(), pixels.clone(), pixels)
    });
    for width in widths {
        let object_weight = blurred(&object_shares, size, width);
        let ground_weight = blurred(&ground_shares, size, width);
        for (pixels, object, ground) in &mut planes {
            let mean = |values: &[f32], shares: &[f32], weight: &[f32]| {
                let parts: Vec<f32> = values.iter().zip(shares).map(|(a, b)| a * b).collect();
                let mut sums = blurred(&parts, size, width);
                for (sum, weight) in sums.iter_mut().zip(weight) {
                    *sum /= weight + LEAST;
                }
                sums
            };
            *object = mean(object, &object_shares, &object_weight);
            *ground = mean(ground, &ground_shares, &ground_weight);
            let known = pixels.iter().zip(alpha).zip(ground.iter());
            for (object, ((pixel, alpha), ground)) in object.iter_mut().zip(known) {
                let mixed = alpha * *object + (1.0 - alpha) * ground;
                *object = (*object + alpha * (pixel - mixed)).clamp(0.0, 1.0);
            }
        }
    }
    planes.map(|(_, object, _)| object)
}

/// The mean of a square around each pixel, of what of it lies in the picture.
fn blurred(values: &[f32], [width, height]: [usize; 2], across: usize) -> Vec<f32> {
    let mut rows = vec![0.0; values.len()];
    rows.par_chunks_mut(width.max(1))
        .zip(values.par_chunks(width.max(1)))
        .for_each(|(out, row)| slide(row, across, |place, mean| out[place] = mean));
    let columns: Vec<Vec<f32>> = (0..width)
        .into_par_iter()
        .map(|x| {
            let column: Vec<f32> = rows.iter().skip(x).step_by(width).copied().collect();
            let mut out = vec![0.0; height];
            slide(&column, across, |place, mean| out[place] = mean);
            out
        })
        .collect();
    let mut out = rows;
    for (x, column) in columns.iter().enumerate() {
        for (y, value) in column.iter().enumerate() {
            out[y * width + x] = *value;
        }
    }
    out
}

/// The mean of `across` neighbours of each value, summed in double precision: what goes in goes out.
fn slide(values: &[f32], across: usize, mut put: impl FnMut(usize, f32)) {
    let (before, after) = (across / 2, across - across / 2);
    let mut sum: f64 = values
        .iter()
        .take(after - 1)
        .map(|value| f64::from(*value))
        .sum();
    for place in 0..values.len() {
        if let Some(entering) = values.get(place + after - 1) {
            sum += f64::from(*entering);
        }
        if place > before {
            sum -= f64::from(values[place - before - 1]);
        }
        let first = place.saturating_sub(before);
        let last = (place + after).min(values.len());
        put(place, (sum / (last - first) as f64).max(0.0) as f32);
    }
}
