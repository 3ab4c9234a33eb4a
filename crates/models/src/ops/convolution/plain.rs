//! Convolutions as their definitions, in candle's own calls.

use std::ops::Range;

use candle_core::{DType, Result, Tensor};

use super::super::plain::linear;

/// Convolution with an odd square kernel, a step of one, and zeros around the picture: `x` is `(batch,
/// height, width, in)`, `weight` is `(out, in, side, side)`, and what comes out is `(batch, height,
/// width, out)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let side = weight.dim(2)?;
    let x = x.permute((0, 3, 1, 2))?.contiguous()?;
    let y = x.conv2d(&weight.contiguous()?, side / 2, 1, 1, 1)?;
    let y = y.permute((0, 2, 3, 1))?.contiguous()?;
    match bias {
        Some(bias) => y.broadcast_add(bias),
        None => Ok(y),
    }
}

/// The deformable convolution, version 2: see [`Convolution::forward_at`](super::Convolution::forward_at).
///
/// # Errors
/// When the shapes do not fit.
pub fn deform_conv2d(
    x: &Tensor,
    offsets: &Tensor,
    shares: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let patches = sampled(x, offsets, shares, weight.dim(2)?, 0..x.dim(1)?)?;
    let weight = weight.permute((0, 2, 3, 1))?.flatten_from(1)?;
    linear(&patches, &weight, bias)
}

/// With as many zeros around it as the kernel reaches over.
pub(super) fn padded(x: &Tensor, side: usize) -> Result<Tensor> {
    x.pad_with_zeros(1, side / 2, side / 2)?
        .pad_with_zeros(2, side / 2, side / 2)
}

/// Of each pixel in the rows `band` the square of `side` pixels around it, line by line with their
/// channels: `(batch, rows, width, side² · channels)`. `x` has its zeros around it.
pub(super) fn neighbourhoods(x: &Tensor, side: usize, band: Range<usize>) -> Result<Tensor> {
    let width = x.dim(2)? + 1 - side;
    let mut taps = Vec::with_capacity(side * side);
    for down in 0..side {
        let rows = x.narrow(1, band.start + down, band.len())?;
        for right in 0..side {
            taps.push(rows.narrow(2, right, width)?.contiguous()?);
        }
    }
    Tensor::cat(&taps, 3)
}

/// As [`neighbourhoods`], each tap moved by its offset and scaled by its share. Places are computed in
/// single precision, since narrower types cannot tell neighbouring pixels of a large picture apart.
pub(super) fn sampled(
    x: &Tensor,
    offsets: &Tensor,
    shares: &Tensor,
    side: usize,
    band: Range<usize>,
) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let taps = side * side;
    let offsets = offsets
        .narrow(1, band.start, band.len())?
        .to_dtype(DType::F32)?
        .reshape((batch, band.len(), width, taps, 2))?;
    let device = x.device();
    let reach = (side / 2) as f32;
    let line = |values: Vec<f32>, shape| Tensor::from_vec(values, shape, device);
    let rows = line(
        band.clone().map(|row| row as f32).collect(),
        (1, band.len(), 1, 1),
    )?;
    let columns = line((0..width).map(|x| x as f32).collect(), (1, 1, width, 1))?;
    let down = line(
        (0..taps).map(|tap| (tap / side) as f32 - reach).collect(),
        (1, 1, 1, taps),
    )?;
    let right = line(
        (0..taps).map(|tap| (tap % side) as f32 - reach).collect(),
        (1, 1, 1, taps),
    )?;
    let y = offsets
        .narrow(4, 0, 1)?
        .squeeze(4)?
        .broadcast_add(&rows.broadcast_add(&down)?)?;
    let x_place = offsets
        .narrow(4, 1, 1)?
        .squeeze(4)?
        .broadcast_add(&columns.broadcast_add(&right)?)?;
    let (top, left) = (y.floor()?, x_place.floor()?);
    let (below, beside) = ((&y - &top)?, (&x_place - &left)?);
    let items: Vec<f32> = (0..batch)
        .map(|item| (item * height * width) as f32)
        .collect();
    // Exact in single precision up to 2²⁴ pixels.
    let items = line(items, (batch, 1, 1, 1))?;
    let flat = x.reshape((batch * height * width, channels))?;
    let shares = shares
        .narrow(1, band.start, band.len())?
        .to_dtype(DType::F32)?;
    let mut sum: Option<Tensor> = None;
    for (row, row_share) in [
        (top.clone(), (1.0 - &below)?),
        ((&top + 1.0)?, below.clone()),
    ] {
        for (column, column_share) in [
            (left.clone(), (1.0 - &beside)?),
            ((&left + 1.0)?, beside.clone()),
        ] {
            let inside = (row.ge(0.0)?.to_dtype(DType::F32)?
                * row.lt(height as f64)?.to_dtype(DType::F32)?)?;
            let inside = (inside * column.ge(0.0)?.to_dtype(DType::F32)?)?;
            let inside = (inside * column.lt(width as f64)?.to_dtype(DType::F32)?)?;
            let share = (((&row_share * &column_share)? * inside)? * &shares)?;
            let row = row.clamp(0.0, height as f64 - 1.0)?;
            let column = column.clamp(0.0, width as f64 - 1.0)?;
            let index = ((row * width as f64)? + column)?.broadcast_add(&items)?;
            let corner = flat
                .index_select(&index.flatten_all()?.to_dtype(DType::U32)?, 0)?
                .broadcast_mul(&share.flatten_all()?.unsqueeze(1)?.to_dtype(x.dtype())?)?;
            sum = Some(match sum {
                None => corner,
                Some(sum) => (sum + corner)?,
            });
        }
    }
    let Some(sum) = sum else {
        candle_core::bail!("a pixel without corners");
    };
    sum.reshape((batch, band.len(), width, taps * channels))
}
