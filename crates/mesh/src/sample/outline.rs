//! Draws the surface in: the renderer blurs every splat by 0.3 square pixels, and splats have soft edges
//! themselves, so a surface that keeps its place gets an outline that is too wide.
//!
//! Solid parts are drawn in along their normals, open ones along the surface at their borders.

use std::collections::HashMap;

use glam::{DVec3, Mat3, Vec3};
use rayon::slice::ParallelSliceMut;

use super::surface::Patch;

/// How far, in pixels, where the surface is smooth: at its outline many splats lie behind each other
/// there, and their soft edges add up.
const SMOOTH: f32 = 1.15;
/// How far, in pixels, where faces meet at an angle, and at borders.
const SHARP: f32 = 0.8;
/// From this on, the mean of a corner's normals is too short for a smooth surface.
const BENT: f32 = 0.9;
/// Corners closer than one part in so many of a pixel are one.
const FINENESS: f32 = 1024.0;
/// The faces of a closed part sum up to nothing, those of a flat one to its area. Up to this share of
/// it a part counts as solid: vases are open, scans have cracks.
const OPEN_SHARE: f64 = 0.2;
/// Keeps a corner of almost flat faces from running away.
const RIDGE: f32 = 0.02;
/// A corner moves at most this many times as far as its planes.
const REACH: f32 = 2.5;

/// Moves every corner such that each plane it is on moves in.
pub(super) fn draw_in(patches: &mut [Patch]) {
    let corners = weld(patches);
    let count = corners
        .iter()
        .flatten()
        .max()
        .map_or(0, |last| *last as usize + 1);
    let edges = edges(&corners);
    let parts = Parts::of(patches, &corners, count);
    let mut planes = vec![Planes::NONE; count];
    for (patch, corners) in patches.iter().zip(&corners) {
        let Some(outwards) = parts.outwards(corners[0]) else {
            continue;
        };
        for at in 0..3 {
            // By area as well: slivers face anywhere.
            let weight = angle(patch, at) * patch.area.sqrt();
            planes[corners[at] as usize].add(patch.normal * outwards, weight);
        }
    }
    for border in edges.iter().filter(|edge| edge.is_border) {
        let patch = &patches[border.patch as usize];
        let [from, to] = [border.side, (border.side + 1) % 3].map(|at| patch.corners[at]);
        let Some(outwards) = (to - from).cross(patch.normal).try_normalize() else {
            continue;
        };
        let corners = corners[border.patch as usize];
        if parts.outwards(corners[0]).is_none() {
            for at in [border.side, (border.side + 1) % 3] {
                planes[corners[at] as usize].add(outwards, 1.0);
            }
        }
    }
    let moves: Vec<Vec3> = planes.iter().map(Planes::meet).collect();
    for (patch, corners) in patches.iter_mut().zip(&corners) {
        for (at, corner) in corners.iter().enumerate() {
            patch.corners[at] += moves[*corner as usize];
        }
    }
}

/// Numbers the corners such that those in one place have one number: seams have two of each, which
/// rounding may have set apart.
fn weld(patches: &[Patch]) -> Vec<[u32; 3]> {
    let mut numbers = HashMap::new();
    let mut number = |corner: Vec3| {
        let key = (corner * FINENESS)
            .round()
            .to_array()
            .map(|value| value as i32);
        let next = numbers.len() as u32;
        *numbers.entry(key).or_insert(next)
    };
    patches
        .iter()
        .map(|patch| patch.corners.map(&mut number))
        .collect()
}

/// A side of a patch.
#[derive(Debug, Clone, Copy)]
struct Edge {
    ends: (u32, u32),
    patch: u32,
    side: usize,
    /// No other patch has this edge.
    is_border: bool,
}

fn edges(corners: &[[u32; 3]]) -> Vec<Edge> {
    let mut edges: Vec<Edge> = corners
        .iter()
        .zip(0..)
        .flat_map(|(corners, patch)| {
            (0..3).map(move |side| {
                let (from, to) = (corners[side], corners[(side + 1) % 3]);
                Edge {
                    ends: (from.min(to), from.max(to)),
                    patch,
                    side,
                    is_border: false,
                }
            })
        })
        .filter(|edge| edge.ends.0 != edge.ends.1)
        .collect();
    edges.par_sort_unstable_by_key(|edge| (edge.ends, edge.patch, edge.side));
    for group in edges.chunk_by_mut(|one, other| one.ends == other.ends) {
        if let [alone] = group {
            alone.is_border = true;
        }
    }
    edges
}

