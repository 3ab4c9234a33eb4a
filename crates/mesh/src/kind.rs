//! Which mesh format a file is in.

use std::path::Path;

/// A mesh format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeshKind {
    /// Binary glTF 2.0.
    Glb,
    /// glTF 2.0 as JSON, its buffers embedded or beside it.
    Gltf,
    /// Wavefront OBJ with its material library and textures.
    Obj,
    /// PLY with faces, and with vertex colours or none.
    Ply,
}

/// A PLY header is looked for in this many bytes.
const PLY_HEADER: usize = 1 << 16;

impl MeshKind {
    /// The format by a file's extension, for those where it leaves no doubt. A `.ply` may as well
    /// be a splat cloud: [`MeshKind::from_magic`] tells.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "glb" => Some(Self::Glb),
            "gltf" => Some(Self::Gltf),
            "obj" => Some(Self::Obj),
            _ => None,
        }
    }

    /// The format by its first bytes, where they leave no doubt: binary glTF, and PLY whose header
    /// has faces and no splat's `scale_` and `rot_` properties.
    #[must_use]
    pub fn from_magic(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"glTF") {
            return Some(Self::Glb);
        }
        (bytes.starts_with(b"ply") && has_faces(bytes)).then_some(Self::Ply)
    }
}

fn has_faces(ply: &[u8]) -> bool {
    let mut faces = false;
    for line in ply[..ply.len().min(PLY_HEADER)].split(|byte| *byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else {
            return false;
        };
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next_back()) {
            (Some("end_header"), ..) => return faces,
            (Some("element"), Some("face" | "tristrips"), Some(count)) => faces |= count != "0",
            (Some("property"), Some(_), Some(name))
                if name.starts_with("scale_") || name.starts_with("rot_") =>
            {
                return false;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_tell_all_but_ply() {
        let kind = |name: &str| MeshKind::from_path(Path::new(name));
        assert_eq!(kind("a/b.GLB"), Some(MeshKind::Glb));
        assert_eq!(kind("b.gltf"), Some(MeshKind::Gltf));
        assert_eq!(kind("b.c.obj"), Some(MeshKind::Obj));
        assert_eq!(kind("b.ply"), None);
        assert_eq!(kind("obj"), None);
    }

    #[test]
    fn a_ply_is_a_mesh_when_it_has_faces_and_no_splats() {
        let header = |lines: &str| format!("ply\nformat ascii 1.0\n{lines}end_header\n");
        let kind = |lines: &str| MeshKind::from_magic(header(lines).as_bytes());
        let vertex = "element vertex 3\nproperty float x\n";
        let face = "element face 1\nproperty list uchar int vertex_indices\n";
        assert_eq!(kind(&format!("{vertex}{face}")), Some(MeshKind::Ply));
        assert_eq!(kind(vertex), None);
        assert_eq!(kind(&format!("{vertex}element face 0\n")), None);
        let splat = "property float scale_0\nproperty float rot_0\n";
        assert_eq!(kind(&format!("{vertex}{splat}{face}")), None);
        assert_eq!(MeshKind::from_magic(b"glTF\x02\0\0\0"), Some(MeshKind::Glb));
        assert_eq!(MeshKind::from_magic(b"ply\nelement face 1"), None);
    }
}
