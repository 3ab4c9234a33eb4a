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
    /// The triangle of the two nearest, widened when shrinking so that no pixel is skipped:
    /// `mode="bilinear", antialias=True`.
    BilinearAntialias,
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
            Filter::BilinearAntialias => {
                antialiased(place, step, old, (1.0, triangle), |row, share| {
                    matrix[row * new + place] += share;
                });
            }
            Filter::BicubicAntialias => antialiased(place, step, old, (2.0, keys), |row, share| {
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

/// torch's antialiasing, which is Pillow's (`_compute_indices_min_size_weights_aa`), with a curve over
/// the distance that ends at `reach`.
fn antialiased(
    place: usize,
    step: f32,
    old: usize,
    (reach, curve): (f32, fn(f32) -> f32),
    mut add: impl FnMut(usize, f32),
) {
    let stretch = step.max(1.0);
    let support = reach * stretch;
    let centre = step * (place as f32 + 0.5);
    let first = ((centre - support + 0.5) as isize).max(0) as usize;
    let end = ((centre + support + 0.5) as isize).clamp(0, old as isize) as usize;
    let weight = |row: usize| curve(((row as f32 - centre + 0.5) / stretch).abs());
    let total: f32 = (first..end).map(weight).sum();
    for row in first..end {
        add(row, weight(row) / total);
    }
}

/// A straight line down to distance 1.
fn triangle(distance: f32) -> f32 {
    (1.0 - distance).max(0.0)
}

/// Keys' cubic with a = −0.5.
fn keys(distance: f32) -> f32 {
    const A: f32 = -0.5;
    match distance {
        near if near < 1.0 => inner(near, A),
        far if far < 2.0 => outer(far, A),
        _ => 0.0,
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

/// Resizes `(batch, height, width, channels)` to `height`×`width` so that the corners' centres stay where
/// they are: `mode="bilinear", align_corners=True`. The two nearest per direction, linearly; channels
/// stay next to each other.
///
/// # Errors
/// When `x` has other than four dimensions, or a size is 0.
pub(crate) fn aligned(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (batch, old_height, old_width, channels) = x.dims4()?;
    if [old_height, old_width, height, width].contains(&0) {
        candle_core::bail!("{old_width}×{old_height} pixels cannot become {width}×{height}");
    }
    let mut x = x.clone();
    if height != old_height {
        let rows = x.reshape((batch, old_height, old_width * channels))?;
        x = aligned_lines(&rows, height)?.reshape((batch, height, old_width, channels))?;
    }
    if width != old_width {
        let columns = x.reshape((batch * height, old_width, channels))?;
        x = aligned_lines(&columns, width)?.reshape((batch, height, width, channels))?;
    }
    Ok(x)
}

/// Resizes the second of three dimensions to `length`.
fn aligned_lines(x: &Tensor, length: usize) -> Result<Tensor> {
    let old = x.dim(1)?;
    // As torch computes it (`area_pixel_compute_scale`).
    let step = match length {
        1 => 0.0,
        length => (old - 1) as f32 / (length - 1) as f32,
    };
    let positions = (0..length).map(|place| step * place as f32);
    let first: Vec<u32> = positions
        .clone()
        .map(|position| (position as u32).min(old as u32 - 1))
        .collect();
    let second: Vec<u32> = first
        .iter()
        .map(|place| (place + 1).min(old as u32 - 1))
        .collect();
    let shares: Vec<f32> = positions
        .zip(&first)
        .map(|(position, first)| position - *first as f32)
        .collect();
    let shares = Tensor::from_vec(shares, (1, length, 1), x.device())?.to_dtype(x.dtype())?;
    let pick = |places: Vec<u32>| x.index_select(&Tensor::new(places, x.device())?, 1);
    let first = pick(first)?;
    let difference = (pick(second)? - &first)?;
    first + difference.broadcast_mul(&shares)?
}
