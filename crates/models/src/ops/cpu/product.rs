//! Rows times a matrix, with everything done to a sum while it is still in a register.

use super::curves::{self, Activation};
use super::pack::{self, Rows};
use super::processor::Processor;
use super::tile::{self, Tile};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;

/// Columns of the left side taken at a time: a panel of each side then stays in the second cache.
const DEPTH: usize = 512;

/// Strips of about the same depth, none deeper than [`DEPTH`], that make up so many columns.
pub(super) fn strips(inputs: usize) -> impl Iterator<Item = Range<usize>> {
    let depth = strip_depth(inputs);
    (0..inputs)
        .step_by(depth)
        .map(move |from| from..inputs.min(from + depth))
}

/// Columns of the deepest of the [`strips`]; never 0.
pub(super) fn strip_depth(inputs: usize) -> usize {
    inputs.div_ceil(inputs.div_ceil(DEPTH).max(1)).max(1)
}

/// The right side of a product, laid out for the tiles of a processor.
#[derive(Debug)]
pub(in crate::ops) struct Matrix {
    panels: Vec<f32>,
    /// Columns of the product.
    outputs: usize,
    /// Columns of the left side.
    inputs: usize,
    /// Columns of a panel.
    width: usize,
    processor: Processor,
}

impl Matrix {
    /// From the rows of a weight: one for each output, with a value for each input.
    pub(in crate::ops) fn of_weight(processor: Processor, weight: &Rows<'_>) -> Self {
        let width = processor.run(TileColumns);
        Self {
            panels: pack::all(weight, width),
            outputs: weight.count(),
            inputs: weight.length(),
            width,
            processor,
        }
    }

    /// The processor whose tiles it is laid out for.
    pub(super) fn processor(&self) -> Processor {
        self.processor
    }

    /// Columns of the left side.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many columns of the product a panel makes.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Columns of the product.
    pub(in crate::ops) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The columns `from..to` of the left side, as the panel `index` meets them.
    #[inline(always)]
    pub(super) fn panel(&self, index: usize, from: usize, to: usize) -> &[f32] {
        &self.panels[index * self.inputs * self.width..][from * self.width..to * self.width]
    }
}

/// Asks how wide tiles are.
struct TileColumns;

impl WithSimd for TileColumns {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        tile::columns::<S>()
    }
}

/// What is done to the sums: `residual + scale · activation(sum + bias)`.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Finish<'a> {
    /// One value for each output.
    pub(in crate::ops) bias: Option<&'a [f32]>,
    pub(in crate::ops) activation: Option<Activation>,
    /// One value for each output.
    pub(in crate::ops) scale: Option<&'a [f32]>,
    /// One row for each row of the product.
    pub(in crate::ops) residual: Option<Rows<'a>>,
}

impl Finish<'_> {
    /// The same for the rows from `first` on.
    pub(in crate::ops) fn part(self, first: usize, count: usize) -> Self {
        Self {
            residual: self.residual.map(|rows| rows.part(first, count)),
            ..self
        }
    }

    /// Finishes the tile whose first row is `first` and whose first column is `column`.
    #[inline(always)]
    pub(super) fn of<S: Simd, const ROWS: usize>(
        &self,
        simd: S,
        first: usize,
        column: usize,
        sums: &mut Tile<S, ROWS>,
    ) {
        if let Some(bias) = self.bias {
            let bias = tile::load(simd, &bias[column..]);
            each(sums, |across, sum| simd.add_f32s(sum, bias[across]));
        }
        match self.activation {
            None => {}
            Some(Activation::Gelu) => each(sums, |_, sum| curves::gelu_erf(simd, sum)),
            Some(Activation::GeluTanh) => each(sums, |_, sum| curves::gelu_tanh(simd, sum)),
            Some(Activation::QuickGelu) => each(sums, |_, sum| curves::quick_gelu(simd, sum)),
            Some(Activation::Silu) => each(sums, |_, sum| curves::silu(simd, sum)),
        }
        if let Some(scale) = self.scale {
            let scale = tile::load(simd, &scale[column..]);
            each(sums, |across, sum| simd.mul_f32s(sum, scale[across]));
        }
        if let Some(residual) = &self.residual {
            for (row, sums) in (first..residual.count()).zip(sums.iter_mut()) {
                let residual = tile::load(simd, &residual.row(row)[column..]);
                for across in 0..tile::ACROSS {
                    sums[across] = simd.add_f32s(sums[across], residual[across]);
                }
            }
        }
    }
}

