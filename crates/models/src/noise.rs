//! The noise that generation starts from: the same for a seed on every device and every machine.
//!
//! It is made on the CPU by ChaCha20 (RFC 8439, as `rand_chacha` implements it) keyed with the seed,
//! and turned into normally distributed numbers by the ziggurat of `rand_distr`. Each stage draws from
//! a stream of its own, so that one stage's noise does not depend on how much another took.

use candle_core::{Device, Result, Shape, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rand_distr::{Distribution, StandardNormal};

/// Standard normal `f32` of a shape. `stream` tells the draws of one seed apart.
///
/// # Errors
/// When `device` has no room.
pub fn noise(seed: u64, stream: u64, shape: impl Into<Shape>, device: &Device) -> Result<Tensor> {
    let shape = shape.into();
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(seed.to_le_bytes()) {
        *to = from;
    }
    let mut generator = ChaCha20Rng::from_seed(key);
    generator.set_stream(stream);
    let draws = StandardNormal.sample_iter(&mut generator);
    let numbers: Vec<f32> = draws.take(shape.elem_count()).collect();
    Tensor::from_vec(numbers, shape, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u64, stream: u64, count: usize) -> Vec<f32> {
        noise(seed, stream, count, &Device::Cpu)
            .and_then(|noise| noise.to_vec1())
            .expect("noise")
    }

    #[test]
    fn stays_the_same_in_every_version() {
        let expected = [0.279_619_8, 0.598_339_5, -1.186_045_4, 0.046_085_697];
        assert_eq!(draw(42, 1, 4), expected);
    }

    #[test]
    fn is_standard_normal() {
        let numbers = draw(7, 0, 100_000);
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
        let square = numbers.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / count;
        let beyond = numbers.iter().filter(|x| x.abs() > 1.959_964).count() as f64 / count;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((square - 1.0).abs() < 0.02, "{square}");
        assert!((beyond - 0.05).abs() < 0.003, "{beyond}");
    }

    #[test]
    fn differs_by_seed_and_by_stream() {
        let first = draw(1, 1, 16);
        assert_ne!(first, draw(2, 1, 16));
        assert_ne!(first, draw(1, 2, 16));
        assert_eq!(first, draw(1, 1, 32)[..16]);
    }
}
