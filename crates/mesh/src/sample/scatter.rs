//! Points all over the surface, evenly by area, each with its paint.

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::surface::{Patch, Surface};
use crate::Mesh;

/// A point of the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// In pixels.
    pub(super) position: Vec3,
    /// Of unit length.
    pub(super) normal: Vec3,
    /// Red, green, blue as displayed, `0..1`.
    pub(super) colour: Vec3,
    /// `0..1`.
    pub(super) opacity: f32,
}

/// So many points have one stream of random numbers: what makes the result independent of threads.
const BLOCK: usize = 1 << 14;
/// The plastic number's inverse and its square: steps of an evenly spread sequence of pairs
/// (Roberts, "The unreasonable effectiveness of quasirandom sequences").
const STEPS: [f64; 2] = [0.754_877_666_246_693, 0.569_840_290_998_053];

/// How far, in pixels, points stay off cut-outs, into which splats would reach with soft edges.
const CLEAR: f32 = 0.6;

/// About `count` points, less those on cut-out texels.
pub(super) fn points(mesh: &Mesh, surface: &Surface, count: usize, seed: u64) -> Vec<Point> {
    let sums: Vec<f64> = surface
        .patches
        .iter()
        .scan(0.0, |sum, patch| {
            *sum += f64::from(patch.area);
            Some(*sum)
        })
        .collect();
    let whole = sums.last().copied().unwrap_or(0.0);
    let step = whole / count as f64;
    let blocks: Vec<Vec<Point>> = (0..count.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut dice = ChaCha8Rng::seed_from_u64(seed);
            dice.set_stream(block as u64);
            (block * BLOCK..count.min((block + 1) * BLOCK))
                .filter_map(|index| {
                    // One point in every equal share of the area.
                    let at = (index as f64 + dice.random::<f64>()) * step;
                    let patch = sums.partition_point(|sum| *sum <= at);
                    let patch = surface.patches.get(patch)?;
                    let turn =
                        |step: f64| ((index as f64 * step).fract() + dice_shift(seed)).fract();
                    let weights = weights(STEPS.map(turn).map(|value| value as f32));
                    point(mesh, patch, weights, step as f32)
                })
                .collect()
        })
        .collect();
    blocks.concat()
}

/// Shifts the sequence of pairs by the seed.
fn dice_shift(seed: u64) -> f64 {
    (seed % 1009) as f64 / 1009.0
}

/// Evenly spread over the triangle when the pair is over the unit square.
fn weights([u, v]: [f32; 2]) -> [f32; 3] {
    let (u, v) = if u + v > 1.0 {
        (1.0 - u, 1.0 - v)
    } else {
        (u, v)
    };
    [1.0 - u - v, u, v]
}

fn point(mesh: &Mesh, patch: &Patch, weights: [f32; 3], area: f32) -> Option<Point> {
    let footprint = (area * patch.texture_density).sqrt();
    let paint = mesh.paint_at(&patch.triangle, weights, footprint)?;
    let reach = CLEAR * patch.texture_density.sqrt();
    if !mesh.is_clear_of_cut(&patch.triangle, weights, reach) {
        return None;
    }
    let [a, b, c] = patch.corners;
    Some(Point {
        position: a * weights[0] + b * weights[1] + c * weights[2],
        normal: patch.normal,
        colour: paint.truncate(),
        opacity: paint.w,
    })
}
