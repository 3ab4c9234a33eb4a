//! Wavefront OBJ with its material libraries and textures.

mod library;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use glam::{Vec2, Vec3, Vec4};
use tobj::{LoadError, LoadOptions};

use crate::build::{Builder, Part, within};
use crate::model::Mesh;
use crate::texture::Space;
use crate::{MeshError, Resolve};
use library::Library;

/// No more material libraries than this.
const MAX_LIBRARIES: usize = 256;

fn malformed(what: impl ToString) -> MeshError {
    MeshError::malformed("OBJ", what.to_string())
}

pub(crate) fn read(bytes: &[u8], resolve: Resolve<'_>) -> Result<Mesh, MeshError> {
    within(
        "lines",
        bytes.iter().filter(|byte| **byte == b'\n').count(),
        1 << 27,
    )?;
    let mut builder = Builder::new(Space::Display);
    let libraries = RefCell::new(Vec::new());
    let options = LoadOptions {
        single_index: true,
        triangulate: true,
        ignore_points: true,
        ignore_lines: true,
    };
    let (models, _) = tobj::load_obj_buf(&mut Cursor::new(bytes), &options, |path| {
        load_library(path, &mut libraries.borrow_mut(), resolve)
    })
    .map_err(malformed)?;
    let libraries: Vec<Library> = libraries
        .into_inner()
        .into_iter()
        .filter_map(|(name, library)| {
            if library.is_none() {
                builder.note(format!(
                    "material library {name} is left out: it is not in the mesh's own folder"
                ));
            }
            library
        })
        .collect();
    let entries = libraries.iter().flat_map(|library| &library.entries);
    let mut textures = HashMap::new();
    for entry in entries {
        let material = entry.material(&mut builder, &mut textures, resolve);
        builder.add_material(material)?;
    }
    let plain = builder.add_material(crate::material::Material::default())?;
    for model in models {
        let material = model.mesh.material_id.map_or(plain, |index| index as u32);
        builder.add_part(part(&model.mesh, material))?;
    }
    builder.finish()
}

/// Reads a library for its names, which is all that `tobj` needs to number the materials.
fn load_library(
    path: &Path,
    libraries: &mut Vec<(String, Option<Library>)>,
    resolve: Resolve<'_>,
) -> tobj::MTLLoadResult {
    let name = path.to_string_lossy().into_owned();
    let known = libraries.iter().any(|(other, _)| *other == name);
    if known || libraries.len() >= MAX_LIBRARIES {
        return Ok((Vec::new(), HashMap::default()));
    }
    let library = resolve(&name).map(|bytes| Library::parse(&bytes));
    let names: Vec<String> = library
        .iter()
        .flat_map(|library| library.entries.iter().map(|entry| entry.name.clone()))
        .collect();
    libraries.push((name, library));
    let material = |name: &String| tobj::Material {
        name: name.clone(),
        ..tobj::Material::default()
    };
    let materials = names.iter().map(material).collect();
    let indices = names.into_iter().enumerate().map(|(at, name)| (name, at));
    Ok::<_, LoadError>((materials, indices.collect()))
}

fn part(mesh: &tobj::Mesh, material: u32) -> Part {
    let (positions, _) = mesh.positions.as_chunks::<3>();
    let (uvs, _) = mesh.texcoords.as_chunks::<2>();
    let (colours, _) = mesh.vertex_color.as_chunks::<3>();
    let (triangles, _) = mesh.indices.as_chunks::<3>();
    let count = positions.len();
    let complete = |len: usize| len == count;
    Part {
        positions: positions.iter().copied().map(Vec3::from).collect(),
        // OBJ counts texture rows from below.
        uvs: if complete(uvs.len()) {
            uvs.iter().map(|[u, v]| Vec2::new(*u, 1.0 - v)).collect()
        } else {
            Vec::new()
        },
        colours: if complete(colours.len()) {
            let opaque = |rgb: &[f32; 3]| Vec3::from(*rgb).extend(1.0);
            colours.iter().map(opaque).collect::<Vec<Vec4>>()
        } else {
            Vec::new()
        },
        triangles: triangles
            .iter()
            .filter(|corners| corners.iter().all(|corner| (*corner as usize) < count))
            .copied()
            .collect(),
        material,
    }
}
