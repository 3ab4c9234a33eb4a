//! Solids: a handful of shapes, each placed by an affine map, from which archetypes are composed.
//!
//! Lengths are in the archetype's own units; the finished sculpture is scaled as a whole. `y` is
//! up, `+z` is the front, `+x` is to the viewer's right.

use glam::{Affine3A, Quat, Vec2, Vec3, Vec3A};

use super::noise;

/// A shape in its own coordinates.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// Semi-axes.
    Ellipsoid(Vec3),
    /// Half sizes (outer) and the radius of the rounded edges.
    Block { half: Vec3, round: f32 },
    /// A chain of spheres joined by cones: centre and radius of each.
    Tube(Vec<(Vec3, f32)>),
    /// A closed polygon in the (radius, height) half-plane, turned about `y`; with `sides` the
    /// turned solid has that many flat faces instead of being round.
    Lathe {
        profile: Vec<Vec2>,
        sides: Option<u32>,
    },
    /// A closed polygon in the xy plane, drawn out along `z` to both sides.
    Plate { outline: Vec<Vec2>, half_depth: f32 },
    /// A ring about `y`: radius of the centre line and of the tube.
    Ring { major: f32, minor: f32 },
}

/// A shape with its place, and optionally a rough surface.
#[derive(Debug, Clone)]
pub(super) struct Solid {
    pub(super) shape: Shape,
    pub(super) place: Affine3A,
    /// Depth and frequency of the bumps, in placed units.
    pub(super) rough: Option<(f32, f32)>,
}

/// An ellipsoid with semi-axes `x`, `y`, `z`.
pub(super) fn egg(x: f32, y: f32, z: f32) -> Solid {
    Solid::new(Shape::Ellipsoid(Vec3::new(x, y, z)))
}

/// A sphere.
pub(super) fn ball(radius: f32) -> Solid {
    egg(radius, radius, radius)
}

/// A box of the given full sizes with edges rounded by a twelfth of its smallest side.
pub(super) fn block(width: f32, height: f32, depth: f32) -> Solid {
    soft_block(width, height, depth, width.min(height).min(depth) / 12.0)
}

/// A box of the given full sizes and edge radius.
pub(super) fn soft_block(width: f32, height: f32, depth: f32, round: f32) -> Solid {
    let half = Vec3::new(width, height, depth) * 0.5;
    Solid::new(Shape::Block {
        half,
        round: round.min(half.min_element()),
    })
}

/// An upright cylinder.
pub(super) fn rod(radius: f32, height: f32) -> Solid {
    taper(radius, radius, height)
}

/// An upright truncated cone; a radius of 0 makes a point.
pub(super) fn taper(bottom: f32, top: f32, height: f32) -> Solid {
    let half = height * 0.5;
    lathe(&[(0.0, -half), (bottom, -half), (top, half), (0.0, half)])
}

/// A solid of revolution about `y` from its closed outline of (radius, height) points.
pub(super) fn lathe(profile: &[(f32, f32)]) -> Solid {
    Solid::new(Shape::Lathe {
        profile: profile.iter().map(|&(r, y)| Vec2::new(r, y)).collect(),
        sides: None,
    })
}

/// As [`lathe`], but with `sides` flat faces: pyramids, crystals, cut stones.
pub(super) fn faceted(sides: u32, profile: &[(f32, f32)]) -> Solid {
    Solid::new(Shape::Lathe {
        profile: profile.iter().map(|&(r, y)| Vec2::new(r, y)).collect(),
        sides: Some(sides.max(3)),
    })
}

/// A polygon in the xy plane, `depth` thick.
pub(super) fn plate(outline: &[(f32, f32)], depth: f32) -> Solid {
    Solid::new(Shape::Plate {
        outline: outline.iter().map(|&(x, y)| Vec2::new(x, y)).collect(),
        half_depth: depth * 0.5,
    })
}

/// A torus lying flat.
pub(super) fn ring(major: f32, minor: f32) -> Solid {
    Solid::new(Shape::Ring { major, minor })
}

/// A smooth limb through points `(x, y, z, radius)`.
pub(super) fn tube(points: &[(f32, f32, f32, f32)]) -> Solid {
    let knots: Vec<(Vec3, f32)> = points
        .iter()
        .map(|&(x, y, z, r)| (Vec3::new(x, y, z), r))
        .collect();
    let Some(&last) = knots.last() else {
        return ball(0.0);
    };
    let knot = |index: usize| knots.get(index).copied().unwrap_or(last);
    let steps = if knots.len() > 2 { 5 } else { 1 };
    let mut chain = Vec::new();
    for index in 0..knots.len().saturating_sub(1) {
        let (before, from) = (knot(index.saturating_sub(1)), knot(index));
        let (to, after) = (knot(index + 1), knot(index + 2));
        for step in 0..steps {
            let t = step as f32 / steps as f32;
            let position = catmull_rom(before.0, from.0, to.0, after.0, t);
            chain.push((position, from.1 + (to.1 - from.1) * t));
        }
    }
    chain.push(last);
    Solid::new(Shape::Tube(chain))
}

/// The centripetal-free Catmull–Rom spline between `b` and `c`.
fn catmull_rom(a: Vec3, b: Vec3, c: Vec3, d: Vec3, t: f32) -> Vec3 {
    0.5 * (2.0 * b
        + (c - a) * t
        + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
        + (3.0 * b - a - 3.0 * c + d) * t * t * t)
}

/// The solid and its mirror image across the yz plane.
pub(super) fn pair(solid: Solid) -> [Solid; 2] {
    let mirrored = solid.clone().stretch(-1.0, 1.0, 1.0);
    [solid, mirrored]
}