/// Changes every vector of a tile, told its place in its row.
#[inline(always)]
fn each<V: Copy, const ROWS: usize>(
    tile: &mut [[V; tile::ACROSS]; ROWS],
    change: impl Fn(usize, V) -> V,
) {
    for row in tile {
        for (across, value) in row.iter_mut().enumerate() {
            *value = change(across, *value);
        }
    }
}

/// A share of the rows of a product, done by one thread.
pub(super) struct Share<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) matrix: &'a Matrix,
    pub(super) finish: Finish<'a>,
    /// Rows of `matrix.outputs` values.
    pub(super) out: &'a mut [f32],
    /// Room that is used again from share to share.
    pub(super) room: &'a mut Vec<f32>,
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.multiply::<S, { tile::TALL }>(simd);
        } else {
            self.multiply::<S, { tile::SHORT }>(simd);
        }
    }
}

impl Share<'_> {
    /// A strip of columns of the left side after the other, adding to what stands in `out`.
    #[inline(always)]
    fn multiply<S: Simd, const ROWS: usize>(mut self, simd: S) {
        let inputs = self.matrix.inputs;
        let blocks = pack::panels(self.rows.count(), ROWS);
        let mut left = std::mem::take(self.room);
        left.resize((blocks * ROWS * strip_depth(inputs)).max(left.len()), 0.0);
        for strip in strips(inputs) {
            let size = ROWS * strip.len();
            for (block, left) in left.chunks_exact_mut(size).take(blocks).enumerate() {
                pack::panel(&self.rows, block * ROWS, strip.start, ROWS, left);
            }
            for panel in 0..pack::panels(self.matrix.outputs, self.matrix.width) {
                for (block, left) in left.chunks_exact(size).take(blocks).enumerate() {
                    self.tile::<S, ROWS>(simd, &strip, left, block, panel);
                }
            }
        }
        *self.room = left;
    }

    /// One tile's sums over one strip, finished after the last.
    #[inline(always)]
    fn tile<S: Simd, const ROWS: usize>(
        &mut self,
        simd: S,
        strip: &Range<usize>,
        left: &[f32],
        block: usize,
        panel: usize,
    ) {
        let outputs = self.matrix.outputs;
        let column = panel * self.matrix.width;
        let width = self.matrix.width.min(outputs - column);
        let first = block * ROWS;
        let rows = first..self.rows.count().min(first + ROWS);
        let mut sums = tile::zero::<S, ROWS>(simd);
        if strip.start > 0 {
            for row in rows.clone() {
                let place = &self.out[row * outputs + column..][..width];
                sums[row - first] = tile::load(simd, place);
            }
        }
        let right = self.matrix.panel(panel, strip.start, strip.end);
        tile::multiply(simd, left, right, &mut sums);
        if strip.end == self.matrix.inputs {
            self.finish.of(simd, first, column, &mut sums);
        }
        for row in rows {
            let place = &mut self.out[row * outputs + column..][..width];
            tile::store(simd, place, sums[row - first]);
        }
    }
}

/// How many rows one share takes: enough shares that no thread waits long for the last one, each large
/// enough that reading the matrix is paid for.
pub(super) fn share_rows(rows: usize) -> usize {
    const MOST: usize = 16 * tile::TALL;
    let shares = 4 * rayon::current_num_threads();
    rows.div_ceil(shares)
        .next_multiple_of(tile::TALL)
        .clamp(tile::TALL, MOST)
}

/// `finish(rows · weightᵀ)`: rows of `matrix.outputs()` values, one behind the other.
pub(in crate::ops) fn product(rows: &Rows<'_>, matrix: &Matrix, finish: Finish<'_>) -> Vec<f32> {
    let share = share_rows(rows.count());
    let mut out = vec![0.0; rows.count() * matrix.outputs];
    out.par_chunks_mut((share * matrix.outputs).max(1))
        .enumerate()
        .for_each_init(Vec::new, |room, (index, out)| {
            let first = index * share;
            matrix.processor.run(Share {
                rows: rows.part(first, share),
                matrix,
                finish: finish.part(first, share),
                out,
                room,
            });
        });
    out
}
