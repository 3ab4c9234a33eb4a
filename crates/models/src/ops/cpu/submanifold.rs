//! Convolution over the occupied cells of a grid: for each place of the kernel, the rows of the cells
//! that have a neighbour there, times that place's matrix, onto the rows of those that see them.

use super::pack::{self, Rows};
use super::processor::Processor;
use super::product::{Matrix, strip_depth, strips};
use super::tile;
use crate::ops::RuleBook;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;

/// Pairs taken at a time: their gathered rows stay in the second cache.
const PAIRS: usize = 16 * tile::TALL;

/// For each row of `rows` its result, one behind the other: `bias`, and for each place of the kernel where
/// the cell has a neighbour that neighbour's row through the place's matrix. `kernel` has a matrix for
/// each place, and `rows` a row for each cell of `rules`.
pub(in crate::ops) fn submanifold(
    processor: Processor,
    rows: Rows<'_>,
    rules: &RuleBook,
    kernel: &[Matrix],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    /// Cells a thread takes at a time: enough that most places have many pairs among them.
    const MOST: usize = 512;
    let outputs = kernel.first().map_or(0, Matrix::outputs);
    let share = rows
        .count()
        .div_ceil(4 * rayon::current_num_threads())
        .clamp(tile::TALL, MOST);
    let mut out = vec![0.0; rows.count() * outputs];
    out.par_chunks_mut((share * outputs).max(1))
        .enumerate()
        .for_each_init(Vec::new, |room, (index, out)| {
            if let Some(bias) = bias {
                for row in out.chunks_exact_mut(outputs) {
                    row.copy_from_slice(bias);
                }
            }
            let first = index * share;
            processor.run(Share {
                rows,
                rules,
                kernel,
                cells: first..rows.count().min(first + share),
                out,
                room,
            });
        });
    out
}

/// Some cells' results, made by one thread.
struct Share<'a> {
    /// Of all cells.
    rows: Rows<'a>,
    rules: &'a RuleBook,
    kernel: &'a [Matrix],
    /// The cells of this share.
    cells: Range<usize>,
    /// Their results.
    out: &'a mut [f32],
    /// Room that is used again from share to share.
    room: &'a mut Vec<f32>,
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.convolve::<S, { tile::TALL }>(simd);
        } else {
            self.convolve::<S, { tile::SHORT }>(simd);
        }
    }
}

impl Share<'_> {
    #[inline(always)]
    fn convolve<S: Simd, const ROWS: usize>(&mut self, simd: S) {
        let (rules, kernel) = (self.rules, self.kernel);
        for (place, matrix) in kernel.iter().enumerate() {
            let (seen, seeing) = rules.pairs(place, self.cells.clone());
            for (seen, seeing) in seen.chunks(PAIRS).zip(seeing.chunks(PAIRS)) {
                self.add::<S, ROWS>(simd, matrix, seen, seeing);
            }
        }
    }

    /// Adds the rows of `seen`, through `matrix`, onto the results of `seeing`.
    #[inline(always)]
    fn add<S: Simd, const ROWS: usize>(
        &mut self,
        simd: S,
        matrix: &Matrix,
        seen: &[u32],
        seeing: &[u32],
    ) {
        let rows = self.rows.picks(seen);
        let inputs = matrix.inputs();
        let blocks = pack::panels(rows.count(), ROWS);
        let mut left = std::mem::take(self.room);
        left.resize((blocks * ROWS * strip_depth(inputs)).max(left.len()), 0.0);
        for strip in strips(inputs) {
            let size = ROWS * strip.len();
            for (block, left) in left.chunks_exact_mut(size).take(blocks).enumerate() {
                pack::panel(&rows, block * ROWS, strip.start, ROWS, left);
            }
            for panel in 0..pack::panels(matrix.outputs(), matrix.width()) {
                let right = matrix.panel(panel, strip.start, strip.end);
                let column = panel * matrix.width();
                let blocks = left.chunks_exact(size).zip(seeing.chunks(ROWS));
                for (left, seeing) in blocks {
                    self.tile::<S, ROWS>(simd, left, right, seeing, column, matrix);
                }
            }
        }
        *self.room = left;
    }

    /// Adds one tile's sums onto the results of `seeing`, from `column` on.
    #[inline(always)]
    fn tile<S: Simd, const ROWS: usize>(
        &mut self,
        simd: S,
        left: &[f32],
        right: &[f32],
        seeing: &[u32],
        column: usize,
        matrix: &Matrix,
    ) {
        let outputs = matrix.outputs();
        let width = matrix.width().min(outputs - column);
        let first = self.cells.start;
        let start = |cell: u32| (cell as usize - first) * outputs + column;
        let mut sums = tile::zero::<S, ROWS>(simd);
        for (sums, &cell) in sums.iter_mut().zip(seeing) {
            *sums = tile::load(simd, &self.out[start(cell)..][..width]);
        }
        tile::multiply(simd, left, right, &mut sums);
        for (sums, &cell) in sums.into_iter().zip(seeing) {
            tile::store(simd, &mut self.out[start(cell)..][..width], sums);
        }
    }
}
