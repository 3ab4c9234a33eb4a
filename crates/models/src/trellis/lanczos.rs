//! Resampling to the byte as Pillow's `Image.resize` does it with `LANCZOS`: a pass along the rows and
//! then one along the columns, each in whole numbers and rounded to 8 bit.
//!
//! Pillow `libImaging/Resample.c`. Rows are asked for one after the other and never kept, so that a
//! picture need not exist at the size it is resampled from.

use rayon::prelude::*;

/// Bits behind the point of a weight.
const PRECISION: u32 = 32 - 8 - 2;
/// One half at that precision: what rounds.
const HALF: i32 = 1 << (PRECISION - 1);
/// Rows that are resampled at a time.
const ROWS: usize = 256;

/// What one pixel of the answer is made of, along one axis.
struct Window {
    /// The first pixel it sees.
    first: usize,
    /// The weights of that and the next.
    weights: Vec<i32>,
}

/// Lanczos' window of three lobes.
fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| {
        let x = x * std::f64::consts::PI;
        if x == 0.0 { 1.0 } else { x.sin() / x }
    };
    if (-3.0..3.0).contains(&x) {
        sinc(x) * sinc(x / 3.0)
    } else {
        0.0
    }
}

/// What each of `outputs` pixels along an axis is made of, of `inputs`.
fn windows(inputs: usize, outputs: usize) -> Vec<Window> {
    let scale = inputs as f64 / outputs as f64;
    let spread = scale.max(1.0);
    let support = 3.0 * spread;
    let window = |output: usize| {
        let centre = (output as f64 + 0.5) * scale;
        // Conversions cut towards zero, and what is below zero is zero.
        let first = (centre - support + 0.5) as usize;
        let end = ((centre + support + 0.5) as usize).min(inputs);
        let weights: Vec<f64> = (first..end)
            .map(|input| lanczos((input as f64 - centre + 0.5) * spread.recip()))
            .collect();
        let sum: f64 = weights.iter().sum();
        let whole = |weight: f64| {
            let weight = if sum == 0.0 { weight } else { weight / sum };
            let scaled = weight * f64::from(1_u32 << PRECISION);
            // Rounds half away from zero, by cutting.
            (if scaled < 0.0 {
                scaled - 0.5
            } else {
                scaled + 0.5
            }) as i32
        };
        Window {
            first,
            weights: weights.into_iter().map(whole).collect(),
        }
    };
    (0..outputs).map(window).collect()
}

/// A sum of weighted values as a value.
fn clipped(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// A picture of `from` (width, height) as one of `to`, row by row with `CHANNELS` values a pixel. `row`
/// writes a row of the picture into what it is given, which holds `from[0]` pixels of zeros or of another
/// row. No side may be zero.
pub(super) fn resize<const CHANNELS: usize>(
    from: [usize; 2],
    to: [usize; 2],
    row: impl Fn(usize, &mut [u8]) + Sync,
) -> Vec<u8> {
    let (across, down) = (windows(from[0], to[0]), windows(from[1], to[1]));
    let line = to[0] * CHANNELS;
    let mut sums = vec![HALF; to[1] * line];
    let mut narrow = vec![0; ROWS.min(from[1]) * line];
    for start in (0..from[1]).step_by(ROWS) {
        let count = ROWS.min(from[1] - start);
        narrow[..count * line]
            .par_chunks_mut(line)
            .enumerate()
            .for_each_init(
                || vec![0; from[0] * CHANNELS],
                |wide, (index, narrow)| {
                    row(start + index, wide);
                    shrink_row::<CHANNELS>(wide, &across, narrow);
                },
            );
        sums.par_chunks_mut(line)
            .zip(&down)
            .for_each(|(sums, window)| add_rows(&narrow[..count * line], start, window, sums));
    }
    sums.into_par_iter().map(clipped).collect()
}

/// One row along itself.
fn shrink_row<const CHANNELS: usize>(wide: &[u8], across: &[Window], narrow: &mut [u8]) {
    let pixels = wide.as_chunks::<CHANNELS>().0;
    for (place, window) in narrow.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(across) {
        let mut sums = [HALF; CHANNELS];
        for (pixel, &weight) in pixels[window.first..].iter().zip(&window.weights) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(value) * weight;
            }
        }
        *place = sums.map(clipped);
    }
}

/// Adds what `window` sees of some rows, the first of which is number `start`.
fn add_rows(rows: &[u8], start: usize, window: &Window, sums: &mut [i32]) {
    let count = rows.len() / sums.len().max(1);
    let seen = window.first.max(start)..(window.first + window.weights.len()).min(start + count);
    for index in seen {
        let weight = window.weights[index - window.first];
        let row = &rows[(index - start) * sums.len()..][..sums.len()];
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += i32::from(value) * weight;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_room_at_any_size() {
        let sizes = (1..40).chain([77, 518, 519, 1024, 3000, 65_535]);
        for inputs in sizes {
            for outputs in [1, 2, 3, 5, 17, 341, 518, 1024] {
                for window in windows(inputs, outputs) {
                    assert!(window.first + window.weights.len() <= inputs);
                    let most: i64 = window.weights.iter().map(|&w| i64::from(w.abs())).sum();
                    let most = i64::from(HALF) + 255 * most;
                    assert!(i32::try_from(most).is_ok(), "{inputs} to {outputs}");
                }
            }
        }
    }

    #[test]
    fn a_picture_of_its_own_size_stays() {
        let picture: Vec<u8> = (0..7 * 5 * 3).map(|value| value as u8).collect();
        let found = resize::<3>([7, 5], [7, 5], |y, out| {
            out.copy_from_slice(&picture[y * 21..][..21]);
        });
        assert_eq!(found, picture);
    }

    /// More rows than are resampled at a time.
    #[test]
    fn a_plain_picture_stays_plain() {
        let found = resize::<4>([3, 2 * ROWS + 1], [2, ROWS + 3], |_, out| out.fill(200));
        assert_eq!(found, [200].repeat(2 * (ROWS + 3) * 4));
    }
}
