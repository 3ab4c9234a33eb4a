//! From painted surface elements to splats.

use std::f32::consts::TAU;

use glam::{Quat, Vec3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use splat::{Cloud, Splat};

/// Degree-0 spherical-harmonic basis, 1/(2√π): `rgb = 0.5 + SH_C0 · f_dc`.
const SH_C0: f32 = 0.282_094_8;
/// Thickness of a splat against its smaller half-width: thin enough to show a crisp silhouette,
/// thick enough not to vanish when seen edge-on.
const THICKNESS: f32 = 0.2;
/// Opacities stay this far from 0 and 1, where the logit is infinite.
const OPACITY_MARGIN: f32 = 0.002;

/// A small painted piece of a surface: one splat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Surfel {
    /// Its centre.
    pub(crate) position: [f32; 3],
    /// Which way the surface faces, of unit length.
    pub(crate) normal: [f32; 3],
    /// Standard deviation along one direction in the surface, in the units of `position`.
    pub(crate) tangent_size_u: f32,
    /// Standard deviation along the other.
    pub(crate) tangent_size_v: f32,
    /// Red, green, blue as displayed, `0..1`.
    pub(crate) colour_rgb: [f32; 3],
    /// `0..1`.
    pub(crate) opacity: f32,
}

/// Opacities vary by this share: a cloud whose opacities are all equal is what a failed generation
/// looks like, and is refused as one.
const OPACITY_VARIATION: f32 = 0.02;

/// Lays one flat splat on every surfel, turned by a random angle in its plane, so that round splats
/// leave no pattern. The same surfels and seed give the same cloud.
pub(crate) fn lay(surfels: &[Surfel], seed: u64) -> Cloud {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    surfels
        .iter()
        .map(|surfel| {
            let turn = dice.random_range(0.0..TAU);
            let dimmed = 1.0 - OPACITY_VARIATION * dice.random::<f32>();
            splat(surfel, turn, surfel.opacity * dimmed)
        })
        .collect()
}

fn splat(surfel: &Surfel, turn: f32, opacity: f32) -> Splat {
    let normal = Vec3::from(surfel.normal).try_normalize().unwrap_or(Vec3::Z);
    let same_size = surfel.tangent_size_u == surfel.tangent_size_v;
    // An oblong surfel has a direction of its own, which a random turn would destroy.
    let turn = if same_size { turn } else { 0.0 };
    let rotation = Quat::from_rotation_arc(Vec3::Z, normal) * Quat::from_rotation_z(turn);
    let [u, v] = [surfel.tangent_size_u, surfel.tangent_size_v].map(|size| size.max(1e-6));
    let opacity = opacity.clamp(OPACITY_MARGIN, 1.0 - OPACITY_MARGIN);
    Splat {
        position: surfel.position,
        log_scale: [u.ln(), v.ln(), (u.min(v) * THICKNESS).ln()],
        rotation: [rotation.w, rotation.x, rotation.y, rotation.z],
        opacity_logit: (opacity / (1.0 - opacity)).ln(),
        colour: surfel.colour_rgb.map(|value| (value - 0.5) / SH_C0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surfel(normal: [f32; 3]) -> Surfel {
        Surfel {
            position: [0.1, 0.2, 0.3],
            normal,
            tangent_size_u: 0.02,
            tangent_size_v: 0.01,
            colour_rgb: [1.0, 0.5, 0.0],
            opacity: 0.5,
        }
    }

    #[test]
    fn the_thin_axis_is_the_normal() {
        for normal in [
            [0.0, 0.0, 1.0],
            [0.0, 0.0, -1.0],
            [0.6, 0.0, 0.8],
            [0.0, -1.0, 0.0],
        ] {
            let cloud = lay(&[surfel(normal)], 7);
            let splat = cloud.get(0).unwrap();
            let [w, x, y, z] = splat.rotation;
            let thin = Quat::from_xyzw(x, y, z, w) * Vec3::Z;
            assert!(
                (thin - Vec3::from(normal)).length() < 1e-5,
                "{thin} is not {normal:?}"
            );
            let smallest = splat
                .log_scale
                .iter()
                .copied()
                .fold(f32::INFINITY, f32::min);
            assert_eq!(splat.log_scale[2], smallest);
        }
    }

    #[test]
    fn colour_and_opacity_survive_activation() {
        let splat = lay(&[surfel([0.0, 0.0, 1.0])], 7).get(0).unwrap();
        let rgb = splat.colour.map(|value| 0.5 + SH_C0 * value);
        assert!(
            (rgb[0] - 1.0).abs() < 1e-6 && (rgb[2]).abs() < 1e-6,
            "{rgb:?}"
        );
        assert!(
            (-0.05..0.0).contains(&splat.opacity_logit),
            "{}",
            splat.opacity_logit
        );
    }

    #[test]
    fn a_useless_normal_still_makes_a_finite_splat() {
        let splat = lay(&[surfel([0.0; 3])], 7).get(0).unwrap();
        assert!(splat.rotation.iter().all(|value| value.is_finite()));
    }
}
