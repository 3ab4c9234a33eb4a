//! Patches of pictures whose channels lie next to each other, laid out for a product.

use std::ops::Range;

use super::depthwise::Extent;
use super::processor::Processor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Of each pixel in the rows `band` of each picture `(count, height, width, channels)` the square of
/// `side` pixels around it, line by line with their channels; zeros beyond the picture.
pub(in crate::ops) fn neighbourhoods(
    pictures: &[f32],
    extent: Extent,
    side: usize,
    band: Range<usize>,
) -> Vec<f32> {
    let [height, width, channels] = extent;
    let (line, reach) = (width * channels, side / 2);
    let patch = side * side * channels;
    each_row(pictures, extent, patch, band, |_, picture, row, out| {
        for (column, patch) in out.chunks_exact_mut(patch.max(1)).enumerate() {
            // The part of a line of the patch that lies in the picture.
            let from = column.saturating_sub(reach);
            let to = width.min(column + reach + 1);
            let skipped = (from + reach - column) * channels;
            let lines = patch.chunks_exact_mut((side * channels).max(1));
            for (down, place) in lines.enumerate() {
                let Some(y) = (row + down).checked_sub(reach).filter(|&y| y < height) else {
                    continue;
                };
                let seen = &picture[y * line..][from * channels..to * channels];
                place[skipped..][..seen.len()].copy_from_slice(seen);
            }
        }
    })
}

/// Where the taps of a kernel look, for each pixel of each picture.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Sampling<'a> {
    /// `(count, height, width, side², 2)`: how far down and right of its place.
    pub(in crate::ops) offsets: &'a [f32],
    /// `(count, height, width, side²)`: what it counts.
    pub(in crate::ops) shares: &'a [f32],
    /// Width and height of the kernel.
    pub(in crate::ops) side: usize,
}

/// As [`neighbourhoods`], each tap moved by its offset, between four pixels, and scaled by its share.
pub(in crate::ops) fn sampled(
    processor: Processor,
    pictures: &[f32],
    extent: Extent,
    sampling: Sampling<'_>,
    band: Range<usize>,
) -> Vec<f32> {
    let [height, width, channels] = extent;
    let taps = sampling.side * sampling.side;
    let patch = taps * channels;
    each_row(pictures, extent, patch, band, |item, picture, row, out| {
        let first = ((item * height) + row) * width * taps;
        processor.run(Row {
            picture,
            extent,
            offsets: &sampling.offsets[2 * first..][..2 * width * taps],
            shares: &sampling.shares[first..][..width * taps],
            side: sampling.side,
            row,
            out,
        });
    })
}

/// Fills a row of patches after the other, in parallel: `fill` is told the picture's number, the picture,
/// the row and its place, which is zero.
fn each_row(
    pictures: &[f32],
    [height, width, channels]: Extent,
    patch: usize,
    band: Range<usize>,
    fill: impl Fn(usize, &[f32], usize, &mut [f32]) + Sync,
) -> Vec<f32> {
    let picture = (height * width * channels).max(1);
    let count = pictures.len() / picture;
    let rows = band.len().max(1);
    let mut out = vec![0.0; count * band.len() * width * patch];
    out.par_chunks_mut((width * patch).max(1))
        .enumerate()
        .for_each(|(index, out)| {
            let item = index / rows;
            let picture = &pictures[item * picture..][..picture];
            fill(item, picture, band.start + index % rows, out);
        });
    out
}

/// The patches of one row.
struct Row<'a> {
    picture: &'a [f32],
    extent: Extent,
    /// `(width, side², 2)`.
    offsets: &'a [f32],
    /// `(width, side²)`.
    shares: &'a [f32],
    side: usize,
    row: usize,
    out: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [height, width, channels] = self.extent;
        let (taps, reach) = (self.side * self.side, (self.side / 2) as f32);
        let (offsets, _) = self.offsets.as_chunks::<2>();
        let places = self.out.chunks_exact_mut(channels.max(1));
        for (index, ((place, &[down, right]), &share)) in
            places.zip(offsets).zip(self.shares).enumerate()
        {
            let (column, tap) = (index / taps, index % taps);
            let y = self.row as f32 + (tap / self.side) as f32 - reach + down;
            let x = column as f32 + (tap % self.side) as f32 - reach + right;
            let (top, left) = (y.floor(), x.floor());
            let (below, beside) = (y - top, x - left);
            for (row, row_share) in [(top, 1.0 - below), (top + 1.0, below)] {
                for (column, column_share) in [(left, 1.0 - beside), (left + 1.0, beside)] {
                    // False for what is no number, too.
                    let inside =
                        row >= 0.0 && row < height as f32 && column >= 0.0 && column < width as f32;
                    if inside {
                        let pixel = (row as usize * width + column as usize) * channels;
                        let pixel = &self.picture[pixel..][..channels];
                        add_scaled(simd, place, pixel, row_share * column_share * share);
                    }
                }
            }
        }
    }
}

/// `place += pixel · share`.
#[inline(always)]
fn add_scaled<S: Simd>(simd: S, place: &mut [f32], pixel: &[f32], share: f32) {
    let (places, rest) = S::as_mut_simd_f32s(place);
    let (pixels, left) = S::as_simd_f32s(pixel);
    let factor = simd.splat_f32s(share);
    for (place, &pixel) in places.iter_mut().zip(pixels) {
        *place = simd.mul_add_e_f32s(pixel, factor, *place);
    }
    for (place, &pixel) in rest.iter_mut().zip(left) {
        *place += pixel * share;
    }
}
