//! Lays flat, rotated, shaded splats on parametric surfaces.

use std::f32::consts::TAU;

use splat::{Cloud, Splat};

/// A point or direction.
pub(super) type Vector = [f32; 3];

/// Where the light of the studio comes from: above, left and in front of the object.
const LIGHT: Vector = [-0.45, 0.75, 0.49];
/// How bright a surface is that faces away from the light.
const AMBIENT: f32 = 0.45;
/// Standard deviation across a surface, in object units: thin, not degenerate.
const THICKNESS: f32 = 0.003;
/// Standard deviation along a surface as a share of the cell it covers: neighbours close ranks.
const OVERLAP: f32 = 0.75;
/// The zeroth spherical harmonic, by which stored colours are divided.
const SH_C0: f32 = 0.282_094_8;
/// Logit of an opacity of 0.97.
const OPACITY_LOGIT: f32 = 3.476;

/// Covers `surface` (both parameters 0 to 1) with `cells` splats coloured by `paint` (RGB 0 to 1).
/// The outside is where `∂/∂u × ∂/∂v` points.
pub(super) fn lay(
    cloud: &mut Cloud,
    surface: impl Fn(f32, f32) -> Vector,
    paint: impl Fn(f32, f32) -> Vector,
    cells: [usize; 2],
) {
    let step = cells.map(|count| 1.0 / count.max(1) as f32);
    for row in 0..cells[1] {
        for column in 0..cells[0] {
            let u = (column as f32 + 0.5) * step[0];
            let v = (row as f32 + 0.5) * step[1];
            let along = |du: f32, dv: f32| {
                let (du, dv) = (du * step[0] / 2.0, dv * step[1] / 2.0);
                subtract(surface(u + du, v + dv), surface(u - du, v - dv))
            };
            let patch = Patch {
                centre: surface(u, v),
                along_u: along(1.0, 0.0),
                along_v: along(0.0, 1.0),
            };
            if let Some(splat) = patch.splat(paint(u, v)) {
                cloud.push(splat);
            }
        }
    }
}

/// The surface of revolution about +Y of a profile of `[radius, height]` points, walked from its
/// bottom outwards and up.
pub(super) fn lathe(profile: &[[f32; 2]]) -> impl Fn(f32, f32) -> Vector + '_ {
    move |u, v| {
        let [radius, height] = polyline(profile, v);
        let (sine, cosine) = (u * TAU).sin_cos();
        [radius * sine, height, radius * cosine]
    }
}

/// An ellipsoid, from its south pole to its north pole.
pub(super) fn ellipsoid(centre: Vector, radii: Vector) -> impl Fn(f32, f32) -> Vector {
    move |u, v| {
        let (sine, cosine) = (u * TAU).sin_cos();
        let (height, ring) = ((v - 0.5) * TAU / 2.0).sin_cos();
        [
            centre[0] + radii[0] * ring * sine,
            centre[1] + radii[1] * height,
            centre[2] + radii[2] * ring * cosine,
        ]
    }
}

/// A ring about +Y: `radius` to the middle of its tube, and the `tube`'s own radius.
pub(super) fn torus(radius: f32, tube: f32) -> impl Fn(f32, f32) -> Vector {
    move |u, v| {
        let (sine, cosine) = (u * TAU).sin_cos();
        let (height, out) = (v * TAU).sin_cos();
        let ring = radius + tube * out;
        [ring * sine, tube * height, ring * cosine]
    }
}

/// A straight tube from `base` to `tip`, tapering between two radii.
pub(super) fn cone(base: Vector, tip: Vector, radii: [f32; 2]) -> impl Fn(f32, f32) -> Vector {
    let axis = unit(subtract(tip, base)).unwrap_or([0.0, 1.0, 0.0]);
    let helper = if axis[1].abs() < 0.9 {
        [0.0, 1.0, 0.0]
    } else {
        [1.0, 0.0, 0.0]
    };
    let side = unit(cross(helper, axis)).unwrap_or([1.0, 0.0, 0.0]);
    let front = cross(axis, side);
    move |u, v| {
        let (sine, cosine) = (u * TAU).sin_cos();
        let radius = radii[0] + (radii[1] - radii[0]) * v;
        std::array::from_fn(|i| {
            base[i] + (tip[i] - base[i]) * v + radius * (front[i] * sine + side[i] * cosine)
        })
    }
}

/// The point at share `t` (0 to 1) of a line through `points`, each stretch as long as the next.
pub(super) fn polyline<const N: usize>(points: &[[f32; N]], t: f32) -> [f32; N] {
    let last = points.len().saturating_sub(1);
    let place = t.clamp(0.0, 1.0) * last as f32;
    let index = (place as usize).min(last.saturating_sub(1));
    let share = place - index as f32;
    let (Some(from), Some(to)) = (points.get(index), points.get(index + 1).or(points.last()))
    else {
        return [0.0; N];
    };
    std::array::from_fn(|i| from[i] + (to[i] - from[i]) * share)
}

/// One cell of a surface.
struct Patch {
    centre: Vector,
    along_u: Vector,
    along_v: Vector,
}

