//! Signed distances and bounds of the shapes, in their own coordinates.
//!
//! Formulas after Inigo Quilez, "Distance functions" (iquilezles.org/articles/distfunctions).

use glam::{Vec2, Vec3};

use super::solid::Shape;

impl Shape {
    /// Signed distance to the surface, negative inside; for ellipsoids and tapered tubes a close
    /// approximation.
    pub(super) fn distance(&self, point: Vec3) -> f32 {
        match self {
            Self::Ellipsoid(axes) => ellipsoid(point, *axes),
            Self::Block { half, round } => block(point, *half, *round),
            Self::Tube(chain) => tube(point, chain),
            Self::Lathe { profile, sides } => {
                let radius = match sides {
                    None => point.x.hypot(point.z),
                    Some(sides) => faceted_radius(point, *sides),
                };
                polygon(Vec2::new(radius, point.y), profile)
            }
            Self::Plate {
                outline,
                half_depth,
            } => {
                let across = polygon(Vec2::new(point.x, point.y), outline);
                let along = point.z.abs() - half_depth;
                across.max(along).min(0.0) + across.max(0.0).hypot(along.max(0.0))
            }
            Self::Ring { major, minor } => (point.x.hypot(point.z) - major).hypot(point.y) - minor,
        }
    }

    /// The corners of a box around the shape.
    pub(super) fn bounds(&self) -> (Vec3, Vec3) {
        let around = |half: Vec3| (-half, half);
        match self {
            Self::Ellipsoid(axes) => around(*axes),
            Self::Block { half, .. } => around(*half),
            Self::Ring { major, minor } => around(Vec3::new(major + minor, *minor, major + minor)),
            Self::Tube(chain) => chain.iter().fold(
                (Vec3::splat(f32::INFINITY), Vec3::splat(f32::NEG_INFINITY)),
                |(low, high), &(centre, radius)| {
                    (
                        low.min(centre - Vec3::splat(radius)),
                        high.max(centre + Vec3::splat(radius)),
                    )
                },
            ),
            Self::Lathe { profile, sides } => {
                let (low, high) = extent(profile);
                // A faceted lathe's corners lie outside its inscribed circle.
                let reach = sides.map_or(1.0, |sides| {
                    1.0 / (std::f32::consts::PI / sides as f32).cos()
                });
                let radius = high.x * reach;
                (
                    Vec3::new(-radius, low.y, -radius),
                    Vec3::new(radius, high.y, radius),
                )
            }
            Self::Plate {
                outline,
                half_depth,
            } => {
                let (low, high) = extent(outline);
                (low.extend(-half_depth), high.extend(*half_depth))
            }
        }
    }
}

fn extent(points: &[Vec2]) -> (Vec2, Vec2) {
    points.iter().fold(
        (Vec2::splat(f32::INFINITY), Vec2::splat(f32::NEG_INFINITY)),
        |(low, high), point| (low.min(*point), high.max(*point)),
    )
}

fn ellipsoid(point: Vec3, axes: Vec3) -> f32 {
    let scaled = (point / axes).length();
    let slope = (point / (axes * axes)).length();
    if slope < 1e-6 {
        return -axes.min_element();
    }
    scaled * (scaled - 1.0) / slope
}

fn block(point: Vec3, half: Vec3, round: f32) -> f32 {
    let outside = point.abs() - (half - Vec3::splat(round));
    outside.max(Vec3::ZERO).length() + outside.max_element().min(0.0) - round
}

fn tube(point: Vec3, chain: &[(Vec3, f32)]) -> f32 {
    if let [(centre, radius)] = chain {
        return point.distance(*centre) - radius;
    }
    chain
        .windows(2)
        .map(|link| {
            let [(from, from_radius), (to, to_radius)] = [link[0], link[1]];
            let axis = to - from;
            let along =
                ((point - from).dot(axis) / axis.length_squared().max(1e-12)).clamp(0.0, 1.0);
            point.distance(from + axis * along) - (from_radius + (to_radius - from_radius) * along)
        })
        .fold(f32::INFINITY, f32::min)
}

/// The radius of the inscribed circle of the regular polygon through the point.
fn faceted_radius(point: Vec3, sides: u32) -> f32 {
    let sector = std::f32::consts::TAU / sides as f32;
    let angle = point.z.atan2(point.x);
    let from_face = angle - (angle / sector).round() * sector;
    point.x.hypot(point.z) * from_face.cos()
}

/// Signed distance to a closed polygon.
fn polygon(point: Vec2, corners: &[Vec2]) -> f32 {
    let Some(mut previous) = corners.last().copied() else {
        return f32::INFINITY;
    };
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    for &corner in corners {
        let edge = previous - corner;
        let to_point = point - corner;
        // An edge on the axis of a lathe is no surface, but keeps the polygon closed.
        let on_axis = corner.x == 0.0 && previous.x == 0.0;
        if !on_axis {
            let along = (to_point.dot(edge) / edge.length_squared().max(1e-12)).clamp(0.0, 1.0);
            nearest = nearest.min((to_point - edge * along).length_squared());
        }
        if (corner.y > point.y) != (previous.y > point.y)
            && point.x < edge.x * (point.y - corner.y) / edge.y + corner.x
        {
            inside = !inside;
        }
        previous = corner;
    }
    if inside {
        -nearest.sqrt()
    } else {
        nearest.sqrt()
    }
}
