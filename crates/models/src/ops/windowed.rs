//! Attention within windows.

use super::cpu::{self, Processor};
use super::fast::{Values, dense_tokens, fits, heads_of};
use super::plain;
use candle_core::{Result, Tensor};

/// A list of tokens divided into windows.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The tokens, one window after the other.
    order: Vec<u32>,
    /// Where each window ends in `order`.
    ends: Vec<usize>,
}

impl Windows {
    /// From a key for each token: those of the same key are together, in their order, and the windows are
    /// in the order of the keys.
    pub fn by_keys(keys: &[u64]) -> Self {
        let key = |token: &u32| keys[*token as usize];
        let mut order: Vec<u32> = (0..).take(keys.len()).collect();
        order.sort_by_key(key);
        let ends = order
            .chunk_by(|a, b| key(a) == key(b))
            .scan(0, |end, window| {
                *end += window.len();
                Some(*end)
            })
            .collect();
        Self { order, ends }
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.order.len()
    }

    /// How many windows there are; none is empty.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The tokens of each window.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.order[start..end])
    }
}

/// See [`plain::windowed_attention`]. The parts may be views, as long as the values of a token lie next to
/// each other; the answer is a view of `(batch, tokens, heads, d)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn windowed_attention(q: &Tensor, k: &Tensor, v: &Tensor, windows: &Windows) -> Result<Tensor> {
    let (batch, heads, tokens, width) = q.dims4()?;
    let (_, _, _, value_width) = v.dims4()?;
    let as_expected = k.dims() == [batch, heads, tokens, width]
        && v.dims() == [batch, heads, tokens, value_width]
        && windows.tokens() == tokens;
    if !fits([q, k, v]) || !as_expected {
        return plain::windowed_attention(q, k, v, windows);
    }
    let (q, k, v) = (dense_tokens(q)?, dense_tokens(k)?, dense_tokens(v)?);
    let values = [Values::of(&q)?, Values::of(&k)?, Values::of(&v)?];
    let y = cpu::windowed(
        Processor::here(),
        [batch, heads],
        [
            heads_of(&q, &values[0])?,
            heads_of(&k, &values[1])?,
            heads_of(&v, &values[2])?,
        ],
        windows,
    );
    Tensor::from_vec(y, (batch, tokens, heads, value_width), q.device())?.transpose(1, 2)
}
