//! What every reader fills: one mesh from many parts, within limits.

use glam::{Vec2, Vec3, Vec4};

use crate::error::one_line;
use crate::material::{Alpha, Material};
use crate::model::{Mesh, Triangle};
use crate::texture::{MAX_TEXELS, Space, Texture};
use crate::{MeshError, Resolve};

/// No more vertices and triangles than this, each: instances multiply what a file holds.
pub(crate) const MAX_PARTS: usize = 10_000_000;
/// No more materials than this.
const MAX_MATERIALS: usize = 100_000;
/// No more notes than this; the rest would not be read.
const MAX_NOTES: usize = 20;

/// Vertices and triangles that share one material.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) positions: Vec<Vec3>,
    /// One per position, or none.
    pub(crate) uvs: Vec<Vec2>,
    /// One per position, or none.
    pub(crate) colours: Vec<Vec4>,
    pub(crate) triangles: Vec<[u32; 3]>,
    pub(crate) material: u32,
}

/// A mesh in the making.
#[derive(Debug)]
pub(crate) struct Builder {
    mesh: Mesh,
    texels: usize,
}

impl Builder {
    pub(crate) fn new(space: Space) -> Self {
        Self {
            mesh: Mesh {
                positions: Vec::new(),
                uvs: Vec::new(),
                colours: Vec::new(),
                triangles: Vec::new(),
                materials: Vec::new(),
                textures: Vec::new(),
                space,
                dropped: 0,
                notes: Vec::new(),
            },
            texels: 0,
        }
    }

    pub(crate) fn note(&mut self, note: impl AsRef<str>) {
        let note = one_line(note.as_ref());
        if self.mesh.notes.len() < MAX_NOTES && !self.mesh.notes.contains(&note) {
            self.mesh.notes.push(note);
        }
    }

    pub(crate) fn add_material(&mut self, material: Material) -> Result<u32, MeshError> {
        let index = self.mesh.materials.len();
        within("materials", index + 1, MAX_MATERIALS)?;
        self.mesh.materials.push(material);
        Ok(index as u32)
    }

    /// The texture's index; a note instead of one that cannot be decoded.
    pub(crate) fn add_texture(&mut self, bytes: &[u8], name: &str, alpha: Alpha) -> Option<usize> {
        let budget = MAX_TEXELS - self.texels;
        let weigh = alpha != Alpha::Opaque;
        match Texture::decode(bytes, self.mesh.space, weigh, budget) {
            Ok(texture) => {
                self.texels += texture.texels();
                self.mesh.textures.push(texture);
                Some(self.mesh.textures.len() - 1)
            }
            Err(why) => {
                self.note(format!("texture {name} is left out: {why}"));
                None
            }
        }
    }

    /// The bytes of a texture beside the mesh, or a note.
    pub(crate) fn resolve_texture(&mut self, name: &str, resolve: Resolve<'_>) -> Option<Vec<u8>> {
        let bytes = resolve(name);
        if bytes.is_none() {
            self.note(format!(
                "texture {name} is left out: it is not in the mesh's own folder"
            ));
        }
        bytes
    }

    /// Whether so many more vertices and triangles are within the limits.
    pub(crate) fn check_room(&self, vertices: usize, triangles: usize) -> Result<(), MeshError> {
        let vertices = self.mesh.positions.len().saturating_add(vertices);
        within("vertices", vertices, MAX_PARTS)?;
        let triangles = self.mesh.triangles.len() + self.mesh.dropped.saturating_add(triangles);
        within("triangles", triangles, MAX_PARTS)
    }

    /// Adds a part; the caller has checked that its indices are of its own vertices.
    pub(crate) fn add_part(&mut self, part: Part) -> Result<(), MeshError> {
        self.check_room(part.positions.len(), part.triangles.len())?;
        let mesh = &mut self.mesh;
        let (before, count) = (mesh.positions.len(), part.positions.len());
        append(&mut mesh.uvs, part.uvs, before, count, Vec2::ZERO);
        append(&mut mesh.colours, part.colours, before, count, Vec4::ONE);
        mesh.positions.extend(part.positions);
        for corners in part.triangles {
            let triangle = Triangle {
                corners: corners.map(|corner| corner.saturating_add(before as u32)),
                material: part.material,
            };
            if has_area(mesh.points(&triangle)) {
                mesh.triangles.push(triangle);
            } else {
                mesh.dropped += 1;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Mesh, MeshError> {
        if self.mesh.triangles.is_empty() {
            let dropped = self.mesh.dropped;
            return Err(MeshError::NoTriangles { dropped });
        }
        if self.mesh.dropped > 0 {
            let dropped = self.mesh.dropped;
            self.note(format!(
                "{dropped} triangles without area or with corners that are not finite are left out"
            ));
        }
        Ok(self.mesh)
    }
}

/// A column that parts may lack is filled up where it is missing, and empty while none has it.
fn append<T: Copy>(column: &mut Vec<T>, part: Vec<T>, before: usize, count: usize, missing: T) {
    if part.is_empty() && column.is_empty() {
        return;
    }
    column.resize(before, missing);
    column.extend(part);
    column.resize(before + count, missing);
}

fn has_area([a, b, c]: [Vec3; 3]) -> bool {
    // Far-out corners overflow to an infinite area, and one that is not a number compares false.
    let area = (b - a).cross(c - a).length();
    area > 0.0 && area.is_finite()
}

pub(crate) fn within(what: &'static str, found: usize, limit: usize) -> Result<(), MeshError> {
    if found > limit {
        return Err(MeshError::TooLarge { what, found, limit });
    }
    Ok(())
}
