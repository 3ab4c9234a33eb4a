//! A square to read back: its corners, its flag, and the colours at its places.

use glam::{Vec2, Vec3};
use image::{Rgba, RgbaImage};
use mesh::Mesh;

use super::{Model, Paint};

/// A square of two triangles in the xy plane, facing +z, with texture coordinates from its upper
/// left corner.
pub(crate) fn square() -> Model {
    let mut model = Model::default();
    let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
        .map(|(x, y)| model.vertex(Vec3::new(x, y, 0.0), Vec2::new(x, 1.0 - y), Vec3::ONE));
    model.quad(corners, 0);
    model.palette = vec![Paint::Plain(Vec3::new(0.2, 0.4, 0.6))];
    model
}

/// Left half red, right half green; upper rows darker.
pub(crate) fn flag() -> RgbaImage {
    RgbaImage::from_fn(64, 64, |x, y| {
        let light = if y < 32 { 128 } else { 255 };
        Rgba(if x < 32 {
            [light, 0, 0, 255]
        } else {
            [0, light, 0, 255]
        })
    })
}

pub(crate) fn nothing(_: &str) -> Option<Vec<u8>> {
    None
}

/// The colour at (x, y) of a mesh that lies in the unit square; `None` where nothing is.
pub(crate) fn colour_at(mesh: &Mesh, x: f32, y: f32) -> Option<[f32; 4]> {
    (0..mesh.triangles()).find_map(|index| {
        let [a, b, c] = mesh.corners(index)?.map(|[x, y, _]| Vec2::new(x, y));
        let at = Vec2::new(x, y);
        let whole = (b - a).perp_dot(c - a);
        let weights = [
            (b - at).perp_dot(c - at) / whole,
            (c - at).perp_dot(a - at) / whole,
            (a - at).perp_dot(b - at) / whole,
        ];
        let inside = weights.iter().all(|weight| *weight >= 0.0);
        inside.then(|| mesh.paint(index, weights, 0.0)).flatten()
    })
}

pub(crate) fn assert_colour(found: Option<[f32; 4]>, wanted: [f32; 3]) {
    let found = found.unwrap();
    for channel in 0..3 {
        assert!(
            (found[channel] - wanted[channel]).abs() < 3e-3,
            "{found:?} is not {wanted:?}"
        );
    }
}

pub(crate) fn outwards(mesh: &Mesh) -> Vec<Vec3> {
    (0..mesh.triangles())
        .map(|index| {
            let [a, b, c] = mesh.corners(index).unwrap().map(Vec3::from);
            (b - a).cross(c - a)
        })
        .collect()
}
