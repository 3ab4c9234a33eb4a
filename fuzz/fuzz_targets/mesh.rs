//! A mesh from a stranger. The first byte chooses the format; whatever the mesh refers to (buffers,
//! material libraries, textures) is the rest of the bytes once more.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh::{MeshKind, SampleOptions};
use splatsmith_fuzz::{check_line, use_cloud};

const KINDS: [MeshKind; 4] = [MeshKind::Glb, MeshKind::Gltf, MeshKind::Obj, MeshKind::Ply];

/// Few, so that many meshes are tried.
const OPTIONS: SampleOptions = SampleOptions { splats: 50, seed: 1 };

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let _ = MeshKind::from_magic(bytes);
    let kind = KINDS[usize::from(*first) % KINDS.len()];
    match mesh::read(bytes, kind, &|_| Some(bytes.to_vec())) {
        Ok(mesh) => match mesh::sample(&mesh, &OPTIONS) {
            Ok(cloud) => use_cloud(&cloud),
            Err(error) => check_line(&error.to_string()),
        },
        Err(error) => check_line(&error.to_string()),
    }
});
