//! The operators over the occupied cells of a grid.

use super::{linear, wide};
use crate::ops::fused::some_rows;
use crate::ops::rule_book::{PLACES, RuleBook};
use crate::ops::windowed::Windows;
use candle_core::{D, Device, Result, Tensor};

/// Values gathered at a time: in half precision 128 MiB.
const GATHERED: usize = 1 << 26;

/// Scores held at a time: in half precision 64 MiB, and twice that while the softmax widens them.
const SCORES: usize = 1 << 25;

/// Outputs and inputs of the kernel `(out, 3, 3, 3, in)`.
pub(in crate::ops) fn submanifold_shape(
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<(usize, usize)> {
    let &[outputs, 3, 3, 3, inputs] = weight.dims() else {
        candle_core::bail!(
            "a kernel of shape {:?}, not (out, 3, 3, 3, in)",
            weight.dims()
        );
    };
    if let Some(bias) = bias
        && bias.dims() != [outputs]
    {
        candle_core::bail!("a bias of shape {:?} for {outputs} outputs", bias.dims());
    }
    Ok((outputs, inputs))
}

/// Convolution over the occupied cells of a grid, with results at the same cells: each cell's is the sum
/// over the places of the kernel of the weight at that place times the features of the neighbour there,
/// where there is one, plus `bias`. `x` is `(batch, cells, in)`, `weight` `(out, 3, 3, 3, in)` with the axes
/// of the kernel in the order of those of the grid, not turned round; `rules` are the cells'.
///
/// The neighbours of some cells at a time are gathered for one product, so that sums over all places are
/// taken in single precision whatever the type of `x`.
///
/// # Errors
/// When the shapes do not fit.
pub fn submanifold_convolution(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    rules: &RuleBook,
) -> Result<Tensor> {
    convolution_in_slabs(x, weight, bias, rules, GATHERED)
}

/// The same, with at most so many values gathered at a time, or those of one cell.
fn convolution_in_slabs(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    rules: &RuleBook,
    gathered: usize,
) -> Result<Tensor> {
    let (outputs, inputs) = submanifold_shape(weight, bias)?;
    let (batch, cells, channels) = x.dims3()?;
    if channels != inputs || cells != rules.cells() {
        candle_core::bail!(
            "{:?} meets a convolution of {inputs} inputs over {} cells",
            x.dims(),
            rules.cells()
        );
    }
    if x.elem_count() == 0 {
        return Tensor::zeros((batch, cells, outputs), x.dtype(), x.device());
    }
    // Candle's half-precision products on the CPU round between parts of a sum; on a GPU they do not.
    let dtype = match x.device() {
        Device::Cpu => wide(x.dtype()),
        _ => x.dtype(),
    };
    let weight = weight
        .reshape((outputs, PLACES * inputs))?
        .to_dtype(dtype)?;
    let bias = bias.map(|bias| bias.to_dtype(dtype)).transpose()?;
    let table = rules.table(x.device())?;
    let nothing = Tensor::zeros((1, inputs), dtype, x.device())?;
    let slab = (gathered / (PLACES * inputs)).clamp(1, cells);
    let mut items = Vec::with_capacity(batch);
    for item in 0..batch {
        let item = x.narrow(0, item, 1)?.to_dtype(dtype)?;
        // The row after the last is what a cell sees where there is no neighbour.
        let gathered = |places: &Tensor| match some_rows(&item, places)? {
            Some(rows) => Ok(rows),
            None => Tensor::cat(&[&item.squeeze(0)?, &nothing], 0)?.index_select(places, 0),
        };
        let mut slabs = Vec::with_capacity(cells.div_ceil(slab));
        for first in (0..cells).step_by(slab) {
            let count = slab.min(cells - first);
            let seen = table.narrow(0, first, count)?.flatten_all()?;
            let seen = gathered(&seen)?.reshape((count, PLACES * inputs))?;
            slabs.push(linear(&seen, &weight, bias.as_ref())?);
        }
        items.push(Tensor::cat(&slabs, 0)?);
    }
    Tensor::stack(&items, 0)?.to_dtype(x.dtype())
}

/// Attention, `softmax(q·kᵀ/√d)·v`, of `(batch, heads, tokens, d)` each, where a token meets those of its
/// own window alone. The answer is a view of `(batch, tokens, heads, d)`.
///
/// Windows of about the same size are filled up to the largest of them and done together, as many at a
/// time as keeps the scores within bounds.
///
/// # Errors
/// When the shapes do not fit.
pub fn windowed_attention(q: &Tensor, k: &Tensor, v: &Tensor, windows: &Windows) -> Result<Tensor> {
    attention_in_groups(q, k, v, windows, SCORES)
}

/// The same, with at most so many scores at a time, or those of one window.
fn attention_in_groups(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    windows: &Windows,
    most_scores: usize,
) -> Result<Tensor> {
    let (batch, heads, tokens, width) = q.dims4()?;
    let (_, _, _, value_width) = v.dims4()?;
    if k.dims() != q.dims()
        || v.dims() != [batch, heads, tokens, value_width]
        || windows.tokens() != tokens
    {
        candle_core::bail!(
            "queries {:?}, keys {:?} and values {:?} meet windows of {} tokens",
            q.dims(),
            k.dims(),
            v.dims(),
            windows.tokens()
        );
    }
    let last = (batch, tokens, heads, value_width);
    if v.elem_count() == 0 {
        return Tensor::zeros(last, v.dtype(), v.device())?.transpose(1, 2);
    }
    let q = (q * (width as f64).sqrt().recip())?;
    let rows = |x: &Tensor| x.transpose(1, 2)?.contiguous()?.flatten_from(2);
    let parts = [rows(&q)?, rows(k)?, rows(v)?];
    let mut results = Vec::new();
    // Where each token's result stands among those.
    let mut places = vec![0u32; tokens];
    let mut place = 0;
    for group in groups(windows, most_scores / (batch * heads)) {
        let longest = group.first().map_or(0, |window| window.len());
        for window in &group {
            for (place, &token) in (place..).zip(*window) {
                places[token as usize] = place;
            }
            place += longest as u32;
        }
        results.push(within(&parts, heads, &group, longest)?);
    }
    let places = Tensor::from_vec(places, tokens, q.device())?;
    Tensor::cat(&results, 1)?
        .index_select(&places, 1)?
        .reshape(last)?
        .transpose(1, 2)
}

/// The windows, largest first, in groups to be done together: of at most so many pairs of tokens, unless
/// one window alone has more.
fn groups(windows: &Windows, most_pairs: usize) -> Vec<Vec<&[u32]>> {
    let mut sorted: Vec<&[u32]> = windows.iter().collect();
    sorted.sort_by_key(|window| std::cmp::Reverse(window.len()));
    let mut groups: Vec<Vec<&[u32]>> = Vec::new();
    for window in sorted {
        match groups.last_mut() {
            // No more than a third is filled up.
            Some(group)
                if 4 * window.len() >= 3 * group[0].len()
                    && (group.len() + 1) * group[0].len().pow(2) <= most_pairs =>
            {
                group.push(window);
            }
            _ => groups.push(vec![window]),
        }
    }
    groups
}

/// Attention within each of these windows, filled up to the `longest`: `(batch, windows · longest, width)`.
fn within(
    [q, k, v]: &[Tensor; 3],
    heads: usize,
    group: &[&[u32]],
    longest: usize,
) -> Result<Tensor> {
    let (batch, count) = (q.dim(0)?, group.len());
    let (mut tokens, mut hidden) = (Vec::new(), Vec::new());
    for window in group {
        let filling = std::iter::repeat_n(window[0], longest - window.len());
        tokens.extend(window.iter().copied().chain(filling));
        let shown = std::iter::repeat_n(0.0f32, window.len());
        hidden.extend(shown.chain(std::iter::repeat_n(
            f32::NEG_INFINITY,
            longest - window.len(),
        )));
    }
    let tokens = Tensor::from_vec(tokens, count * longest, q.device())?;
    let hidden = Tensor::from_vec(hidden, (1, count, 1, 1, longest), q.device())?;
    let gather = |x: &Tensor| -> Result<Tensor> {
        let width = x.dim(D::Minus1)? / heads;
        x.index_select(&tokens, 1)?
            .reshape((batch * count, longest, heads, width))?
            .transpose(1, 2)?
            .contiguous()
    };
    let (q, k, v) = (gather(q)?, gather(k)?, gather(v)?);
    let scores = q.matmul(&k.t()?.contiguous()?)?;
    let dtype = scores.dtype();
    let shares = scores
        .to_dtype(wide(dtype))?
        .reshape((batch, count, heads, longest, longest))?
        .broadcast_add(&hidden.to_dtype(wide(dtype))?)?;
    let shares = candle_nn::ops::softmax_last_dim(&shares)?
        .reshape((batch * count, heads, longest, longest))?
        .to_dtype(dtype)?;
    shares
        .matmul(&v)?
        .transpose(1, 2)?
        .contiguous()?
        .reshape((batch, count * longest, ()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn noise(shape: &[usize]) -> Tensor {
        Tensor::randn(0.0f32, 1.0, shape, &Device::Cpu).unwrap()
    }

    fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
        let apart = (found - expected).unwrap().abs().unwrap();
        let worst = apart.flatten_all().unwrap().max(0).unwrap();
        assert!(worst.to_scalar::<f32>().unwrap() < 1e-4, "{what}");
    }

    #[test]
    fn slabs_make_no_difference() {
        let cells: Vec<[u16; 3]> = (0..64).map(|at| [at / 16, at / 4 % 4, at % 4]).collect();
        let rules = RuleBook::new(4, &cells[..61]).unwrap();
        let (x, weight, bias) = (noise(&[2, 61, 5]), noise(&[7, 3, 3, 3, 5]), noise(&[7]));
        let expected = submanifold_convolution(&x, &weight, Some(&bias), &rules).unwrap();
        for gathered in [1, 27 * 5 * 2, 27 * 5 * 60, 27 * 5 * 61] {
            let found = convolution_in_slabs(&x, &weight, Some(&bias), &rules, gathered).unwrap();
            assert_close(&found, &expected, &format!("{gathered} at a time"));
        }
    }

    #[test]
    fn groups_make_no_difference() {
        let keys: Vec<u64> = (0..90u64).map(|token| token * token % 13).collect();
        let windows = Windows::by_keys(&keys);
        let [q, k, v] = [(); 3].map(|()| noise(&[2, 3, 90, 8]));
        let expected = windowed_attention(&q, &k, &v, &windows).unwrap();
        assert!(groups(&windows, SCORES).len() < groups(&windows, 1).len());
        for most in [1, 6 * 200, 6 * 1000] {
            let found = attention_in_groups(&q, &k, &v, &windows, most).unwrap();
            assert_close(&found, &expected, &format!("{most} scores at a time"));
        }
    }
}
