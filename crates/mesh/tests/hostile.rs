//! Broken and forged files: refused in one line, in bounded time and memory, never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::files::{self, Glb, png};
use common::{Model, Paint};
use glam::{Vec2, Vec3};
use image::RgbaImage;
use mesh::{Mesh, MeshError, MeshKind, SampleOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

fn nothing(_: &str) -> Option<Vec<u8>> {
    None
}

/// A textured tetrahedron.
fn model() -> Model {
    let mut model = Model {
        palette: vec![Paint::Texture(RgbaImage::from_pixel(
            4,
            4,
            image::Rgba([9, 200, 30, 255]),
        ))],
        ..Model::default()
    };
    for corner in [Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::Z] {
        model.vertex(corner, Vec2::new(corner.x, corner.y), Vec3::ONE);
    }
    model.triangles = vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]];
    model.paints = vec![0; 4];
    model
}

fn glb() -> Glb {
    let mut glb = Glb::default();
    let mesh = glb.model(&model());
    glb.node(json!({"mesh": mesh}));
    glb
}

fn forged(change: impl Fn(&mut Value)) -> Result<Mesh, MeshError> {
    let mut glb = glb();
    change(&mut glb.json);
    mesh::read(&glb.bytes(), MeshKind::Glb, &nothing)
}

fn assert_one_line(error: &MeshError) {
    let line = error.to_string();
    assert!(
        !line.is_empty() && !line.contains('\n') && line.len() < 400,
        "{line}"
    );
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let bytes = glb().bytes();
    assert!(mesh::read(&bytes, MeshKind::Glb, &nothing).is_ok());
    for end in 0..bytes.len() - 3 {
        let error = mesh::read(&bytes[..end], MeshKind::Glb, &nothing).unwrap_err();
        assert_one_line(&error);
    }
    let ply = files::ply(&model());
    for end in 0..ply.len() {
        assert_one_line(&mesh::read(&ply[..end], MeshKind::Ply, &nothing).unwrap_err());
    }
}

#[test]
fn forged_numbers_are_refused_without_being_believed() {
    for count in [13_u64, 1 << 20, 1 << 40, u64::MAX] {
        for accessor in 0..4 {
            let read = forged(|json| json["accessors"][accessor]["count"] = json!(count));
            assert_one_line(&read.unwrap_err());
        }
    }
    for field in ["byteOffset", "byteLength", "byteStride"] {
        for value in [7_u64, 1 << 33, u64::MAX - 2] {
            if let Err(error) = forged(|json| json["bufferViews"][0][field] = json!(value)) {
                assert_one_line(&error);
            } else {
                assert_eq!((field, value), ("byteOffset", 7));
            }
        }
    }
    for (list, field) in [
        ("nodes", "mesh"),
        ("bufferViews", "buffer"),
        ("scenes", "nodes"),
        ("accessors", "bufferView"),
    ] {
        let value = if field == "nodes" {
            json!([77])
        } else {
            json!(77)
        };
        assert_one_line(&forged(|json| json[list][0][field] = value.clone()).unwrap_err());
    }
    for field in ["indices", "material"] {
        let read = forged(|json| json["meshes"][0]["primitives"][0][field] = json!(77));
        assert_one_line(&read.unwrap_err());
    }
    // An index beyond the vertices.
    let mut glb = glb();
    let indices = glb.indices(&[0, 1, 4]);
    glb.json["meshes"][0]["primitives"][0]["indices"] = json!(indices);
    let error = mesh::read(&glb.bytes(), MeshKind::Glb, &nothing).unwrap_err();
    assert!(
        error.to_string().contains("vertex 4, there are 4"),
        "{error}"
    );
}

#[test]
fn nodes_in_a_circle_and_nodes_without_end_are_no_trouble() {
    let circle =
        forged(|json| json["nodes"] = json!([{"mesh": 0, "children": [1]}, {"children": [0]}]));
    assert!(circle.unwrap_err().to_string().contains("its own ancestor"));
    let itself = forged(|json| json["nodes"][0]["children"] = json!([0]));
    assert!(itself.unwrap_err().to_string().contains("its own ancestor"));
    let chain = forged(|json| {
        let mut nodes: Vec<Value> = (1..100_000)
            .map(|next| json!({"children": [next]}))
            .collect();
        nodes.push(json!({"mesh": 0}));
        json["nodes"] = json!(nodes);
    });
    assert_eq!(chain.unwrap().triangles(), 4);
}

