//! The latent picture that FLUX flows through, and when.
//!
//! black-forest-labs/flux `src/flux/sampling.py`.

use candle_core::{Device, Result, Tensor};

use crate::noise::noise;

/// Values of a place of the latent.
const CHANNELS: usize = 16;

/// Pixels across and down that one token stands for: 8 by the autoencoder, 2 by the tokens.
pub(super) const TOKEN_SIDE: usize = 16;

/// The stream of noise that pictures are drawn from; TRELLIS' stages draw from others.
const STREAM: u64 = 16;

/// The times of `steps` steps, from 1 to 0 and equally far apart: FLUX.1-schnell's own, which are not
/// shifted with the size of the picture as FLUX.1-dev's are.
#[must_use]
pub fn schedule(steps: u32) -> Vec<f64> {
    (0..=steps)
        .rev()
        .map(|step| f64::from(step) / f64::from(steps))
        .collect()
}

/// Where a picture of `rows` × `columns` tokens begins: normal noise, `(1, rows · columns, 64)`.
///
/// It is drawn as a latent picture, `(16, 2 · rows, 2 · columns)`, as the reference draws it.
///
/// # Errors
/// When the device has no room.
pub fn start(seed: u64, rows: usize, columns: usize, device: &Device) -> Result<Tensor> {
    let picture = noise(seed, STREAM, (1, CHANNELS, 2 * rows, 2 * columns), device)?;
    pack(&picture)
}

/// A latent picture, `(1, channels, 2 · rows, 2 · columns)`, as tokens, `(1, rows · columns, 4 ·
/// channels)`.
pub(super) fn pack(picture: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = picture.dims4()?;
    let (rows, columns) = (height / 2, width / 2);
    picture
        .reshape((batch, channels, rows, 2, columns, 2))?
        .permute((0, 2, 4, 1, 3, 5))?
        .reshape((batch, rows * columns, 4 * channels))
}

/// The latent picture of `rows` × `columns` tokens.
///
/// # Errors
/// When there are not so many tokens.
pub fn unpack(tokens: &Tensor, rows: usize, columns: usize) -> Result<Tensor> {
    let (batch, _, width) = tokens.dims3()?;
    tokens
        .reshape((batch, rows, columns, width / 4, 2, 2))?
        .permute((0, 3, 1, 4, 2, 5))?
        .reshape((batch, width / 4, 2 * rows, 2 * columns))
}
