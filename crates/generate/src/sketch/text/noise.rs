//! Value noise: smooth, repeatable randomness in space.

use glam::{IVec3, Vec3A};

/// A number in `0..1` for a lattice point.
pub(super) fn hash(cell: IVec3) -> f32 {
    let mut bits = (cell.x as u32)
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add((cell.y as u32).wrapping_mul(0x85EB_CA77))
        .wrapping_add((cell.z as u32).wrapping_mul(0xC2B2_AE3D));
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    (bits ^ (bits >> 15)) as f32 / u32::MAX as f32
}

/// Smooth noise in `0..1` with features one unit apart.
pub(super) fn value(point: Vec3A) -> f32 {
    let floor = point.floor();
    let cell = floor.as_ivec3();
    let t = point - floor;
    let t = t * t * (3.0 - 2.0 * t);
    let corner = |x, y, z| hash(cell + IVec3::new(x, y, z));
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let face = |z| {
        mix(
            mix(corner(0, 0, z), corner(1, 0, z), t.x),
            mix(corner(0, 1, z), corner(1, 1, z), t.x),
            t.y,
        )
    };
    mix(face(0), face(1), t.z)
}

/// Noise in `0..1` summed over `octaves`, each half as strong and twice as fine.
pub(super) fn fractal(point: Vec3A, octaves: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut at) = (0.0, 1.0, 0.0, point);
    for _ in 0..octaves {
        sum += weight * value(at);
        total += weight;
        weight *= 0.5;
        at = at * 2.03 + Vec3A::splat(17.3);
    }
    sum / total
}

/// Distance to the nearest of the random points scattered one per unit cell, and that cell's hash.
pub(super) fn scattered(point: Vec3A) -> (f32, f32) {
    let cell = point.floor().as_ivec3();
    let mut nearest = (f32::INFINITY, 0.0);
    for x in -1..=1 {
        for y in -1..=1 {
            for z in -1..=1 {
                let other = cell + IVec3::new(x, y, z);
                let jitter = Vec3A::new(
                    hash(other),
                    hash(other + IVec3::splat(1013)),
                    hash(other - IVec3::splat(977)),
                );
                let distance = point.distance(other.as_vec3a() + jitter);
                if distance < nearest.0 {
                    nearest = (distance, hash(other + IVec3::splat(501)));
                }
            }
        }
    }
    nearest
}