#[test]
fn a_mesh_shown_too_often_is_refused() {
    // 8 MB of file ask for 40 million triangles.
    let mut model = Model {
        palette: vec![Paint::Plain(Vec3::ONE)],
        ..Model::default()
    };
    common::shapes::sheet(&mut model, [200, 100], 0, common::shapes::on_sphere, |_| {
        Vec3::ONE
    });
    let mut glb = Glb::default();
    let mesh = glb.model(&model);
    for _ in 0..1000 {
        glb.node(json!({"mesh": mesh}));
    }
    let error = mesh::read(&glb.bytes(), MeshKind::Glb, &nothing).unwrap_err();
    assert!(matches!(error, MeshError::TooLarge { .. }), "{error}");
}

#[test]
fn a_texture_of_billions_of_texels_is_left_out() {
    let mut bomb = png(&RgbaImage::new(1, 1));
    // Width and height of the header, and its checksum anew.
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let checksum = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    let mut glb = glb();
    let view = glb.view(&bomb);
    glb.json["images"][0]["bufferView"] = json!(view);
    let mesh = mesh::read(&glb.bytes(), MeshKind::Glb, &nothing).unwrap();
    assert!(mesh.notes()[0].contains("left out"), "{:?}", mesh.notes());
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn paths_are_asked_of_the_resolver_and_opened_by_nobody() {
    let secret = "../../../../../../etc/passwd";
    let asked = std::cell::RefCell::new(Vec::new());
    let resolve = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        None
    };
    let obj = format!("mtllib {secret}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n");
    let mesh = mesh::read(obj.as_bytes(), MeshKind::Obj, &resolve).unwrap();
    assert!(mesh.notes()[0].contains(secret), "{:?}", mesh.notes());
    let mut json = glb().json;
    json["buffers"] = json!([{"byteLength": 9, "uri": secret}]);
    let error = mesh::read(json.to_string().as_bytes(), MeshKind::Gltf, &resolve).unwrap_err();
    assert_eq!(error, MeshError::Missing(secret.into()));
    assert_eq!(*asked.borrow(), [secret, secret]);
}

#[test]
fn ply_headers_are_not_believed() {
    let header =
        |elements: &str| format!("ply\nformat binary_little_endian 1.0\n{elements}end_header\n");
    for elements in [
        "element vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\n",
        "element face 18446744073709551615\nproperty list uint uint vertex_indices\n",
        "element nothing 18446744073709551615\n",
        "element vertex -1\n",
    ] {
        let error = mesh::read(header(elements).as_bytes(), MeshKind::Ply, &nothing).unwrap_err();
        assert_one_line(&error);
    }
    let mut long = header("element face 1\nproperty list uint uint vertex_indices\n").into_bytes();
    long.extend(u32::MAX.to_le_bytes());
    assert_one_line(&mesh::read(&long, MeshKind::Ply, &nothing).unwrap_err());
}

#[test]
fn libraries_and_objects_full_of_nonsense_do_not_panic() {
    let obj = b"mtllib m\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n";
    for library in [
        &b"newmtl a\nKd 1 2\nKs 1\nillum\nd\nmap_Kd\n"[..],
        b"newmtl\nnewmtl \nmap_Kd -s\nKd nan inf 1e99\n",
        b"newmtl a\nmap_Kd -s 1e38 nan -o inf x.png\nTr -7\n",
        b"\xff\xff\xff",
    ] {
        let resolve = |name: &str| {
            Some(if name == "m" {
                library.to_vec()
            } else {
                png(&RgbaImage::new(2, 2))
            })
        };
        let mesh = mesh::read(obj, MeshKind::Obj, &resolve).unwrap();
        assert_finite(&mesh);
    }
    for obj in [
        "f 1 2 3\n",
        "v 0 0 0\nf 1 1 -9\n",
        "v 1 2\n",
        "f\n",
        "f 1/2/3/4 1 1\n",
        "v 0 0 0\nf 0 0 0\n",
    ] {
        assert_one_line(&mesh::read(obj.as_bytes(), MeshKind::Obj, &nothing).unwrap_err());
    }
}

fn assert_finite(mesh: &Mesh) {
    let options = SampleOptions {
        splats: 50,
        seed: 1,
    };
    match mesh::sample(mesh, &options) {
        Ok(cloud) => {
            for splat in cloud.iter() {
                let numbers = [splat.position, splat.log_scale, splat.colour].concat();
                assert!(numbers.iter().all(|value| value.is_finite()), "{splat:?}");
                assert!(
                    splat.rotation.iter().all(|value| value.is_finite()),
                    "{splat:?}"
                );
                assert!(splat.opacity_logit.is_finite(), "{splat:?}");
            }
        }
        Err(error) => assert_one_line(&error),
    }
}

