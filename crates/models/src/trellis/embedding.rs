//! What tells the networks when and where: embeddings of times and of places.
//!
//! TRELLIS `models/sparse_structure_flow.py` (`TimestepEmbedder`) and
//! `modules/transformer/blocks.py` (`AbsolutePositionEmbedder`).

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;

use crate::layers::Linear;

/// The slowest wave of an embedding is almost this many times as long as the fastest.
const PERIOD: f32 = 10_000.0;
/// Values of a sinusoidal embedding of a time.
const TIME_WIDTH: usize = 256;
/// Axes of a place.
const AXES: usize = 3;

/// The same weights, read in single precision: where the reference keeps that whatever the blocks run
/// in.
pub(crate) fn single<'a>(weights: &VarBuilder<'a>) -> VarBuilder<'a> {
    weights.to_dtype(DType::F32)
}

/// Times to vectors, in single precision.
#[derive(Debug, Clone)]
pub(crate) struct TimestepEmbedder {
    first: Linear,
    last: Linear,
}

impl TimestepEmbedder {
    /// Reads `mlp.0` and `mlp.2`.
    ///
    /// # Errors
    /// When a weight is missing or has another shape.
    pub(crate) fn load(width: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let mlp = single(weights).pp("mlp");
        Ok(Self {
            first: Linear::load(TIME_WIDTH, width, &mlp.pp(0))?,
            last: Linear::load(width, width, &mlp.pp(2))?,
        })
    }

    /// `(batch)` of times, 0 to 1000, to `(batch, width)`.
    ///
    /// # Errors
    /// When `times` has another form.
    pub(crate) fn forward(&self, times: &Tensor) -> Result<Tensor> {
        let wave = self.first.forward(&sinusoid(times)?)?.silu()?;
        self.last.forward(&wave)
    }
}

/// The cosines, then the sines, of a time at 128 frequencies: `(batch)` to `(batch, 256)`.
fn sinusoid(times: &Tensor) -> Result<Tensor> {
    const HALF: usize = TIME_WIDTH / 2;
    let values: Vec<f32> = times.to_dtype(DType::F32)?.to_vec1()?;
    let mut waves = Vec::with_capacity(values.len() * TIME_WIDTH);
    for &time in &values {
        let angle = |step: usize| time * (-PERIOD.ln() * step as f32 / HALF as f32).exp();
        waves.extend((0..HALF).map(|step| angle(step).cos()));
        waves.extend((0..HALF).map(|step| angle(step).sin()));
    }
    Tensor::from_vec(waves, (values.len(), TIME_WIDTH), times.device())
}

/// Where places are: whole coordinates, to `(places, width)` in single precision. For each axis the
/// sines, then the cosines, at `width / 6` frequencies; zeros fill what is left.
///
/// # Errors
/// When the device has no room.
pub(crate) fn position_embedding(
    places: &[[u16; AXES]],
    width: usize,
    device: &Device,
) -> Result<Tensor> {
    let frequencies = width / AXES / 2;
    let part = 2 * frequencies;
    let most = places.iter().flatten().copied().max().unwrap_or_default();
    let mut waves = Vec::with_capacity((usize::from(most) + 1) * part);
    for coordinate in 0..=most {
        let angle = |step: usize| {
            f32::from(coordinate) * PERIOD.powf(step as f32 / frequencies as f32).recip()
        };
        waves.extend((0..frequencies).map(|step| angle(step).sin()));
        waves.extend((0..frequencies).map(|step| angle(step).cos()));
    }
    let mut rows = vec![0.0; places.len() * width];
    for (place, row) in places.iter().zip(rows.chunks_exact_mut(width.max(1))) {
        for (axis, &coordinate) in place.iter().enumerate() {
            row[axis * part..][..part]
                .copy_from_slice(&waves[usize::from(coordinate) * part..][..part]);
        }
    }
    Tensor::from_vec(rows, (places.len(), width), device)
}
