//! Weights and pictures from a formula, so that no golden has to carry them: the twin of
//! tests/goldens/formula.py, equal to it to the last bit.

use candle_core::{Device, Tensor};

/// Numbers from −1 to 1: a 32-bit hash of place, name and seed.
pub(crate) fn noise(name: &str, count: usize, seed: u64) -> Vec<f32> {
    let salt = crc32(format!("{seed}/{name}").as_bytes());
    (0..count as u32)
        .map(|place| {
            let mut x = place.wrapping_mul(0x9E37_79B1).wrapping_add(salt);
            x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
            x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
            x ^= x >> 16;
            (f64::from(x >> 8) / f64::from(1 << 23) - 1.0) as f32
        })
        .collect()
}

/// A weight whose outputs are about as large as its inputs.
pub(crate) fn weight(name: &str, shape: &[usize], seed: u64) -> Tensor {
    let mut values = noise(name, shape.iter().product(), seed);
    if shape.len() > 1 && !name.ends_with("gamma") {
        let width: usize = shape[1..].iter().product();
        let scale = (3.0 / width as f64).sqrt() as f32;
        values.iter_mut().for_each(|value| *value *= scale);
    } else if name.ends_with("bias") {
        values.iter_mut().for_each(|value| *value *= 0.125);
    } else {
        values
            .iter_mut()
            .for_each(|value| *value = *value * 0.25 + 1.0);
    }
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Colours from 0 to 1 in steps of 1/255.
pub(crate) fn picture(name: &str, shape: &[usize], seed: u64) -> Tensor {
    let values: Vec<f32> = noise(name, shape.iter().product(), seed)
        .into_iter()
        .map(|value| ((value + 1.0) * 127.9).floor() / 255.0)
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// A form of [`cut_out`]: width, height, size in hundredths of the picture, and how far it is moved right and
/// down.
pub(crate) type CutOut = (i64, i64, i64, i64, i64);

/// An ellipse with a soft edge and loud colours, RGBA: the twin of `cut_out` in formula.py.
pub(crate) fn cut_out((width, height, size, right, down): CutOut, seed: u64) -> Vec<u8> {
    let place = |index: i64| (index % width, index / width);
    (0..width * height)
        .map(place)
        .flat_map(|(x, y)| {
            let (dx, dy) = (2 * (x - right) - width + 1, 2 * (y - down) - height + 1);
            let off = (dx * dx * height * height + dy * dy * width * width) * 10_000;
            let off = off / (width * width * height * height);
            let alpha = ((size * size - off).div_euclid(8) + 128).clamp(0, 250);
            let red = x * 5 + y * 3 + seed as i64;
            [red, (x * x + y) >> 3, (x ^ y) * 7, alpha].map(|value| value as u8)
        })
        .collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