#[test]
fn meshes_of_any_size_are_sampled() {
    for size in [1e-38, 1e-20, 1e-6, 1e6, 1e18] {
        let mut model = model();
        model.positions.iter_mut().for_each(|at| *at *= size);
        match mesh::read(&files::glb(&model), MeshKind::Glb, &nothing) {
            Ok(mesh) => assert_finite(&mesh),
            Err(error) => assert_eq!(error, MeshError::NoTriangles { dropped: 4 }),
        }
    }
    // A needle and a speck, side by side with nothing.
    let text = "v 0 0 0\nv 1e7 0 0\nv 1e7 1e-3 0\nv 1 1 1\nv 1.0000001 1 1\nv 1 1.0000001 1\nf 1 2 3\nf 4 5 6\n";
    assert_finite(&mesh::read(text.as_bytes(), MeshKind::Obj, &nothing).unwrap());
}

/// Bytes of a file with some changed, and some cut off or doubled.
fn mutated(file: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = file.len();
    let changes = prop::collection::vec((0..length, any::<u8>()), 0..12);
    (changes, 0..length, 0..64_usize, any::<bool>()).prop_map(
        move |(changes, at, count, doubled)| {
            let mut file = file.clone();
            for (at, byte) in changes {
                file[at] = byte;
            }
            let end = (at + count).min(file.len());
            if doubled {
                let again = file[at..end].to_vec();
                file.splice(at..at, again);
            } else if count > 32 {
                file.drain(at..end);
            }
            file
        },
    )
}

fn read_whatever(bytes: &[u8], kind: MeshKind) {
    let resolve = |name: &str| Some(name.as_bytes().to_vec());
    match mesh::read(bytes, kind, &resolve) {
        Ok(mesh) => assert_finite(&mesh),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_glb(bytes in mutated(glb().bytes())) {
        read_whatever(&bytes, MeshKind::Glb);
    }

    #[test]
    fn mutated_gltf(bytes in mutated(glb().embedded())) {
        read_whatever(&bytes, MeshKind::Gltf);
    }

    #[test]
    fn mutated_ply(bytes in mutated(files::ply(&model()))) {
        read_whatever(&bytes, MeshKind::Ply);
    }

    #[test]
    fn mutated_obj(bytes in mutated(files::obj(&model()).0)) {
        read_whatever(&bytes, MeshKind::Obj);
    }

    #[test]
    fn mutated_library(library in mutated(files::obj(&model()).1)) {
        let resolve = |name: &str| Some(if name == "model.mtl" { library.clone() } else { Vec::new() });
        let mesh = mesh::read(&files::obj(&model()).0, MeshKind::Obj, &resolve).unwrap();
        assert_finite(&mesh);
    }

    #[test]
    fn anything_at_all(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..4_usize) {
        let kinds = [MeshKind::Glb, MeshKind::Gltf, MeshKind::Obj, MeshKind::Ply];
        read_whatever(&bytes, kinds[kind]);
    }
}

/// Names in a file end up in refusals and notes: on a terminal they must stay words.
#[test]
fn names_with_control_characters_are_tamed() {
    let ply =
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty flo\u{1b}[31mat x\nend_header\n0\n";
    let extension = json!({"asset": {"version": "2.0"}, "extensionsRequired": ["KHR_\u{7}\n_x"]});
    let buffer = json!({
        "asset": {"version": "2.0"}, "buffers": [{"uri": "a\r\u{0}b.bin", "byteLength": 4}],
    });
    let long = json!({"asset": {"version": "2.0"}, "extensionsRequired": ["x".repeat(10_000)]});
    for (bytes, kind) in [
        (ply.to_owned(), MeshKind::Ply),
        (extension.to_string(), MeshKind::Gltf),
        (buffer.to_string(), MeshKind::Gltf),
        (long.to_string(), MeshKind::Gltf),
    ] {
        let words = match mesh::read(bytes.as_bytes(), kind, &nothing) {
            Ok(mesh) => mesh.notes().join(" "),
            Err(error) => error.to_string(),
        };
        assert!(
            !words.is_empty() && !words.contains(char::is_control),
            "{words:?}"
        );
        assert!(words.len() < 500, "{} bytes", words.len());
    }
    let obj = "mtllib gone.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\u{1b}[2Jb\nf 1 2 3\n";
    let mesh = mesh::read(obj.as_bytes(), MeshKind::Obj, &nothing).unwrap();
    for note in mesh.notes() {
        assert!(!note.contains(char::is_control), "{note:?}");
    }
}
