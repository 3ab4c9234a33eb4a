//! One splat per cell.

use std::ops::Range;

use glam::{Mat3, Quat, Vec2, Vec3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use splat::{Cloud, Splat};

use super::scatter::Point;
use super::surface::Surface;

/// Degree-0 spherical-harmonic basis, 1/(2√π): `rgb = 0.5 + SH_C0 · f_dc`.
const SH_C0: f32 = 0.282_094_8;
/// Standard deviation of a splat over that of its cell: neighbours then close the surface.
const WIDENED: f32 = 2.3;
/// Thickness of a splat over its smaller half-width.
const THICKNESS: f32 = 0.15;
/// Opacity of what is opaque.
const OPAQUE: f32 = 0.995;
/// Opacities vary by this share: a cloud whose opacities are all equal is what a failed generation
/// looks like, and is refused as one.
const OPACITY_VARIATION: f32 = 0.02;

pub(super) fn splats(
    points: &[Point],
    cells: &[Range<usize>],
    surface: &Surface,
    scattered: usize,
    seed: u64,
) -> Cloud {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(u64::MAX);
    let area = surface.area / scattered as f32;
    cells
        .iter()
        .filter_map(|range| points.get(range.clone()))
        .map(|cell| {
            let dimmed = 1.0 - OPACITY_VARIATION * dice.random::<f32>();
            splat(cell, area, dimmed, surface)
        })
        .collect()
}

/// The splat of one cell whose points stand for `area` square pixels each.
fn splat(cell: &[Point], area: f32, dimmed: f32, surface: &Surface) -> Splat {
    let count = cell.len() as f32;
    let mean = |value: fn(&Point) -> Vec3| cell.iter().map(value).sum::<Vec3>() / count;
    let centre = mean(|point| point.position);
    let normal = mean(|point| point.normal);
    let normal = normal.try_normalize().unwrap_or(cell[0].normal);
    let (axes, variances, depth) = shape(cell, centre, normal, area);
    let sizes = variances.map(|variance| WIDENED * variance.sqrt());
    let thickness = (sizes.min_element() * THICKNESS).max(depth.sqrt());
    let covered = sizes.x * sizes.y / (area * count);
    let opacity = cell.iter().map(|point| point.opacity).sum::<f32>() / count;
    let opacity = single_opacity(opacity, covered) * dimmed;
    let rotation = Quat::from_mat3(&Mat3::from_cols(axes[0], axes[1], normal));
    let unit = surface.scale as f32;
    Splat {
        position: surface.back(centre),
        log_scale: [sizes.x, sizes.y, thickness].map(|size| (size / unit).max(1e-30).ln()),
        rotation: [rotation.w, rotation.x, rotation.y, rotation.z],
        opacity_logit: (opacity / (1.0 - opacity)).ln(),
        colour: mean(|point| point.colour)
            .to_array()
            .map(|value| (value - 0.5) / SH_C0),
    }
}

/// The cell's two axes in the plane across `normal`, its variances along them, and that along
/// the normal; square pixels.
fn shape(cell: &[Point], centre: Vec3, normal: Vec3, area: f32) -> ([Vec3; 2], Vec2, f32) {
    let side = normal.any_orthonormal_vector();
    let other = normal.cross(side);
    let (mut xx, mut xy, mut yy, mut zz) = (0.0, 0.0, 0.0, 0.0);
    for point in cell {
        let from = point.position - centre;
        let (x, y, z) = (from.dot(side), from.dot(other), from.dot(normal));
        xx += x * x;
        xy += x * y;
        yy += y * y;
        zz += z * z;
    }
    let count = cell.len() as f32;
    // Points stand for small squares, which have a variance of their own.
    let own = area / 12.0;
    let (xx, xy, yy, zz) = (xx / count + own, xy / count, yy / count + own, zz / count);
    let half = 0.5 * (xx - yy);
    let root = half.hypot(xy);
    let angle = 0.5 * xy.atan2(half);
    let long = side * angle.cos() + other * angle.sin();
    let middle = 0.5 * (xx + yy);
    let variances = Vec2::new(middle + root, (middle - root).max(own));
    ([long, normal.cross(long)], variances, zz)
}

/// The opacity of single splats which together, each spread over `covered` (the product of its two
/// standard deviations) of its share of the surface, have the opacity `whole`.
///
/// The mean optical depth of such a layer is 2π·covered·Li₂(single).
fn single_opacity(whole: f32, covered: f32) -> f32 {
    if whole >= OPAQUE {
        return OPAQUE;
    }
    let wanted = -(1.0 - whole).ln() / (std::f32::consts::TAU * covered.max(1e-6));
    let (mut low, mut high) = (0.0, OPAQUE);
    for _ in 0..24 {
        let middle = 0.5 * (low + high);
        if dilogarithm(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.max(1e-6)
}

/// Li₂(x) = Σ xᵏ/k², `0..1`.
fn dilogarithm(x: f32) -> f32 {
    let mut power = 1.0;
    (1..40)
        .map(|k| {
            power *= x;
            power / (k * k) as f32
        })
        .sum()
}
