//! Resizing of images as `torch.nn.functional.interpolate(align_corners=False)` does it.
//!
//! An output row is a weighted sum of a few input rows, and so are columns: each direction is a
//! product with a matrix of weights, which any device multiplies well. Positions and weights are
//! computed in single precision in torch's order of operations
//! (`aten/src/ATen/native/UpSample.h`, `area_pixel_compute_source_index`), so that they are torch's
//! to the last bit; only the order of summation differs.

use candle_core::{DType, Device, Result, Tensor};

/// How output pixels are made of input pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The two nearest per direction, linearly: `mode="bilinear"`.
    Bilinear,
    /// Keys' cubic with a = −0.75 over the four nearest: `mode="bicubic"`. Not clamped: it
    /// overshoots at edges. Shrinking skips pixels.
    Bicubic,
    /// Keys' cubic with a = −0.5, widened when shrinking so that no pixel is skipped:
    /// `mode="bicubic", antialias=True`.
    BicubicAntialias,
}

/// Resizes `(batch, channels, height, width)` to `height`×`width`; the sums are taken in single
/// precision at least, and the type stays.
///
/// # Errors
/// When `images` has other than four dimensions, or a size is 0.
pub fn resize(images: &Tensor, height: usize, width: usize, filter: Filter) -> Result<Tensor> {
    resize_by(images, [(height, None), (width, None)], filter)
}

/// As [`resize`], with the scale between output and input given beside the output's size, as
/// `interpolate(scale_factor=…)` takes it: `[height, width]`, each a size in pixels and output pixels
/// per input pixel (`None`: the quotient of the sizes).
///
/// # Errors
/// As [`resize`].
pub fn resize_by(images: &Tensor, to: [(usize, Option<f64>); 2], filter: Filter) -> Result<Tensor> {
    let (_, _, height, width) = images.dims4()?;
    let [(new_height, scale_y), (new_width, scale_x)] = to;
    if [height, width, new_height, new_width].contains(&0) {
        candle_core::bail!(
            "an image of {width}×{height} pixels cannot be resized to {new_width}×{new_height}"
        );
    }
    let unchanged = |old: usize, (new, scale): (usize, Option<f64>)| {
        old == new && scale.is_none_or(|scale| scale == 1.0)
    };
    let mut resized = images.clone();
    if !unchanged(width, to[1]) {
        resized = along_rows(&resized, new_width, scale_x, filter)?;
    }
    if !unchanged(height, to[0]) {
        resized = along_rows(&resized.t()?, new_height, scale_y, filter)?.t()?;
    }
    resized.contiguous()
}

/// Resizes the last dimension to `length`.
fn along_rows(x: &Tensor, length: usize, scale: Option<f64>, filter: Filter) -> Result<Tensor> {
    let dtype = x.dtype();
    let mut dims = x.dims().to_vec();
    let Some(last) = dims.last_mut() else {
        candle_core::bail!("a single number cannot be resized");
    };
    let old = *last;
    *last = length;
    let weights = weights(old, length, scale, filter, x.device())?;
    let wide = match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    };
    let rows = x.elem_count() / old;
    x.contiguous()?
        .reshape((rows, old))?
        .to_dtype(wide)?
        .matmul(&weights.to_dtype(wide)?)?
        .reshape(dims)?
        .to_dtype(dtype)
}

/// The matrix `(old, new)` whose column j holds the shares of the old places in the new place j.
fn weights(
    old: usize,
    new: usize,
    scale: Option<f64>,
    filter: Filter,
    device: &Device,
) -> Result<Tensor> {
    // Old places per new place.
    let step = match scale {
        Some(scale) => (1.0 / scale) as f32,
        None => old as f32 / new as f32,
    };
    let mut matrix = vec![0.0f32; old * new];
    for place in 0..new {
        match filter {
            Filter::Bilinear => bilinear(place, step, old, |row, share| {
                matrix[row * new + place] += share;
            }),
            Filter::Bicubic => bicubic(place, step, old, |row, share| {
                matrix[row * new + place] += share;
            }),
            Filter::BicubicAntialias => antialiased(place, step, old, |row, share| {
                matrix[row * new + place] += share;
            }),
        }
    }
    Tensor::from_vec(matrix, (old, new), device)
}

fn bilinear(place: usize, step: f32, old: usize, mut add: impl FnMut(usize, f32)) {
    let position = (step * (place as f32 + 0.5) - 0.5).max(0.0);
    let first = (position as usize).min(old - 1);
    let second = (first + 1).min(old - 1);
    let share = (position - first as f32).clamp(0.0, 1.0);
    add(first, 1.0 - share);
    add(second, share);
}

fn bicubic(place: usize, step: f32, old: usize, mut add: impl FnMut(usize, f32)) {
    const A: f32 = -0.75;
    let position = step * (place as f32 + 0.5) - 0.5;
    let below = position.floor();
    let share = position - below;
    for (tap, weight) in [
        outer(share + 1.0, A),
        inner(share, A),
        inner(1.0 - share, A),
        outer(2.0 - share, A),
    ]
    .into_iter()
    .enumerate()
    {
        // Places beyond the edge are the edge.
        let row = (below as isize + tap as isize - 1).clamp(0, old as isize - 1);
        add(row as usize, weight);
    }
}

/// torch's antialiasing, which is Pillow's (`_compute_indices_min_size_weights_aa`).
fn antialiased(place: usize, step: f32, old: usize, mut add: impl FnMut(usize, f32)) {
    const A: f32 = -0.5;
    let stretch = step.max(1.0);
    let support = 2.0 * stretch;
    let centre = step * (place as f32 + 0.5);
    let first = ((centre - support + 0.5) as isize).max(0) as usize;
    let end = ((centre + support + 0.5) as isize).clamp(0, old as isize) as usize;
    let weight = |row: usize| {
        let distance = ((row as f32 - centre + 0.5) / stretch).abs();
        match distance {
            near if near < 1.0 => inner(near, A),
            far if far < 2.0 => outer(far, A),
            _ => 0.0,
        }
    };
    let total: f32 = (first..end).map(weight).sum();
    for row in first..end {
        add(row, weight(row) / total);
    }
}

/// Keys' cubic for distances up to 1.
fn inner(x: f32, a: f32) -> f32 {
    ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
}

/// Keys' cubic for distances from 1 to 2.
fn outer(x: f32, a: f32) -> f32 {
    ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
}