impl Patch {
    /// The splat that covers the cell; `None` where the cell has shrunk to a point or line.
    fn splat(&self, colour: Vector) -> Option<Splat> {
        let tangent = unit(self.along_u)?;
        let normal = unit(cross(self.along_u, self.along_v))?;
        let bitangent = cross(normal, tangent);
        let extent = |vector: Vector| (length(vector) * OVERLAP).max(THICKNESS).ln();
        let brightness = AMBIENT + (1.0 - AMBIENT) * dot(normal, LIGHT).max(0.0);
        Some(Splat {
            position: self.centre,
            log_scale: [extent(self.along_u), extent(self.along_v), THICKNESS.ln()],
            rotation: quaternion([tangent, bitangent, normal]),
            opacity_logit: OPACITY_LOGIT,
            colour: colour.map(|channel| (channel * brightness - 0.5) / SH_C0),
        })
    }
}

/// The quaternion `w, x, y, z` of the rotation that takes x, y, z to the three `axes`
/// (Shepperd's method: divide by the largest component).
fn quaternion(axes: [Vector; 3]) -> [f32; 4] {
    let m = |row: usize, column: usize| axes[column][row];
    let trace = m(0, 0) + m(1, 1) + m(2, 2);
    if trace > 0.0 {
        let s = 2.0 * (trace + 1.0).sqrt();
        return [
            s / 4.0,
            (m(2, 1) - m(1, 2)) / s,
            (m(0, 2) - m(2, 0)) / s,
            (m(1, 0) - m(0, 1)) / s,
        ];
    }
    let i = (0..3).fold(0, |best, axis| {
        if m(axis, axis) > m(best, best) {
            axis
        } else {
            best
        }
    });
    let (j, k) = ((i + 1) % 3, (i + 2) % 3);
    let s = 2.0 * (1.0 + m(i, i) - m(j, j) - m(k, k)).max(f32::EPSILON).sqrt();
    let mut q = [(m(k, j) - m(j, k)) / s, 0.0, 0.0, 0.0];
    q[1 + i] = s / 4.0;
    q[1 + j] = (m(j, i) + m(i, j)) / s;
    q[1 + k] = (m(k, i) + m(i, k)) / s;
    q
}

fn subtract(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn length(vector: Vector) -> f32 {
    dot(vector, vector).sqrt()
}

fn unit(vector: Vector) -> Option<Vector> {
    let length = length(vector);
    (length > 1e-9).then(|| vector.map(|part| part / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rotates a vector by a quaternion, straight from `q v q*`.
    fn rotate([w, x, y, z]: [f32; 4], vector: Vector) -> Vector {
        let axis = [x, y, z];
        let first = cross(axis, vector).map(|part| 2.0 * part);
        let second = cross(axis, first);
        std::array::from_fn(|i| vector[i] + w * first[i] + second[i])
    }

    #[test]
    fn splats_lie_in_the_surface_and_face_outwards() {
        let mut cloud = Cloud::default();
        lay(
            &mut cloud,
            ellipsoid([0.0; 3], [1.0; 3]),
            |_, _| [0.5; 3],
            [40, 20],
        );
        assert_eq!(cloud.len(), 800);
        for splat in cloud.iter() {
            let normal = rotate(splat.rotation, [0.0, 0.0, 1.0]);
            assert!(dot(normal, splat.position) > 0.99, "{splat:?}");
            let norm: f32 = splat.rotation.iter().map(|part| part * part).sum();
            assert!((norm - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn every_solid_is_the_right_way_out() {
        let facing_out = |surface: &dyn Fn(f32, f32) -> Vector, centre: Vector| {
            let mut cloud = Cloud::default();
            lay(&mut cloud, surface, |_, _| [0.5; 3], [24, 24]);
            let out = cloud
                .iter()
                .filter(|splat| {
                    let normal = rotate(splat.rotation, [0.0, 0.0, 1.0]);
                    dot(normal, subtract(splat.position, centre)) > 0.0
                })
                .count();
            out * 2 > cloud.len()
        };
        assert!(facing_out(
            &lathe(&[[0.0, -1.0], [1.0, -1.0], [1.0, 1.0], [0.0, 1.0]]),
            [0.0; 3]
        ));
        assert!(facing_out(&torus(1.0, 0.3), [0.0; 3]));
        assert!(facing_out(
            &cone([0.0; 3], [0.0, 1.0, 0.0], [0.4, 0.2]),
            [0.0, 0.5, 0.0]
        ));
        assert!(facing_out(
            &cone([0.0; 3], [1.0, 0.0, 0.0], [0.4, 0.4]),
            [0.5, 0.0, 0.0]
        ));
    }

    #[test]
    fn a_line_is_walked_from_end_to_end() {
        let line = [[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]];
        assert_eq!(polyline(&line, 0.0), [0.0, 0.0]);
        assert_eq!(polyline(&line, 0.5), [1.0, 0.0]);
        assert_eq!(polyline(&line, 0.75), [1.0, 1.0]);
        assert_eq!(polyline(&line, 2.0), [1.0, 2.0]);
        assert_eq!(polyline::<2>(&[], 0.5), [0.0, 0.0]);
    }
}