/// Both solids mirrored front to back: four table legs from one, four wheels from one.
pub(super) fn four(solid: Solid) -> [Solid; 4] {
    let [right, left] = pair(solid);
    let [right_back, left_back] =
        [&right, &left].map(|solid| solid.clone().stretch(1.0, 1.0, -1.0));
    [right, left, right_back, left_back]
}

/// `count` copies of the solid, turned about `y` in equal steps.
pub(super) fn around(count: u32, solid: &Solid) -> Vec<Solid> {
    let step = 360.0 / count.max(1) as f32;
    (0..count)
        .map(|index| solid.clone().turn_y(step * index as f32))
        .collect()
}

impl Solid {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            place: Affine3A::IDENTITY,
            rough: None,
        }
    }

    /// The corners of a box around it where it is placed.
    pub(super) fn bounds(&self) -> (Vec3, Vec3) {
        let (low, high) = self.shape.bounds();
        let corners = (0..8).map(|corner| {
            let pick =
                |bit: u32, low: f32, high: f32| if corner >> bit & 1 == 0 { low } else { high };
            self.place.transform_point3(Vec3::new(
                pick(0, low.x, high.x),
                pick(1, low.y, high.y),
                pick(2, low.z, high.z),
            ))
        });
        corners.fold(
            (Vec3::splat(f32::INFINITY), Vec3::splat(f32::NEG_INFINITY)),
            |(low, high), at| (low.min(at), high.max(at)),
        )
    }

    fn then(mut self, next: Affine3A) -> Self {
        self.place = next * self.place;
        self
    }

    /// Moves it.
    pub(super) fn at(self, x: f32, y: f32, z: f32) -> Self {
        self.then(Affine3A::from_translation(Vec3::new(x, y, z)))
    }

    /// Turns it about the `x` axis through the origin; positive leans the top to the front.
    pub(super) fn turn_x(self, degrees: f32) -> Self {
        self.then(Affine3A::from_quat(Quat::from_rotation_x(
            degrees.to_radians(),
        )))
    }

    /// Turns it about the vertical axis; positive turns the front to the viewer's right.
    pub(super) fn turn_y(self, degrees: f32) -> Self {
        self.then(Affine3A::from_quat(Quat::from_rotation_y(
            degrees.to_radians(),
        )))
    }

    /// Turns it about the `z` axis; positive leans the top to the viewer's left.
    pub(super) fn turn_z(self, degrees: f32) -> Self {
        self.then(Affine3A::from_quat(Quat::from_rotation_z(
            degrees.to_radians(),
        )))
    }

    /// Scales it about the origin; a negative factor mirrors it.
    pub(super) fn stretch(self, x: f32, y: f32, z: f32) -> Self {
        self.then(Affine3A::from_scale(Vec3::new(x, y, z)))
    }

    /// Scales it evenly about the origin.
    pub(super) fn size(self, factor: f32) -> Self {
        self.stretch(factor, factor, factor)
    }

    /// Gives it a bumpy surface: bumps of `depth`, `frequency` of them per unit.
    pub(super) fn rough(mut self, depth: f32, frequency: f32) -> Self {
        self.rough = Some((depth, frequency));
        self
    }
}

/// A solid made ready for distance queries.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    shape: Shape,
    inverse: Affine3A,
    /// Turns a distance in the shape's coordinates into a safe one in placed coordinates.
    shrink: f32,
    rough: Option<(f32, f32)>,
    /// A sphere around everything, in placed coordinates.
    pub(super) centre: Vec3A,
    pub(super) radius: f32,
}

impl Placed {
    /// Prepares `solid`; `None` when it is flat or not finite, so has no inside.
    pub(super) fn new(solid: &Solid) -> Option<Self> {
        let determinant = solid.place.matrix3.determinant();
        if !determinant.is_finite() || determinant.abs() < 1e-12 {
            return None;
        }
        let (low, high) = solid.shape.bounds();
        let matrix = solid.place.matrix3;
        let stretch = [matrix.x_axis, matrix.y_axis, matrix.z_axis].map(Vec3A::length);
        let shrink = stretch.iter().copied().fold(f32::INFINITY, f32::min);
        let corners = (0..8).map(|corner| {
            let pick = |bit: u32, low: f32, high: f32| if corner & bit == 0 { low } else { high };
            solid.place.transform_point3a(Vec3A::new(
                pick(1, low.x, high.x),
                pick(2, low.y, high.y),
                pick(4, low.z, high.z),
            ))
        });
        let centre = solid
            .place
            .transform_point3a(Vec3A::from((low + high) * 0.5));
        let radius = corners
            .map(|corner| corner.distance(centre))
            .fold(0.0, f32::max);
        Some(Self {
            shape: solid.shape.clone(),
            inverse: solid.place.inverse(),
            shrink,
            rough: solid.rough,
            centre,
            radius: radius + solid.rough.map_or(0.0, |(depth, _)| depth),
        })
    }

    /// Signed distance to the surface (negative inside), exact or an underestimate in size.
    pub(super) fn distance(&self, point: Vec3A) -> f32 {
        let local = self.inverse.transform_point3a(point);
        let distance = self.shape.distance(local.into()) * self.shrink;
        match self.rough {
            Some((depth, frequency)) => {
                distance - depth * (2.0 * noise::fractal(point * frequency, 3) - 1.0)
            }
            None => distance,
        }
    }

    /// The depth of its bumps, 0 when smooth.
    pub(super) fn roughness(&self) -> f32 {
        self.rough.map_or(0.0, |(depth, _)| depth)
    }
}
