//! Meshes in, splats out: reads a textured glTF, OBJ or PLY mesh and covers its surface with thin,
//! surface-aligned splats, so that whatever makes meshes can feed what wants splats.
//!
//! Only the albedo is taken over: base colour texture × factor × vertex colour, as a renderer
//! without light would show it. Metalness, emission, normal maps and light are left out.
//!
//! ```
//! use mesh::{MeshKind, SampleOptions};
//! let triangle = b"v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 0 1 0 0 0 1\nf 1 2 3\n";
//! let mesh = mesh::read(triangle, MeshKind::Obj, &|_| None)?;
//! let cloud: splat::Cloud = mesh::sample(&mesh, &SampleOptions { splats: 500, seed: 1 })?;
//! assert!(cloud.len() > 100);
//! # Ok::<(), mesh::MeshError>(())
//! ```
//!
//! Whatever is read may be hostile: readers never allocate from a number a file claims, only from
//! bytes that are there, and nothing is opened: what a mesh refers to is asked of the caller.

#![forbid(unsafe_code)]

mod build;
mod error;
mod gltf;
mod kind;
mod material;
mod model;
mod obj;
mod ply;
mod sample;
mod texture;

pub use error::MeshError;
pub use kind::MeshKind;
pub use model::Mesh;
pub use sample::{DEFAULT_SPLATS, MAX_SPLATS, SampleOptions, sample};

/// Finds the bytes that a mesh refers to by a relative path: a buffer, a material library, a
/// texture. `None` says that there are none, or that the path is none of the mesh's business.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// Reads a mesh. Its coordinates are +Y up, as glTF demands and OBJ and PLY assume.
///
/// What does no harm to the shape is forgiven and told by [`Mesh::notes`]: a missing texture, a
/// missing material library, triangles without area or with corners that are not finite.
///
/// # Errors
/// When the bytes are not such a mesh, when a buffer it needs cannot be resolved, when it needs an
/// extension that is not supported (compression by Draco or meshopt among them, which the error
/// names), when it is beyond the limits in size, or has no triangle.
pub fn read(bytes: &[u8], kind: MeshKind, resolve: Resolve<'_>) -> Result<Mesh, MeshError> {
    match kind {
        MeshKind::Glb | MeshKind::Gltf => gltf::read(bytes, resolve),
        MeshKind::Obj => obj::read(bytes, resolve),
        MeshKind::Ply => ply::read(bytes),
    }
}
