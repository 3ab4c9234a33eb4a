//! Convolution of grids by kernels of 3³, without laying out what each kernel sees.
//!
//! A product of 27 · channels steps for each cell, from one copy of the grid: there a line of cells lies
//! channel by channel between zeros, so that what a tile of neighbouring cells reads at a step lies next
//! to each other whichever of the 27 taps it is, and beyond the border all is zero.

use super::processor::Processor;
use super::product::{Finish, Matrix};
use super::tile;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;

/// Cells of a tile where there are 32 vector registers: it divides the usual sides of a grid.
const TALL: usize = 8;
/// Cells of a tile where there are 16 vector registers.
const SHORT: usize = 4;
/// Outputs that would leave a tile all but empty: their cells fill the vectors instead.
const FEW: usize = 4;
/// Vectors of cells whose sums are made at once where there are few outputs.
const ABREAST: usize = 4;
/// Taps of a kernel along an axis.
const SIDE: usize = 3;
/// Taps of a kernel.
pub(in crate::ops) const TAPS: usize = SIDE * SIDE * SIDE;

/// The number of grids, and their depth, height and width.
pub(in crate::ops) type Extent = [usize; 4];

/// Grids whose lines lie channel by channel, each with a zero before and zeros behind, and with lines of
/// zeros around.
struct Padded {
    values: Vec<f32>,
    /// Channels of a cell.
    channels: usize,
    /// Values of a channel in a line.
    stride: usize,
    /// Depth, height of a grid with its border.
    bordered: [usize; 2],
}

impl Padded {
    /// From `(items, depth, height, width, channels)`, for tiles of `tile` cells.
    fn of(x: &[f32], extent: Extent, channels: usize, tile: usize) -> Self {
        let [items, depth, height, width] = extent;
        let stride = width.next_multiple_of(tile) + SIDE - 1;
        let bordered = [depth + SIDE - 1, height + SIDE - 1];
        let mut values = vec![0.0; items * bordered[0] * bordered[1] * channels * stride];
        let lines = values.par_chunks_mut((channels * stride).max(1));
        lines.enumerate().for_each(|(index, line)| {
            let (rest, y) = (index / bordered[1], index % bordered[1]);
            let (item, z) = (rest / bordered[0], rest % bordered[0]);
            let (Some(z), Some(y)) = (z.checked_sub(1), y.checked_sub(1)) else {
                return;
            };
            if z < depth && y < height {
                let cells = &x[((item * depth + z) * height + y) * width * channels..];
                let cells = &cells[..width * channels];
                for (channel, places) in line.chunks_exact_mut(stride).enumerate() {
                    let values = cells[channel..].iter().step_by(channels);
                    for (place, &value) in places[1..=width].iter_mut().zip(values) {
                        *place = value;
                    }
                }
            }
        });
        Self {
            values,
            channels,
            stride,
            bordered,
        }
    }

    /// The line `(item, z, y)`, counted with the border.
    #[inline(always)]
    fn line(&self, item: usize, z: usize, y: usize) -> &[f32] {
        let size = self.channels * self.stride;
        &self.values[((item * self.bordered[0] + z) * self.bordered[1] + y) * size..][..size]
    }
}

/// Asks how many cells a tile has here.
struct TileCells;

impl WithSimd for TileCells {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        if S::REGISTER_COUNT >= 32 { TALL } else { SHORT }
    }
}

/// The grids `x`, `(items, depth, height, width, channels)`, each cell replaced by what its
/// neighbourhood gives: as many, with `kernels.outputs()` channels. `kernels` has [`TAPS`] times as many
/// inputs as there are channels, tap by tap; the residual of `finish` has a row for each cell.
pub(in crate::ops) fn conv3d(
    processor: Processor,
    x: &[f32],
    extent: Extent,
    kernels: &Matrix,
    finish: Finish<'_>,
) -> Vec<f32> {
    /// Most lines of a share: enough that reading the kernels is paid for.
    const MOST: usize = 32;
    let [items, depth, height, width] = extent;
    let channels = kernels.inputs() / TAPS;
    let padded = Padded::of(x, extent, channels, processor.run(TileCells));
    let lines = items * depth * height;
    let share = lines
        .div_ceil(4 * rayon::current_num_threads())
        .clamp(1, MOST);
    let line = width * kernels.outputs();
    let mut out = vec![0.0; lines * line];
    out.par_chunks_mut((share * line).max(1))
        .enumerate()
        .for_each(|(index, out)| {
            let first = index * share;
            processor.run(Share {
                padded: &padded,
                extent,
                kernels,
                finish: finish.part(first * width, share * width),
                first,
                out,
            });
        });
    out
}

/// Some neighbouring lines of the result.
struct Share<'a> {
    padded: &'a Padded,
    extent: Extent,
    kernels: &'a Matrix,
    finish: Finish<'a>,
    /// The first line.
    first: usize,
    out: &'a mut [f32],
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.kernels.outputs() <= FEW.min(tile::columns::<S>()) {
            self.convolve_few(simd);
        } else if S::REGISTER_COUNT >= 32 {
            self.convolve::<S, TALL>(simd);
        } else {
            self.convolve::<S, SHORT>(simd);
        }
    }
}

