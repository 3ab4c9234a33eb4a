//! Triangles close to a shape's surface: where samples start, before the distance field draws them
//! onto the true surface.

use std::f32::consts::TAU;

use glam::{Vec2, Vec3};

use super::solid::Shape;

/// Three corners.
pub(super) type Triangle = [Vec3; 3];

impl Shape {
    /// Covers the surface, in the shape's own coordinates. A plate's two faces are covered by their
    /// bounding rectangles: what lies off the surface is the sampler's to drop.
    pub(super) fn skin(&self) -> Vec<Triangle> {
        match self {
            Self::Ellipsoid(axes) => sweep(24, &half_circle(14), None)
                .into_iter()
                .map(|triangle| triangle.map(|corner| corner * *axes))
                .collect(),
            Self::Block { half, .. } => block(*half),
            Self::Tube(chain) => tube(chain),
            Self::Lathe { profile, sides } => {
                let mut closed = profile.clone();
                closed.extend(profile.first().copied());
                sweep(sides.unwrap_or(36), &closed, *sides)
            }
            Self::Plate {
                outline,
                half_depth,
            } => plate(outline, *half_depth),
            Self::Ring { major, minor } => {
                let circle: Vec<Vec2> = (0..=14)
                    .map(|step| Vec2::from_angle(TAU * step as f32 / 14.0))
                    .map(|at| Vec2::new(major + minor * at.x, minor * at.y))
                    .collect();
                sweep(48, &circle, None)
            }
        }
    }
}

fn half_circle(steps: u32) -> Vec<Vec2> {
    (0..=steps)
        .map(|step| (step as f32 / steps as f32 - 0.5) * std::f32::consts::PI)
        .map(|angle| Vec2::new(angle.cos(), angle.sin()))
        .collect()
}

/// Turns an open line of (radius, height) points about `y` in `steps`.
fn sweep(steps: u32, line: &[Vec2], facets: Option<u32>) -> Vec<Triangle> {
    // Faces of a faceted solid touch the profile's radius in their middle, so corners reach out.
    let (reach, shift) = facets.map_or((1.0, 0.0), |sides| {
        let half = 0.5 * TAU / sides as f32;
        (1.0 / half.cos(), half)
    });
    let turned = |point: Vec2, step: u32| {
        let angle = TAU * step as f32 / steps as f32 + shift;
        let radius = point.x * reach;
        Vec3::new(radius * angle.cos(), point.y, radius * angle.sin())
    };
    let mut triangles = Vec::new();
    for edge in line.windows(2) {
        if edge[0].x == 0.0 && edge[1].x == 0.0 {
            continue;
        }
        for step in 0..steps {
            push_quad(
                &mut triangles,
                turned(edge[0], step),
                turned(edge[0], step + 1),
                turned(edge[1], step + 1),
                turned(edge[1], step),
            );
        }
    }
    triangles
}

fn push_quad(triangles: &mut Vec<Triangle>, a: Vec3, b: Vec3, c: Vec3, d: Vec3) {
    triangles.push([a, b, c]);
    triangles.push([a, c, d]);
}

fn block(half: Vec3) -> Vec<Triangle> {
    let mut triangles = Vec::new();
    for axis in 0..3 {
        for side in [-1.0, 1.0] {
            let corner = |u: f32, v: f32| {
                let mut at = Vec3::ZERO;
                at[axis] = side * half[axis];
                at[(axis + 1) % 3] = u * half[(axis + 1) % 3];
                at[(axis + 2) % 3] = v * half[(axis + 2) % 3];
                at
            };
            push_quad(
                &mut triangles,
                corner(-1.0, -1.0),
                corner(1.0, -1.0),
                corner(1.0, 1.0),
                corner(-1.0, 1.0),
            );
        }
    }
    triangles
}

fn plate(outline: &[Vec2], half_depth: f32) -> Vec<Triangle> {
    let mut triangles = Vec::new();
    let Some(mut previous) = outline.last().copied() else {
        return triangles;
    };
    let (mut low, mut high) = (previous, previous);
    for &corner in outline {
        push_quad(
            &mut triangles,
            previous.extend(-half_depth),
            corner.extend(-half_depth),
            corner.extend(half_depth),
            previous.extend(half_depth),
        );
        (low, high) = (low.min(corner), high.max(corner));
        previous = corner;
    }
    for z in [-half_depth, half_depth] {
        push_quad(
            &mut triangles,
            low.extend(z),
            Vec3::new(high.x, low.y, z),
            high.extend(z),
            Vec3::new(low.x, high.y, z),
        );
    }
    triangles
}

/// Rings of points along the chain, with a cap at each end.
fn tube(chain: &[(Vec3, f32)]) -> Vec<Triangle> {
    const SIDES: u32 = 12;
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return Vec::new();
    };
    let mut stations: Vec<(Vec3, Vec3, f32)> = Vec::new();
    for (index, &(centre, radius)) in chain.iter().enumerate() {
        let before = chain[index.saturating_sub(1)].0;
        let after = chain[(index + 1).min(chain.len() - 1)].0;
        let direction = (after - before).try_normalize().unwrap_or(Vec3::Y);
        stations.push((centre, direction, radius));
    }
    let (head, tail) = (stations[0].1, stations[stations.len() - 1].1);
    let cap = |end: &(Vec3, f32), direction: Vec3, outward: f32| {
        [(0.45_f32, 0.89), (0.8, 0.6), (1.0, 0.02)].map(|(along, across)| {
            (
                end.0 + direction * (outward * along * end.1),
                direction,
                end.1 * across,
            )
        })
    };
    let mut start = cap(first, head, -1.0).to_vec();
    start.reverse();
    start.append(&mut stations);
    start.extend(cap(last, tail, 1.0));

    let mut side = head.any_orthonormal_vector();
    let mut rings: Vec<Vec<Vec3>> = Vec::new();
    for (centre, direction, radius) in start {
        side = (side - direction * side.dot(direction))
            .try_normalize()
            .unwrap_or_else(|| direction.any_orthonormal_vector());
        let other = direction.cross(side);
        rings.push(
            (0..=SIDES)
                .map(|step| TAU * step as f32 / SIDES as f32)
                .map(|angle| centre + (side * angle.cos() + other * angle.sin()) * radius)
                .collect(),
        );
    }
    let mut triangles = Vec::new();
    for link in rings.windows(2) {
        for step in 0..SIDES as usize {
            push_quad(
                &mut triangles,
                link[0][step],
                link[0][step + 1],
                link[1][step + 1],
                link[1][step],
            );
        }
    }
    triangles
}
