//! Attention within windows.

use super::cpu::{self, Processor};
use super::fast::{Values, dense_tokens, fits, heads_of};
use super::{fused, plain};
use candle_core::{Device, Result, Tensor};
use std::sync::OnceLock;

/// A list of tokens divided into windows.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The tokens, one window after the other.
    order: Vec<u32>,
    /// Where each window ends in `order`.
    ends: Vec<usize>,
    /// See [`Self::runs`].
    runs: OnceLock<Runs>,
}

/// Windows as kernels want them that take many lists of tokens, one behind the other.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "flash-attn"), allow(dead_code))]
pub(super) struct Runs {
    /// The tokens, one window after the other.
    pub(super) order: Tensor,
    /// Where each token stands in `order`.
    pub(super) places: Tensor,
    /// Where each window starts in `order`, and where the last ends.
    pub(super) bounds: Tensor,
    /// Tokens of the largest window.
    pub(super) longest: usize,
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
        Self {
            order,
            ends,
            runs: OnceLock::new(),
        }
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.order.len()
    }

    /// How many windows there are; none is empty.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The windows on this device.
    #[cfg_attr(not(feature = "flash-attn"), allow(dead_code))]
    pub(super) fn runs(&self, device: &Device) -> Result<Runs> {
        if let Some(runs) = self.runs.get()
            && runs.order.device().same_device(device)
        {
            return Ok(runs.clone());
        }
        let mut places = vec![0; self.order.len()];
        for (place, &token) in (0u32..).zip(&self.order) {
            places[token as usize] = place;
        }
        let bounds: Vec<u32> = std::iter::once(0)
            .chain(self.ends.iter().map(|&end| end as u32))
            .collect();
        let runs = Runs {
            order: Tensor::new(self.order.as_slice(), device)?,
            places: Tensor::new(places, device)?,
            bounds: Tensor::new(bounds, device)?,
            longest: self.iter().map(<[u32]>::len).max().unwrap_or_default(),
        };
        // The networks of one run are on one device; another's are made anew each time.
        self.runs.get_or_init(|| runs.clone());
        Ok(runs)
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
    if as_expected && let Some(y) = fused::windowed_attention(q, k, v, windows)? {
        return Ok(y);
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn runs_lead_there_and_back() {
        let windows = Windows::by_keys(&[7, 2, 7, 0, 2, 7]);
        let runs = windows.runs(&Device::Cpu).unwrap();
        let values = |tensor: &Tensor| tensor.to_vec1::<u32>().unwrap();
        assert_eq!(values(&runs.order), [3, 1, 4, 0, 2, 5]);
        assert_eq!(values(&runs.bounds), [0, 1, 3, 6]);
        assert_eq!(runs.longest, 3);
        let back = runs.order.index_select(&runs.places, 0).unwrap();
        assert_eq!(values(&back), [0, 1, 2, 3, 4, 5]);
        let none = Windows::by_keys(&[]).runs(&Device::Cpu).unwrap();
        assert_eq!((values(&none.bounds), none.longest), (vec![0], 0));
    }
}
