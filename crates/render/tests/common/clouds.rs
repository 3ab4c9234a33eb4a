//! Clouds to test and to measure on, the same every time.
#![allow(dead_code)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use splat::{Cloud, Splat};

/// What TRELLIS makes: an opaque shell on a grid of 64³ voxels, several splats to a voxel, most of them
/// about a pixel wide in the validator's views.
pub(crate) fn trellis_like(count: usize) -> Cloud {
    let mut random = ChaCha8Rng::seed_from_u64(64);
    let mut splats = Vec::with_capacity(count);
    while splats.len() < count {
        // A bumpy ellipsoid's surface, snapped to the grid.
        let height: f32 = random.random_range(-1.0..1.0);
        let angle: f32 = random.random_range(0.0..std::f32::consts::TAU);
        let ring = (1.0 - height * height).sqrt();
        let normal = [ring * angle.cos(), height, ring * angle.sin()];
        let bump = 0.42 + 0.05 * (7.0 * angle).sin() * (5.0 * height).cos();
        let snap = |value: f32| (value * 64.0).round() / 64.0;
        let voxel = normal.map(|part| snap(part * bump));
        for _ in 0..32 {
            let scale: f32 = random.random_range(-7.0..-4.8);
            splats.push(Splat {
                position: voxel.map(|part| part + random.random_range(-0.5..0.5) / 64.0),
                log_scale: std::array::from_fn(|_| scale + random.random_range(-0.4..0.4)),
                rotation: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
                opacity_logit: random.random_range(-2.0..5.0),
                colour: normal.map(|part| part + random.random_range(-0.2..0.2)),
            });
        }
    }
    splats.truncate(count);
    splats.into_iter().collect()
}

/// Splats of many sizes through a whole ball, most of them behind others.
pub(crate) fn ball(count: usize) -> Cloud {
    let mut random = ChaCha8Rng::seed_from_u64(400);
    (0..count)
        .map(|_| {
            let direction: [f32; 3] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
            let length = direction.iter().map(|part| part * part).sum::<f32>().sqrt();
            let radius = 0.5 * random.random_range(0.0_f32..1.0).powf(0.25);
            Splat {
                position: direction.map(|part| part / length.max(1e-3) * radius),
                log_scale: std::array::from_fn(|_| random.random_range(-6.5..-4.5)),
                rotation: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
                opacity_logit: random.random_range(-3.0..4.0),
                colour: direction,
            }
        })
        .collect()
}

/// The validator's own test asset, where it is at hand.
pub(crate) fn hamburger() -> Option<Cloud> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/splats/hamburger.ply"
    );
    splat::ply::read(&std::fs::read(path).ok()?).ok()
}
