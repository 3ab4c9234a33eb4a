//! The mesh in pixels of the validator's view.

use glam::{DVec3, Vec3};

use super::outline;
use crate::Mesh;
use crate::model::Triangle;

/// How many pixels the longest side of the mesh is wide: 1.5 units at the distance of 2.5 under the
/// focal length of 567 pixels (`render::Orbit`).
const PIXELS: f64 = 340.2;

/// A mesh's triangles, moved to the origin and scaled to pixels.
pub(super) struct Surface {
    pub(super) patches: Vec<Patch>,
    /// All of it, in square pixels.
    pub(super) area: f32,
    centre: DVec3,
    /// Pixels per unit of the mesh.
    pub(super) scale: f64,
}

/// One triangle of the surface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patch {
    pub(super) corners: [Vec3; 3],
    /// Of unit length, outwards.
    pub(super) normal: Vec3,
    pub(super) triangle: Triangle,
    /// In square pixels.
    pub(super) area: f32,
    /// Area in texture coordinates per square pixel.
    pub(super) texture_density: f32,
}

impl Surface {
    pub(super) fn of(mesh: &Mesh) -> Self {
        let (low, high) = bounds(mesh);
        let centre = (low + high) / 2.0;
        let longest = (high - low).max_element();
        let scale = if longest > 0.0 { PIXELS / longest } else { 1.0 };
        let place = |point: Vec3| ((point.as_dvec3() - centre) * scale).as_vec3();
        let mut patches: Vec<Patch> = mesh
            .triangles
            .iter()
            .filter_map(|triangle| {
                let corners = mesh.points(triangle).map(place);
                let cross = (corners[1] - corners[0]).cross(corners[2] - corners[0]);
                let density = mesh.texture_density(triangle) / (scale * scale) as f32;
                Some(Patch {
                    corners,
                    normal: cross.try_normalize()?,
                    triangle: *triangle,
                    area: cross.length() / 2.0,
                    texture_density: density,
                })
            })
            .collect();
        outline::draw_in(&mut patches);
        let area: f64 = patches.iter().map(|patch| f64::from(patch.area)).sum();
        Self {
            patches,
            area: area as f32,
            centre,
            scale,
        }
    }

    /// A place in pixels as one of the mesh.
    pub(super) fn back(&self, point: Vec3) -> [f32; 3] {
        (point.as_dvec3() / self.scale + self.centre)
            .as_vec3()
            .to_array()
    }
}

fn bounds(mesh: &Mesh) -> (DVec3, DVec3) {
    let points = mesh
        .triangles
        .iter()
        .flat_map(|triangle| mesh.points(triangle));
    points.map(|point| point.as_dvec3()).fold(
        (DVec3::INFINITY, DVec3::NEG_INFINITY),
        |(low, high), point| (low.min(point), high.max(point)),
    )
}