impl Share<'_> {
    /// One panel of kernels after the other, and of each as many taps at a time as stay in the second
    /// cache, adding to what stands in `out`.
    #[inline(always)]
    fn convolve<S: Simd, const CELLS: usize>(mut self, simd: S) {
        /// Steps of a panel that are taken at a time: 256 KB of it.
        const STEPS: usize = 2048;
        let (width, outputs) = (self.extent[3], self.kernels.outputs());
        let rows = (STEPS / (SIDE * self.padded.channels)).clamp(1, SIDE * SIDE);
        let lines = self.out.len() / (width * outputs).max(1);
        for column in (0..outputs).step_by(tile::columns::<S>()) {
            for first in (0..SIDE * SIDE).step_by(rows) {
                let taps = first..(SIDE * SIDE).min(first + rows);
                for line in 0..lines {
                    for cell in (0..width).step_by(CELLS) {
                        self.tile::<S, CELLS>(simd, taps.clone(), column, line, cell);
                    }
                }
            }
        }
    }

    /// Where there are few outputs: one after the other, vectors of cells of a line at a time.
    #[inline(always)]
    fn convolve_few<S: Simd>(self, simd: S) {
        let (width, outputs) = (self.extent[3], self.kernels.outputs());
        let mut row = vec![0.0; ABREAST * S::F32_LANES];
        for line in 0..self.out.len() / (width * outputs).max(1) {
            for cell in (0..width).step_by(row.len()) {
                for output in 0..outputs {
                    let sums = self.sums(simd, line, cell, output);
                    S::as_mut_simd_f32s(&mut row).0.copy_from_slice(&sums);
                    let places = self.out[line * width * outputs..][..width * outputs]
                        .chunks_exact_mut(outputs);
                    for (place, &sum) in places.skip(cell).zip(&row) {
                        place[output] = sum;
                    }
                }
            }
        }
        for (cell, place) in self.out.chunks_exact_mut(outputs).enumerate() {
            let mut sums = [tile::load(simd, place)];
            self.finish.of(simd, cell, 0, &mut sums);
            tile::store(simd, place, sums[0]);
        }
    }

    /// The sums of one output for the cells of `line` from `cell` on; those beyond its end mean nothing.
    #[inline(always)]
    fn sums<S: Simd>(
        &self,
        simd: S,
        line: usize,
        cell: usize,
        output: usize,
    ) -> [S::f32s; ABREAST] {
        let Padded {
            channels, stride, ..
        } = *self.padded;
        let mut sums = [simd.splat_f32s(0.0); ABREAST];
        for three in 0..SIDE * SIDE {
            let seen = self.seen(line, three);
            for tap in 0..SIDE {
                let from = (three * SIDE + tap) * channels;
                let kernels = self.kernels.panel(0, from, from + channels);
                let weights = kernels.chunks_exact(tile::columns::<S>());
                for (channel, weights) in weights.enumerate() {
                    let weight = simd.splat_f32s(weights[output]);
                    let left = &seen[channel * stride + cell + tap..];
                    for (index, sum) in sums.iter_mut().enumerate() {
                        let left = left.get(index * S::F32_LANES..).unwrap_or_default();
                        *sum = simd.mul_add_e_f32s(tile::vector(simd, left), weight, *sum);
                    }
                }
            }
        }
        sums
    }

    /// The line that three taps next to each other, number `three` of nine, see from the share's line
    /// `line`.
    #[inline(always)]
    fn seen(&self, line: usize, three: usize) -> &[f32] {
        let [_, depth, height, _] = self.extent;
        let (rest, y) = ((self.first + line) / height, (self.first + line) % height);
        let (item, z) = (rest / depth, rest % depth);
        self.padded.line(item, z + three / SIDE, y + three % SIDE)
    }

    /// The sums of the cells of `line` from `cell` on, in the panel at `column`, over these threes of taps
    /// that see a line each; finished after the last.
    #[inline(always)]
    fn tile<S: Simd, const CELLS: usize>(
        &mut self,
        simd: S,
        taps: Range<usize>,
        column: usize,
        line: usize,
        cell: usize,
    ) {
        let (width, outputs) = (self.extent[3], self.kernels.outputs());
        let Padded {
            channels, stride, ..
        } = *self.padded;
        let across = tile::columns::<S>().min(outputs - column);
        let first = line * width + cell;
        let cells = CELLS.min(width - cell);
        let mut sums = tile::zero::<S, CELLS>(simd);
        if taps.start > 0 {
            for (index, sums) in sums.iter_mut().take(cells).enumerate() {
                let place = &self.out[(first + index) * outputs + column..][..across];
                *sums = tile::load(simd, place);
            }
        }
        let panel = column / tile::columns::<S>();
        for three in taps.clone() {
            let seen = self.seen(line, three);
            for tap in 0..SIDE {
                let from = (three * SIDE + tap) * channels;
                let right = self.kernels.panel(panel, from, from + channels);
                multiply(simd, &seen[cell + tap..], stride, right, &mut sums);
            }
        }
        if taps.end == SIDE * SIDE {
            self.finish.of(simd, first, column, &mut sums);
        }
        for (index, &sums) in sums.iter().take(cells).enumerate() {
            let place = &mut self.out[(first + index) * outputs + column..][..across];
            tile::store(simd, place, sums);
        }
    }
}

/// As [`tile::multiply`], where the left side's values of a step stand `stride` behind those of the step
/// before.
#[inline(always)]
fn multiply<S: Simd, const CELLS: usize>(
    simd: S,
    left: &[f32],
    stride: usize,
    right: &[f32],
    sums: &mut tile::Tile<S, CELLS>,
) {
    let right = S::as_simd_f32s(right).0.as_chunks::<{ tile::ACROSS }>().0;
    let mut tile = *sums;
    for (left, right) in left.chunks(stride).zip(right) {
        let Some(left) = left.first_chunk::<CELLS>() else {
            return;
        };
        for (row, &value) in tile.iter_mut().zip(left) {
            let value = simd.splat_f32s(value);
            for (sum, &right) in row.iter_mut().zip(right) {
                *sum = simd.mul_add_e_f32s(value, right, *sum);
            }
        }
    }
    *sums = tile;
}
