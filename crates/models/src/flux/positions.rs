//! Where tokens lie, as rotations of queries and keys.
//!
//! black-forest-labs/flux `math.py` (`rope`, `apply_rope`) and `modules/layers.py` (`EmbedND`). Angles
//! are taken in double precision and rotations in single precision, as there; candle-transformers
//! takes both in the type that is computed in, and in `bf16` an angle of 60 is off by an eighth.

use std::ops::Range;

use candle_core::{Device, Result, Tensor};

use crate::ops;

/// The longest wave, over 2π.
const THETA: f64 = 10_000.0;

/// The rotations of all tokens: of every pair of a head's values, cosine and sine, `(tokens, head/2)`
/// each, in single precision.
#[derive(Debug, Clone)]
pub(super) struct Rotations {
    cos: Tensor,
    sin: Tensor,
}

impl Rotations {
    /// Of `text` tokens, which all lie at the origin, and then of a picture's, row by row. `axes` are the
    /// values of a head that turn with: nothing here, the row, the column.
    pub(super) fn new(
        axes: [usize; 3],
        text: usize,
        rows: usize,
        columns: usize,
        device: &Device,
    ) -> Result<Self> {
        let places = std::iter::repeat_n([0, 0, 0], text)
            .chain((0..rows).flat_map(|row| (0..columns).map(move |column| [0, row, column])));
        let angles: Vec<f64> = places
            .flat_map(|place| place.into_iter().zip(axes))
            .flat_map(|(place, width)| {
                (0..width / 2)
                    .map(move |pair| place as f64 / THETA.powf((2 * pair) as f64 / width as f64))
            })
            .collect();
        let pairs: usize = axes.iter().map(|width| width / 2).sum();
        let tensor = |function: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|angle| function(*angle) as f32).collect();
            Tensor::from_vec(values, (text + rows * columns, pairs), device)
        };
        Ok(Self {
            cos: tensor(f64::cos)?,
            sin: tensor(f64::sin)?,
        })
    }

    /// Those of some tokens.
    pub(super) fn of(&self, tokens: Range<usize>) -> Result<Self> {
        let part = |all: &Tensor| all.narrow(0, tokens.start, tokens.len());
        Ok(Self {
            cos: part(&self.cos)?,
            sin: part(&self.sin)?,
        })
    }

    /// `(batch, heads, tokens, head)`, normalised by `scale`, `(head)`, and turned.
    pub(super) fn turn(&self, x: &Tensor, scale: &Tensor, eps: f64) -> Result<Tensor> {
        ops::turned_head_norm(x, scale, eps, &self.cos, &self.sin)
    }
}
