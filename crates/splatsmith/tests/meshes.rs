//! `convert` with meshes for input: read with what lies beside them, never with what does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{Run, run};
use splat::Cloud;
use splat::inspect::Bounds;

/// A cube of four units with its corner in the origin; a file of its own says it is green.
const OBJ: &str = "mtllib paint.mtl\nv 0 0 0\nv 4 0 0\nv 4 4 0\nv 0 4 0\nv 0 0 4\nv 4 0 4\nv 4 4 4\n\
v 0 4 4\nusemtl paint\nf 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n";
const GREEN: &str = "newmtl paint\nKd 0.1 0.8 0.2\n";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn convert<const N: usize>(folder: &Path, arguments: [&str; N]) -> Run {
    run(folder, ["convert"].iter().chain(&arguments))
}

fn read(folder: &Path, name: &str) -> Cloud {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    splat::read_named(&bytes, Path::new(name)).unwrap().0
}

fn mean_colour(cloud: &Cloud) -> [f32; 3] {
    let columns = &cloud.columns().colours;
    [0, 1, 2].map(|channel| {
        let sum: f32 = columns[channel].iter().sum();
        0.5 + 0.282_094_8 * sum / cloud.len() as f32
    })
}

#[test]
fn an_obj_becomes_a_cloud_for_the_validator() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "cube.obj", OBJ);
    write(folder, "paint.mtl", GREEN);
    let arguments = ["cube.obj", "cube.spz", "--splats", "9000", "--json"];
    let conversion = convert(folder, arguments);
    assert_eq!(conversion.code, 0, "{}", conversion.stderr);
    let report = conversion.json();
    assert_eq!(report["from"]["container"], "obj");
    assert_eq!(report["profile"], "pull-2025");
    assert_eq!(report["notes"].as_array().unwrap().len(), 0, "{report}");

    let cloud = read(folder, "cube.spz");
    assert!((8_900..=9_000).contains(&cloud.len()), "{}", cloud.len());
    let bounds = Bounds::of(&cloud.columns().positions).unwrap();
    assert!((bounds.longest_side() - 1.5).abs() < 0.002, "{bounds:?}");
    let colour = mean_colour(&cloud);
    for (found, wanted) in colour.into_iter().zip([0.1, 0.8, 0.2]) {
        assert!((found - wanted).abs() < 0.02, "{colour:?}");
    }
    let gates = run(folder, ["inspect", "cube.spz", "--json"]).json();
    let defects = gates["defects"].as_array().unwrap();
    let names: Vec<_> = defects.iter().map(|one| one["name"].as_str()).collect();
    assert_eq!(names, [Some("sparse")], "{gates}");
}

#[test]
fn the_seed_decides_and_the_profile_turns() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "cube.obj", OBJ);
    for (name, seed) in [("a.ply", "3"), ("b.ply", "3"), ("c.ply", "4")] {
        let arguments = ["cube.obj", name, "--splats", "500", "--seed", seed];
        assert_eq!(convert(folder, arguments).code, 0);
    }
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert_eq!(bytes("a.ply"), bytes("b.ply"));
    assert_ne!(bytes("a.ply"), bytes("c.ply"));

    // A pyramid on its base: its tip is up, and −Y up in the viewer's frame.
    let pyramid = "v -1 0 -1\nv 1 0 -1\nv 1 0 1\nv -1 0 1\nv 0 2 0\n\
                   f 1 2 3 4\nf 2 1 5\nf 3 2 5\nf 4 3 5\nf 1 4 5\n";
    write(folder, "pyramid.obj", pyramid);
    let mean_y = |name: &str, profile: &str| {
        let arguments = [
            "pyramid.obj",
            name,
            "--splats",
            "2000",
            "--profile",
            profile,
        ];
        assert_eq!(convert(folder, arguments).code, 0);
        let cloud = read(folder, name);
        cloud.columns().positions[1].iter().sum::<f32>() / cloud.len() as f32
    };
    // Most of it is below the middle of its box.
    assert!(mean_y("up.ply", "pull-2025") < -0.1);
    assert!(mean_y("down.ply", "viewer") > 0.05);
}

#[test]
fn what_lies_outside_the_meshs_folder_is_not_read() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("mesh");
    std::fs::create_dir(&folder).unwrap();
    write(above.path(), "secret.mtl", GREEN);
    let secret = above.path().join("secret.mtl");
    for library in ["../secret.mtl", secret.to_str().unwrap()] {
        write(&folder, "cube.obj", &OBJ.replace("paint.mtl", library));
        let conversion = convert(&folder, ["cube.obj", "cube.ply", "--splats", "500"]);
        assert_eq!(conversion.code, 0, "{}", conversion.stderr);
        assert!(
            conversion.stderr.contains("left out"),
            "{}",
            conversion.stderr
        );
        let colour = mean_colour(&read(&folder, "cube.ply"));
        assert!(colour.iter().all(|value| *value > 0.98), "{colour:?}");
    }
}

#[test]
fn a_ply_is_a_mesh_by_its_faces() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ply = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n\
               property float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n\
               element face 4\nproperty list uchar int vertex_indices\nend_header\n\
               0 0 0 255 0 0\n1 0 0 255 0 0\n0 1 0 255 0 0\n0 0 1 255 0 0\n\
               3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n";
    write(folder, "mesh.ply", ply);
    let conversion = convert(
        folder,
        ["mesh.ply", "cloud.ply", "--splats", "800", "--json"],
    );
    assert_eq!(conversion.code, 0, "{}", conversion.stderr);
    assert_eq!(conversion.json()["from"]["container"], "ply-mesh");
    assert!(mean_colour(&read(folder, "cloud.ply"))[0] > 0.98);
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "cut.glb", "glTF\u{2}\0\0\0");
    write(folder, "empty.obj", "v 0 0 0\n");
    write(folder, "cube.obj", OBJ);
    convert(folder, ["cut.glb", "a.ply"]).refused(1);
    let empty = convert(folder, ["empty.obj", "a.ply"]);
    assert!(
        empty.refused(1).stderr.contains("no triangle"),
        "{}",
        empty.stderr
    );
    convert(folder, ["cube.obj", "a.ply", "--splats", "0"]).refused(2);
    convert(folder, ["cube.obj", "a.ply", "--splats", "99999999"]).refused(2);
    assert!(!folder.join("a.ply").exists());
}
