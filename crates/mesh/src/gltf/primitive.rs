//! One primitive: its vertices, and its lists, strips or fans as triangles.

use glam::{DMat4, Vec2, Vec3, Vec4};
use gltf_json::mesh::{Mode, Primitive, Semantic};
use gltf_json::validation::Checked;
use gltf_json::{Accessor, Index, Root};

use super::accessor::{claimed, indices, vectors};
use super::buffers::Buffers;
use super::materials::Materials;
use crate::MeshError;
use crate::build::{Builder, Part};

/// Adds a primitive at the place `transform` puts it. Points and lines have no surface: a note.
pub(super) fn add(
    root: &Root,
    buffers: &Buffers<'_>,
    materials: &Materials,
    primitive: &Primitive,
    transform: DMat4,
    builder: &mut Builder,
) -> Result<(), MeshError> {
    let Checked::Valid(mode @ (Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan)) =
        primitive.mode
    else {
        builder.note("points and lines are left out: they have no surface");
        return Ok(());
    };
    refuse_compression(primitive)?;
    let Some(position) = attribute(primitive, Semantic::Positions) else {
        builder.note("a primitive without positions is left out");
        return Ok(());
    };
    let vertices = claimed(root, position)?;
    let corners = primitive
        .indices
        .map_or(Ok(vertices), |index| claimed(root, index))?;
    builder.check_room(vertices, corners / 3)?;

    let (material, set) = materials.of(primitive.material.map(|index| index.value()))?;
    let positions = vectors(root, buffers, position, [0.0; 3])?;
    let uvs = match attribute(primitive, Semantic::TexCoords(set)) {
        Some(index) => vectors(root, buffers, index, [0.0; 2])?,
        None => Vec::new(),
    };
    let colours = match attribute(primitive, Semantic::Colors(0)) {
        Some(index) => vectors(root, buffers, index, [1.0; 4])?,
        None => Vec::new(),
    };
    if [uvs.len(), colours.len()]
        .iter()
        .any(|len| *len != 0 && *len != vertices)
    {
        return Err(MeshError::gltf("a primitive's attributes differ in number"));
    }
    let corners: Vec<u32> = match primitive.indices {
        Some(index) => indices(root, buffers, index)?,
        None => (0..vertices as u32).collect(),
    };
    if let Some(corner) = corners.iter().find(|corner| **corner as usize >= vertices) {
        let what = format!("an index names vertex {corner}, there are {vertices}");
        return Err(MeshError::gltf(what));
    }
    let place = |position: [f32; 3]| -> Vec3 {
        transform
            .transform_point3(Vec3::from(position).as_dvec3())
            .as_vec3()
    };
    builder.add_part(Part {
        positions: positions.into_iter().map(place).collect(),
        uvs: uvs.into_iter().map(Vec2::from).collect(),
        colours: colours.into_iter().map(Vec4::from).collect(),
        // A mirroring transform turns the surface inside out.
        triangles: triangles(mode, &corners, transform.determinant() < 0.0),
        material,
    })
}

fn attribute(primitive: &Primitive, semantic: Semantic) -> Option<Index<Accessor>> {
    primitive.attributes.get(&Checked::Valid(semantic)).copied()
}

/// Draco's stand-in accessors have no data.
fn refuse_compression(primitive: &Primitive) -> Result<(), MeshError> {
    const DRACO: &str = "KHR_draco_mesh_compression";
    match &primitive.extensions {
        Some(extensions) if extensions.others.contains_key(DRACO) => {
            Err(MeshError::extension(DRACO))
        }
        _ => Ok(()),
    }
}

fn triangles(mode: Mode, corners: &[u32], mirrored: bool) -> Vec<[u32; 3]> {
    let mut triangles: Vec<[u32; 3]> = match mode {
        Mode::TriangleStrip => corners
            .windows(3)
            .enumerate()
            .map(|(at, corners)| match (at % 2, corners) {
                (0, &[a, b, c]) | (_, &[b, a, c]) => [a, b, c],
                _ => [0; 3],
            })
            .collect(),
        Mode::TriangleFan => {
            let (first, rest) = corners.split_first().unwrap_or((&0, &[]));
            rest.windows(2)
                .map(|pair| [*first, pair[0], pair[1]])
                .collect()
        }
        _ => corners.as_chunks().0.to_vec(),
    };
    if mirrored {
        for triangle in &mut triangles {
            triangle.swap(1, 2);
        }
    }
    triangles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_and_fans_keep_their_winding() {
        let strip = triangles(Mode::TriangleStrip, &[0, 1, 2, 3, 4], false);
        assert_eq!(strip, [[0, 1, 2], [2, 1, 3], [2, 3, 4]]);
        let fan = triangles(Mode::TriangleFan, &[0, 1, 2, 3], false);
        assert_eq!(fan, [[0, 1, 2], [0, 2, 3]]);
        let list = triangles(Mode::Triangles, &[0, 1, 2, 3, 4, 5, 6], true);
        assert_eq!(list, [[0, 2, 1], [3, 5, 4]]);
        for mode in [Mode::Triangles, Mode::TriangleStrip, Mode::TriangleFan] {
            assert!(triangles(mode, &[], false).is_empty());
            assert!(triangles(mode, &[1, 2], false).is_empty());
        }
    }
}
