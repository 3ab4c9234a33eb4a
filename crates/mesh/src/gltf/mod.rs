//! glTF 2.0, binary or JSON, with embedded buffers or those a resolver finds.
//!
//! `gltf-json` gives the document its types; every index in it is looked up as a claim that may be
//! wrong.

mod accessor;
mod buffers;
mod container;
mod materials;
mod primitive;
mod scene;

use gltf_json::Root;

use crate::build::Builder;
use crate::model::Mesh;
use crate::texture::Space;
use crate::{MeshError, Resolve};
use buffers::Buffers;

/// Extensions that a mesh may need because they change nothing here, or because they are handled:
/// all about light and shading (`KHR_materials_…`, `KHR_lights_…`), and these.
const HANDLED: [&str; 6] = [
    "KHR_texture_transform",
    "KHR_mesh_quantization",
    "EXT_texture_webp",
    "KHR_xmp",
    "KHR_xmp_json_ld",
    "KHR_animation_pointer",
];

pub(crate) fn read(bytes: &[u8], resolve: Resolve<'_>) -> Result<Mesh, MeshError> {
    let (json, binary) = container::split(bytes)?;
    let root: Root = gltf_json::deserialize::from_slice(json)
        .map_err(|error| MeshError::gltf(error.to_string()))?;
    check_version(&root)?;
    check_extensions(&root)?;
    let buffers = Buffers::load(&root, binary, resolve)?;
    let mut builder = Builder::new(Space::Linear);
    let materials = materials::load(&root, &buffers, &mut builder, resolve)?;
    scene::add(&root, &buffers, &materials, &mut builder)?;
    builder.finish()
}

fn check_version(root: &Root) -> Result<(), MeshError> {
    let version = &root.asset.version;
    if version.starts_with("2.") {
        return Ok(());
    }
    let what = format!("it is of version {version:.20}, 2.0 is read");
    Err(MeshError::gltf(what))
}

fn check_extensions(root: &Root) -> Result<(), MeshError> {
    let unknown = root.extensions_required.iter().find(|name| {
        !HANDLED.contains(&name.as_str())
            && !name.starts_with("KHR_materials_")
            && !name.starts_with("KHR_lights_")
    });
    match unknown {
        Some(name) => Err(MeshError::extension(name)),
        None => Ok(()),
    }
}
