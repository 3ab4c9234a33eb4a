//! Random numbers and random structures, the same each time.

use candle_core::{Device, Tensor};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of this number.
pub(crate) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Numbers between −1 and 1.
pub(crate) fn noise(shape: &[usize], seed: u64) -> Tensor {
    let mut generator = generator(seed);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| generator.random_range(-1.0..1.0))
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// So many cells of a grid, in raster order unless `shuffled`.
pub(crate) fn cells(side: u16, count: usize, shuffled: bool, seed: u64) -> Vec<[u16; 3]> {
    let mut all: Vec<[u16; 3]> = (0..side)
        .flat_map(|x| (0..side).flat_map(move |y| (0..side).map(move |z| [x, y, z])))
        .collect();
    all.shuffle(&mut generator(seed));
    all.truncate(count);
    if !shuffled {
        all.sort_unstable();
    }
    all
}

/// Holds `found` against `expected`, relative to the root mean square of what is expected.
pub(crate) fn assert_close(found: &Tensor, expected: &Tensor, tolerance: f32, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let values = |x: &Tensor| -> Vec<f32> {
        let x = x.to_dtype(candle_core::DType::F32).unwrap();
        x.flatten_all().unwrap().to_vec1().unwrap()
    };
    let (found, expected) = (values(found), values(expected));
    let square: f32 = expected.iter().map(|value| value * value).sum();
    let scale = (square / expected.len().max(1) as f32).sqrt();
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        // Not "greater", so that NaN fails.
        let near = (found - expected).abs() <= tolerance * scale;
        assert!(
            near,
            "{what} at {index}: {found} for {expected}, {scale} is usual"
        );
    }
}
