//! Clouds with something in every column, and how far from one another two may be.

#![allow(dead_code)] // Each test binary uses its own part.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use splat::{Cloud, Columns, Sh};

/// Values of a row without harmonics.
pub(crate) const PLAIN: usize = 14;

/// `count` splats of all sizes, turns and opacities with harmonics of `degree`, none beyond what
/// every container holds.
pub(crate) fn varied(count: usize, degree: u8, seed: u64) -> Cloud {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut column = |low: f32, high: f32, count: usize| -> Vec<f32> {
        (0..count).map(|_| random.random_range(low..high)).collect()
    };
    let columns = Columns {
        positions: std::array::from_fn(|axis| column(-0.7, [0.75, 0.6, 0.4][axis], count)),
        log_scales: std::array::from_fn(|_| column(-7.0, -3.0, count)),
        rotations: std::array::from_fn(|_| column(-1.0, 1.0, count)),
        opacity_logits: column(-4.0, 5.0, count),
        // What a screen can show, which is all that `.splat` holds.
        colours: std::array::from_fn(|_| column(-1.7, 1.7, count)),
        sh: Sh {
            degree,
            values: column(-0.9, 0.9, count * Sh::values_per_splat(degree)),
        },
    };
    Cloud::from_columns(columns).unwrap()
}

/// A cloud as rows: x y z, log-scales, w x y z of length 1, opacity from 0 to 1, colour, harmonics.
pub(crate) fn rows(cloud: &Cloud) -> Vec<Vec<f32>> {
    let sh = &cloud.columns().sh;
    let each = Sh::values_per_splat(sh.degree);
    let harmonics = |index: usize| &sh.values[index * each..(index + 1) * each];
    cloud
        .iter()
        .enumerate()
        .map(|(index, splat)| {
            let length = splat
                .rotation
                .iter()
                .map(|part| part * part)
                .sum::<f32>()
                .sqrt();
            let opacity = 1.0 / (1.0 + (-f64::from(splat.opacity_logit)).exp());
            let mut row = Vec::with_capacity(PLAIN + each);
            row.extend(splat.position);
            row.extend(splat.log_scale);
            row.extend(splat.rotation.map(|part| part / length));
            row.push(opacity as f32);
            row.extend(splat.colour);
            row.extend(harmonics(index));
            row
        })
        .collect()
}

/// How far values of a row may be apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    /// Units.
    pub(crate) position: f32,
    /// Of the natural logarithm.
    pub(crate) log_scale: f32,
    /// 1 − |cosine| between the quaternions: up to sign.
    pub(crate) rotation: f32,
    /// From 0 to 1.
    pub(crate) opacity: f32,
    /// Of `f_dc`.
    pub(crate) colour: f32,
    /// Of a harmonic.
    pub(crate) harmonics: f32,
}

/// Nothing is lost but the last bits.
pub(crate) const SAME: Tolerance = Tolerance {
    position: 1e-6,
    log_scale: 1e-5,
    rotation: 2e-6,
    opacity: 2e-6,
    colour: 1e-5,
    harmonics: 1e-6,
};

/// Half a step of an SPZ with rotations in three bytes; where w is near 0 those are coarse.
pub(crate) const SPZ: Tolerance = Tolerance {
    position: 0.5 / 4096.0 + 1e-6,
    log_scale: 0.5 / 16.0 + 1e-5,
    rotation: 0.01,
    opacity: 0.5 / 255.0 + 1e-5,
    colour: 0.5 / (0.15 * 255.0) + 1e-5,
    // Half a bucket of 16, and half a step.
    harmonics: 8.5 / 128.0,
};

/// The same with rotations in four bytes.
pub(crate) const SPZ_V3: Tolerance = Tolerance {
    rotation: 1e-5,
    ..SPZ
};

/// Half a step of `.splat`, which has no harmonics.
pub(crate) const DOT_SPLAT: Tolerance = Tolerance {
    position: 1e-6,
    log_scale: 1e-5,
    rotation: 2e-4,
    opacity: 0.5 / 255.0 + 1e-5,
    colour: 0.5 / (0.282_094_8 * 255.0) + 1e-5,
    harmonics: 0.0,
};

/// Checks that both hold the same splats in the same order, to the tolerance.
pub(crate) fn assert_near(
    found: &[Vec<f32>],
    wanted: &[Vec<f32>],
    tolerance: Tolerance,
    what: &str,
) {
    assert_eq!(found.len(), wanted.len(), "{what}: splats");
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert_eq!(found.len(), wanted.len(), "{what}: values of splat {index}");
        let apart = |range: std::ops::Range<usize>| {
            let pairs = found[range.clone()].iter().zip(&wanted[range]);
            // NaN on either side must not pass for near.
            pairs.fold(0.0_f32, |worst, (a, b)| match (a - b).abs() {
                apart if apart <= worst => worst,
                apart => apart,
            })
        };
        let length = |row: &[f32]| {
            row[6..10]
                .iter()
                .map(|part| part * part)
                .sum::<f32>()
                .sqrt()
        };
        let dot: f32 = (6..10).map(|part| found[part] * wanted[part]).sum();
        let turned = 1.0 - (dot / (length(found) * length(wanted))).abs();
        let checks = [
            ("position", apart(0..3), tolerance.position),
            ("log-scale", apart(3..6), tolerance.log_scale),
            ("rotation", turned, tolerance.rotation),
            ("opacity", apart(10..11), tolerance.opacity),
            ("colour", apart(11..14), tolerance.colour),
            ("harmonics", apart(14..found.len()), tolerance.harmonics),
        ];
        for (name, apart, allowed) in checks {
            assert!(
                apart <= allowed,
                "{what}: {name} of splat {index} is {apart} off (of {allowed}):\n{found:?}\n{wanted:?}"
            );
        }
    }
}