/// Which patches hang together, and whether what they make is solid.
struct Parts {
    /// Per corner the representative of its part.
    part: Vec<u32>,
    /// Per representative: 1 or −1 where normals point out of or into a solid, 0 where it is open.
    outwards: Vec<f32>,
}

impl Parts {
    fn of(patches: &[Patch], corners: &[[u32; 3]], count: usize) -> Self {
        let mut part: Vec<u32> = (0..count as u32).collect();
        for [a, b, c] in corners {
            for other in [b, c] {
                let (one, other) = (find(&mut part, *a), find(&mut part, *other));
                part[one.max(other) as usize] = one.min(other);
            }
        }
        for corner in 0..count as u32 {
            part[corner as usize] = find(&mut part, corner);
        }
        let mut hulls = vec![Hull::default(); count];
        for (patch, corners) in patches.iter().zip(corners) {
            hulls[part[corners[0] as usize] as usize].add(patch);
        }
        let outwards = hulls.iter().map(Hull::outwards);
        let outwards = outwards.collect();
        Self { part, outwards }
    }

    /// The sign that makes normals of the corner's part point outwards; `None` if it has no inside.
    fn outwards(&self, corner: u32) -> Option<f32> {
        let sign = self.outwards[self.part[corner as usize] as usize];
        (sign != 0.0).then_some(sign)
    }
}

/// What tells whether a part is closed, and which way it faces.
#[derive(Debug, Clone, Copy, Default)]
struct Hull {
    area: f64,
    /// Sum of places, by area.
    middle: DVec3,
    /// Sum of normals, by area.
    facing: DVec3,
    /// Three times the volume seen from the origin.
    volume: f64,
}

impl Hull {
    fn add(&mut self, patch: &Patch) {
        let area = f64::from(patch.area);
        let middle = patch.corners.iter().sum::<Vec3>().as_dvec3() / 3.0;
        let facing = patch.normal.as_dvec3() * area;
        self.area += area;
        self.middle += middle * area;
        self.facing += facing;
        self.volume += middle.dot(facing);
    }

    /// 1 or −1 where normals point out of or into a solid, 0 where it has no inside.
    fn outwards(&self) -> f32 {
        let is_open = self.facing.length() > OPEN_SHARE * self.area;
        // Seen from its own middle, where what is open encloses least by chance.
        let volume = self.volume - self.middle.dot(self.facing) / self.area;
        if is_open || volume.is_nan() {
            0.0
        } else {
            volume.signum() as f32
        }
    }
}

/// The representative of a corner's part; shortens the way to it.
fn find(part: &mut [u32], corner: u32) -> u32 {
    let mut at = corner;
    while part[at as usize] != at {
        part[at as usize] = part[part[at as usize] as usize];
        at = part[at as usize];
    }
    at
}

/// The planes that meet in a corner, as a least-squares problem.
#[derive(Debug, Clone, Copy)]
struct Planes {
    matrix: Mat3,
    normals: Vec3,
    weight: f32,
}

impl Planes {
    const NONE: Self = Self {
        matrix: Mat3::ZERO,
        normals: Vec3::ZERO,
        weight: 0.0,
    };

    fn add(&mut self, normal: Vec3, weight: f32) {
        self.matrix +=
            Mat3::from_cols(normal * normal.x, normal * normal.y, normal * normal.z) * weight;
        self.normals += normal * weight;
        self.weight += weight;
    }

    /// How far the planes move in.
    fn distance(&self) -> f32 {
        let bent = (1.0 - self.normals.length() / self.weight) / (1.0 - BENT);
        let smooth = 1.0 - bent.clamp(0.0, 1.0);
        SHARP + (SMOOTH - SHARP) * smooth
    }

    /// The smallest move after which every plane lies that much further in.
    fn meet(&self) -> Vec3 {
        if self.weight == 0.0 {
            return Vec3::ZERO;
        }
        let ridge = Mat3::from_diagonal(Vec3::splat(RIDGE * self.weight));
        let far = self.distance();
        let step = (self.matrix + ridge).inverse() * self.normals * -far;
        if step.is_finite() {
            step.clamp_length_max(REACH * far)
        } else {
            Vec3::ZERO
        }
    }
}

/// The angle of a patch at one of its corners, in radians: how much of the corner is its.
fn angle(patch: &Patch, at: usize) -> f32 {
    let [here, next, last] = [at, (at + 1) % 3, (at + 2) % 3].map(|at| patch.corners[at]);
    let angle = (next - here).angle_between(last - here);
    if angle.is_finite() { angle } else { 0.0 }
}
