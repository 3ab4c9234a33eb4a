//! A mesh as it was read: triangles, what they are painted with, and what was wrong with them.

use glam::{Vec2, Vec3, Vec4};

use crate::material::Material;
use crate::texture::{Space, Texture};

/// One triangle: counter-clockwise when seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Triangle {
    /// Indices into the columns per vertex.
    pub(crate) corners: [u32; 3],
    /// Index into the materials.
    pub(crate) material: u32,
}

/// A triangle mesh with its paint, +Y up. It has at least one triangle, and each has an area.
#[derive(Debug)]
pub struct Mesh {
    pub(crate) positions: Vec<Vec3>,
    /// Texture coordinates per vertex, (0, 0) the first texel's outer corner; or none at all.
    pub(crate) uvs: Vec<Vec2>,
    /// Colours per vertex in `space`, alpha last; or none at all.
    pub(crate) colours: Vec<Vec4>,
    pub(crate) triangles: Vec<Triangle>,
    pub(crate) materials: Vec<Material>,
    pub(crate) textures: Vec<Texture>,
    pub(crate) space: Space,
    pub(crate) dropped: usize,
    pub(crate) notes: Vec<String>,
}

impl Mesh {
    /// Number of triangles.
    #[must_use]
    pub fn triangles(&self) -> usize {
        self.triangles.len()
    }

    /// Triangles that were dropped because they had no area or corners that are not finite.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// What was forgiven, a line each: textures that were missing, for example.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The three corners of a triangle, counter-clockwise when seen from outside; `None` past the
    /// last one.
    #[must_use]
    pub fn corners(&self, triangle: usize) -> Option<[[f32; 3]; 3]> {
        let triangle = self.triangles.get(triangle)?;
        Some(self.points(triangle).map(|point| point.to_array()))
    }

    /// The displayed colour (red, green, blue, `0..1`) and the opacity at a point of a triangle,
    /// given by the weights of its corners, averaged over about an `area` of the surface; `None`
    /// where it is cut out, and past the last triangle.
    #[must_use]
    pub fn paint(&self, triangle: usize, weights: [f32; 3], area: f32) -> Option<[f32; 4]> {
        let triangle = self.triangles.get(triangle)?;
        let footprint = (area * self.texture_density(triangle)).sqrt();
        self.paint_at(triangle, weights, footprint)
            .map(|colour| colour.to_array())
    }

    /// The same, averaged over a square of the side `footprint` in texture coordinates.
    pub(crate) fn paint_at(
        &self,
        triangle: &Triangle,
        weights: [f32; 3],
        footprint: f32,
    ) -> Option<Vec4> {
        let material = self.materials.get(triangle.material as usize)?;
        let uv = self.blend(&self.uvs, triangle, weights).unwrap_or_default();
        let vertex = self.blend(&self.colours, triangle, weights);
        let vertex = vertex.unwrap_or(Vec4::ONE);
        material.paint(&self.textures, self.space, uv, footprint, vertex)
    }

    /// Whether a point that is not cut out has nothing cut out within `reach` (in texture
    /// coordinates), or is of something thinner than that.
    pub(crate) fn is_clear_of_cut(
        &self,
        triangle: &Triangle,
        weights: [f32; 3],
        reach: f32,
    ) -> bool {
        let Some(material) = self.materials.get(triangle.material as usize) else {
            return false;
        };
        let uv = self.blend(&self.uvs, triangle, weights).unwrap_or_default();
        material.is_clear_of_cut(&self.textures, uv, reach)
    }

    /// Area in texture coordinates per area of the surface.
    pub(crate) fn texture_density(&self, triangle: &Triangle) -> f32 {
        let Some([a, b, c]) = self.corner_values(&self.uvs, triangle) else {
            return 0.0;
        };
        let [p, q, r] = self.points(triangle);
        let density = (b - a).perp_dot(c - a).abs() / (q - p).cross(r - p).length();
        if density.is_finite() { density } else { 0.0 }
    }

    pub(crate) fn points(&self, triangle: &Triangle) -> [Vec3; 3] {
        self.corner_values(&self.positions, triangle)
            .unwrap_or_default()
    }

    fn corner_values<T: Copy>(&self, column: &[T], triangle: &Triangle) -> Option<[T; 3]> {
        let [a, b, c] = triangle.corners;
        let value = |corner: u32| column.get(corner as usize).copied();
        Some([value(a)?, value(b)?, value(c)?])
    }

    fn blend<T>(&self, column: &[T], triangle: &Triangle, weights: [f32; 3]) -> Option<T>
    where
        T: Copy + std::ops::Mul<f32, Output = T> + std::ops::Add<Output = T>,
    {
        let [a, b, c] = self.corner_values(column, triangle)?;
        Some(a * weights[0] + b * weights[1] + c * weights[2])
    }
}
