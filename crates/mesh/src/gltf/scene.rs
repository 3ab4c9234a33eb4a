//! The scene: a tree of nodes with transforms, walked once.

use glam::{DMat4, DQuat, DVec3, Vec3};
use gltf_json::scene::Node;
use gltf_json::{Index, Root};

use super::buffers::{Buffers, absent};
use super::materials::Materials;
use super::primitive;
use crate::MeshError;
use crate::build::Builder;

/// Adds every mesh of the scene that is to be shown.
pub(super) fn add(
    root: &Root,
    buffers: &Buffers<'_>,
    materials: &Materials,
    builder: &mut Builder,
) -> Result<(), MeshError> {
    let mut reached = vec![false; root.nodes.len()];
    let mut waiting: Vec<(Index<Node>, DMat4)> = Vec::new();
    waiting.extend(tops(root)?.into_iter().map(|node| (node, DMat4::IDENTITY)));
    // No recursion: a chain of nodes may be as long as the file.
    while let Some((index, parent)) = waiting.pop() {
        let place = index.value();
        let node = root.nodes.get(place).ok_or_else(|| absent("node", place))?;
        // glTF demands strict trees, which is what makes this end.
        if std::mem::replace(&mut reached[place], true) {
            let what = format!("node {place} has two parents, or is its own ancestor");
            return Err(MeshError::gltf(what));
        }
        let transform = parent * local(node);
        let children = node.children.iter().flatten();
        waiting.extend(children.map(|child| (*child, transform)));
        if let Some(mesh) = node.mesh {
            if node.skin.is_some() {
                builder.note("skins are left out: the mesh is taken in its rest pose");
            }
            let mesh = root.meshes.get(mesh.value());
            let mesh = mesh.ok_or_else(|| MeshError::gltf("a node's mesh does not exist"))?;
            for part in &mesh.primitives {
                primitive::add(root, buffers, materials, part, transform, builder)?;
            }
        }
    }
    Ok(())
}

/// The uppermost nodes: of the scene to be shown, else of the first, else all that are no children.
fn tops(root: &Root) -> Result<Vec<Index<Node>>, MeshError> {
    let shown = root.scene.map_or(0, |scene| scene.value());
    if let Some(scene) = root.scenes.get(shown) {
        return Ok(scene.nodes.clone());
    }
    if root.scene.is_some() {
        return Err(absent("scene", shown));
    }
    let mut child = vec![false; root.nodes.len()];
    for index in root
        .nodes
        .iter()
        .filter_map(|node| node.children.as_ref())
        .flatten()
    {
        if let Some(child) = child.get_mut(index.value()) {
            *child = true;
        }
    }
    let tops = child.iter().enumerate().filter(|(_, child)| !**child);
    Ok(tops.map(|(index, _)| Index::new(index as u32)).collect())
}

fn local(node: &Node) -> DMat4 {
    if let Some(matrix) = node.matrix {
        return DMat4::from_cols_array(&matrix.map(f64::from));
    }
    let vector = |written: Option<[f32; 3]>, missing: DVec3| {
        written.map_or(missing, |value| Vec3::from(value).as_dvec3())
    };
    let turn = node.rotation.unwrap_or_default().0.map(f64::from);
    let turn = DQuat::from_array(turn);
    let turn = if turn.length_squared() > 0.0 {
        turn.normalize()
    } else {
        DQuat::IDENTITY
    };
    DMat4::from_scale_rotation_translation(
        vector(node.scale, DVec3::ONE),
        turn,
        vector(node.translation, DVec3::ZERO),
    )
}
