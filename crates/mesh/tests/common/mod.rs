//! Test meshes made in code, their files in every format, a plain rasteriser, and the comparison of
//! its pictures with those of the splats.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub(crate) mod compare;
pub(crate) mod files;
pub(crate) mod raster;
pub(crate) mod shapes;
pub(crate) mod square;

use glam::{Vec2, Vec3};
use image::RgbaImage;

/// A mesh as the tests know it, independent of how the library reads it.
#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) positions: Vec<Vec3>,
    pub(crate) uvs: Vec<Vec2>,
    /// As displayed, `0..1`; white where a part has none.
    pub(crate) colours: Vec<Vec3>,
    pub(crate) triangles: Vec<[u32; 3]>,
    /// The paint of each triangle.
    pub(crate) paints: Vec<usize>,
    pub(crate) palette: Vec<Paint>,
}

/// What a part is painted with, over its vertex colours.
#[derive(Clone)]
pub(crate) enum Paint {
    /// As displayed.
    Plain(Vec3),
    /// Rows counted from above; alpha under one half is cut out.
    Texture(RgbaImage),
}

impl Model {
    pub(crate) fn vertex(&mut self, position: Vec3, uv: Vec2, colour: Vec3) -> u32 {
        self.positions.push(position);
        self.uvs.push(uv);
        self.colours.push(colour);
        self.positions.len() as u32 - 1
    }

    /// Both models as one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        let (vertices, paints) = (self.positions.len() as u32, self.palette.len());
        self.positions.extend(other.positions);
        self.uvs.extend(other.uvs);
        self.colours.extend(other.colours);
        let triangles = other.triangles.into_iter();
        self.triangles
            .extend(triangles.map(|corners| corners.map(|corner| corner + vertices)));
        self.paints
            .extend(other.paints.into_iter().map(|paint| paint + paints));
        self.palette.extend(other.palette);
        self
    }

    pub(crate) fn quad(&mut self, [a, b, c, d]: [u32; 4], paint: usize) {
        self.triangles.extend([[a, b, c], [a, c, d]]);
        self.paints.extend([paint; 2]);
    }
}
