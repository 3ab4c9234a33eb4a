//! Meshes as inputs: read with what lies beside them, and covered with splats.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mesh::{MeshKind, SampleOptions};
use splat::Frame;

use super::source::Source;
use crate::files::{folder_of, read_asset};

/// What mesh a file holds, by its content and, where that says nothing, by its name.
pub(super) fn kind(path: &Path, bytes: &[u8]) -> Option<MeshKind> {
    MeshKind::from_magic(bytes).or_else(|| MeshKind::from_path(path))
}

/// Reads a mesh and covers it with splats; `sampling` is called in between.
pub(super) fn open(
    path: &Path,
    bytes: &[u8],
    kind: MeshKind,
    options: &SampleOptions,
    sampling: impl FnOnce(),
) -> Result<Source> {
    let shown = || format!("{}", path.display());
    let folder = folder_of(path);
    let mesh = mesh::read(bytes, kind, &|name| beside(&folder, name)).with_context(shown)?;
    sampling();
    let cloud = mesh::sample(&mesh, options).with_context(shown)?;
    Ok(Source {
        cloud,
        kind: name(kind),
        bytes: bytes.len() as u64,
        packed: None,
        frame: Some(Frame::YUp),
        notes: mesh.notes().to_vec(),
    })
}

fn name(kind: MeshKind) -> &'static str {
    match kind {
        MeshKind::Glb => "glb",
        MeshKind::Gltf => "gltf",
        MeshKind::Obj => "obj",
        MeshKind::Ply => "ply-mesh",
    }
}

/// The bytes of a file in the mesh's own folder or below it, and of no other: a mesh from elsewhere
/// must not be able to read what is ours. Links that lead out count as out.
fn beside(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let folder = folder.canonicalize().ok()?;
    let wanted = Path::new(name);
    // Only steps down; "a/../b" could pass a link.
    let steps_down = wanted.components().all(|part| {
        use std::path::Component::{CurDir, Normal};
        matches!(part, Normal(_) | CurDir)
    });
    let file: PathBuf = folder.join(wanted).canonicalize().ok()?;
    if !steps_down || !file.starts_with(&folder) || !file.is_file() {
        return None;
    }
    read_asset(&file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_mesh_are_read() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("mesh");
        std::fs::create_dir_all(folder.join("textures")).unwrap();
        std::fs::write(above.path().join("secret"), b"secret").unwrap();
        std::fs::write(folder.join("textures/a.png"), b"mine").unwrap();
        assert_eq!(beside(&folder, "textures/a.png").unwrap(), b"mine");
        assert_eq!(beside(&folder, "./textures/a.png").unwrap(), b"mine");
        let absolute = above.path().join("secret");
        for name in [
            "../secret",
            "textures/../../secret",
            "textures/../textures/a.png",
            "textures",
            "",
            "gone",
            "a\0b",
            absolute.to_str().unwrap(),
        ] {
            assert_eq!(beside(&folder, name), None, "{name}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&absolute, folder.join("link")).unwrap();
            assert_eq!(beside(&folder, "link"), None);
        }
    }
}
