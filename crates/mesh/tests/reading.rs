//! glTF, and what of it the reader understands; textures as every format has them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::files::{Glb, linear, png};
use common::square::{assert_colour, colour_at, flag, nothing, outwards, square};
use common::{Model, Paint, files, shapes};
use glam::Vec3;
use image::{Rgba, RgbaImage};
use mesh::{Mesh, MeshError, MeshKind};
use serde_json::{Value, json};

fn read_glb(glb: &Glb) -> Result<Mesh, MeshError> {
    mesh::read(&glb.bytes(), MeshKind::Glb, &nothing)
}

fn glb_of(model: &Model) -> Glb {
    let mut glb = Glb::default();
    let mesh = glb.model(model);
    glb.node(json!({"mesh": mesh}));
    glb
}

#[test]
fn binary_embedded_and_external_gltf_are_the_same_mesh() {
    let glb = glb_of(&shapes::cuboid());
    let corners =
        |mesh: &Mesh| -> Vec<_> { (0..mesh.triangles()).map(|at| mesh.corners(at)).collect() };
    let binary = read_glb(&glb).unwrap();
    let embedded = mesh::read(&glb.embedded(), MeshKind::Gltf, &nothing).unwrap();
    let mut json = glb.json.clone();
    json["buffers"] = json!([{"byteLength": glb.binary.len(), "uri": "my%20data/b.bin"}]);
    let resolve = |name: &str| (name == "my data/b.bin").then(|| glb.binary.clone());
    let external = mesh::read(json.to_string().as_bytes(), MeshKind::Gltf, &resolve).unwrap();
    assert_eq!(binary.triangles(), 12);
    assert_eq!(corners(&binary), corners(&embedded));
    assert_eq!(corners(&binary), corners(&external));
    let missing = mesh::read(json.to_string().as_bytes(), MeshKind::Gltf, &nothing).unwrap_err();
    assert_eq!(missing, MeshError::Missing("my data/b.bin".into()));
}

#[test]
fn factors_and_vertex_colours_are_linear_and_multiplied() {
    let mut model = square();
    model.colours.fill(Vec3::new(0.5, 1.0, 0.25));
    let mesh = read_glb(&glb_of(&model)).unwrap();
    let product = |one: f32, other: f32| {
        let light: f32 = linear(one) * linear(other);
        if light <= 0.003_130_8 {
            light * 12.92
        } else {
            1.055 * light.powf(1.0 / 2.4) - 0.055
        }
    };
    let wanted = [product(0.2, 0.5), product(0.4, 1.0), product(0.6, 0.25)];
    assert_colour(colour_at(&mesh, 0.3, 0.3), wanted);
}

#[test]
fn a_texture_lies_as_its_format_says() {
    let mut model = square();
    model.palette = vec![Paint::Texture(flag())];
    let glb = read_glb(&glb_of(&model)).unwrap();
    let (obj, library) = files::obj(&model);
    let resolve = |name: &str| match name {
        "model.mtl" => Some(library.clone()),
        "textures/paint.png" => Some(png(&flag())),
        _ => None,
    };
    let obj = mesh::read(&obj, MeshKind::Obj, &resolve).unwrap();
    for mesh in [glb, obj] {
        assert!(mesh.notes().is_empty(), "{:?}", mesh.notes());
        assert_colour(colour_at(&mesh, 0.25, 0.25), [1.0, 0.0, 0.0]);
        assert_colour(colour_at(&mesh, 0.75, 0.25), [0.0, 1.0, 0.0]);
        assert_colour(colour_at(&mesh, 0.25, 0.75), [128.0 / 255.0, 0.0, 0.0]);
    }
}

#[test]
fn texture_transforms_and_wraps_are_followed() {
    let mut model = square();
    model.palette = vec![Paint::Texture(flag())];
    let with = |transform: Value, wrap: u32| {
        let mut glb = glb_of(&model);
        let info = &mut glb.json["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"];
        info["extensions"] = json!({"KHR_texture_transform": transform});
        glb.json["samplers"] = json!([{"wrapS": wrap, "wrapT": wrap}]);
        glb.json["textures"][0]["sampler"] = json!(0);
        glb.json["extensionsRequired"] = json!(["KHR_texture_transform"]);
        read_glb(&glb).unwrap()
    };
    let (repeat, clamp, mirror) = (10497, 33071, 33648);
    let (red, green) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
    // Twice as many flags: at a quarter of the way, the first one's middle has been passed.
    let twice = json!({"scale": [2.0, 1.0]});
    for (wrap, colours) in [
        (repeat, [red, green, red, green]),
        (clamp, [red, green, green, green]),
        (mirror, [red, green, green, red]),
    ] {
        let mesh = with(twice.clone(), wrap);
        for (at, colour) in colours.into_iter().enumerate() {
            assert_colour(colour_at(&mesh, 0.125 + 0.25 * at as f32, 0.25), colour);
        }
    }
    let shifted = with(json!({"offset": [0.5, 0.0]}), repeat);
    assert_colour(colour_at(&shifted, 0.25, 0.25), green);
    // The specification's example: a turn about the upper left corner, then a shift.
    let turned = with(
        json!({"offset": [0.0, 1.0], "rotation": std::f32::consts::FRAC_PI_2}),
        repeat,
    );
    // (u, v) becomes (v, 1 − u): the lower half is green, the left half bright.
    assert_colour(colour_at(&turned, 0.25, 0.25), green);
    assert_colour(colour_at(&turned, 0.25, 0.75), red);
}

#[test]
fn strips_and_fans_are_lists_of_triangles_facing_one_way() {
    for (mode, indices) in [
        (4, vec![0, 1, 2, 0, 2, 3]),
        (5, vec![0, 1, 3, 2]),
        (6, vec![0, 1, 2, 3]),
    ] {
        let mut glb = glb_of(&square());
        let indices = glb.indices(&indices);
        let primitive = &mut glb.json["meshes"][0]["primitives"][0];
        primitive["mode"] = json!(mode);
        primitive["indices"] = json!(indices);
        let mesh = read_glb(&glb).unwrap();
        assert_eq!(mesh.triangles(), 2, "mode {mode}");
        assert!(
            outwards(&mesh).iter().all(|normal| normal.z > 0.9),
            "mode {mode}"
        );
    }
}

#[test]
fn indices_of_every_width_are_read() {
    let glb = |count: u32| {
        let mut model = Model {
            palette: vec![Paint::Plain(Vec3::ONE)],
            ..Model::default()
        };
        shapes::sheet(
            &mut model,
            [count, 1],
            0,
            |at| at.extend(0.0),
            |_| Vec3::ONE,
        );
        let mesh = read_glb(&glb_of(&model)).unwrap();
        mesh.triangles() as u32 / 2
    };
    for count in [10, 1000, 40_000] {
        assert_eq!(glb(count), count);
    }
}

#[test]
fn nodes_move_turn_scale_and_mirror() {
    let mut glb = Glb::default();
    let mesh = glb.model(&square());
    let child = glb.push(
        "nodes",
        json!({"mesh": mesh, "translation": [1.0, 0.0, 0.0]}),
    );
    // A quarter turn about z, then twice the size.
    let half = std::f32::consts::FRAC_1_SQRT_2;
    glb.node(
        json!({"children": [child], "rotation": [0.0, 0.0, half, half], "scale": [2.0, 2.0, 2.0]}),
    );
    let mirror = [
        -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 5.0, 1.0,
    ];
    glb.node(json!({"mesh": mesh, "matrix": mirror}));
    let mesh = read_glb(&glb).unwrap();
    assert_eq!(mesh.triangles(), 4);
    assert!(
        outwards(&mesh).iter().all(|normal| normal.z > 0.9),
        "mirrored inside out"
    );
    let points: Vec<Vec3> = (0..4)
        .flat_map(|at| mesh.corners(at).unwrap())
        .map(Vec3::from)
        .collect();
    let has = |x: f32, y: f32, z: f32| {
        points
            .iter()
            .any(|at| at.distance(Vec3::new(x, y, z)) < 1e-5)
    };
    // (0, 0) moved to (1, 0), turned to (0, 1), scaled to (0, 2); (1, 1) to (−2, 4).
    assert!(has(0.0, 2.0, 0.0) && has(-2.0, 4.0, 0.0), "{points:?}");
    assert!(has(-1.0, 1.0, 5.0) && has(0.0, 0.0, 5.0), "{points:?}");
}

#[test]
fn quantised_and_sparse_accessors_are_read() {
    let mut glb = glb_of(&square());
    let view = glb.view(&[0, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 255, 0, 0]);
    glb.json["bufferViews"][view]["byteStride"] = json!(4);
    let indices = glb.view(&[2, 0]);
    let values = glb.view(&[255, 128, 0]);
    let position = glb.push("accessors", json!({
        "bufferView": view, "componentType": 5121, "normalized": true, "count": 4, "type": "VEC3",
        "sparse": {
            "count": 1,
            "indices": {"bufferView": indices, "componentType": 5121},
            "values": {"bufferView": values},
        },
    }));
    glb.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = json!(position);
    glb.json["extensionsRequired"] = json!(["KHR_mesh_quantization"]);
    let mesh = read_glb(&glb).unwrap();
    assert_eq!(mesh.corners(0).unwrap()[1], [1.0, 0.0, 0.0]);
    assert_eq!(mesh.corners(0).unwrap()[2], [1.0, 128.0 / 255.0, 0.0]);
}

#[test]
fn cut_out_texels_make_no_paint_and_blended_ones_are_translucent() {
    let mut model = square();
    let holes = RgbaImage::from_fn(64, 64, |x, _| {
        Rgba([200, 100, 50, if x < 32 { 0 } else { 128 }])
    });
    model.palette = vec![Paint::Texture(holes)];
    let mut glb = glb_of(&model);
    for (mode, opacity) in [
        ("OPAQUE", Some(1.0)),
        ("MASK", Some(1.0)),
        ("BLEND", Some(128.0 / 255.0)),
    ] {
        glb.json["materials"][0]["alphaMode"] = json!(mode);
        let mesh = read_glb(&glb).unwrap();
        let opacity_at = |x| colour_at(&mesh, x, 0.5).map(|colour: [f32; 4]| colour[3]);
        assert_eq!(opacity_at(0.75), opacity, "{mode}");
        assert_eq!(opacity_at(0.25).is_some(), mode == "OPAQUE", "{mode}");
    }
    glb.json["materials"][0]["alphaMode"] = json!("MASK");
    glb.json["materials"][0]["alphaCutoff"] = json!(0.6);
    assert_eq!(colour_at(&read_glb(&glb).unwrap(), 0.75, 0.5), None);
}

#[test]
fn what_cannot_be_read_is_named() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut glb = glb_of(&square());
        change(&mut glb.json);
        read_glb(&glb).unwrap_err()
    };
    let draco = refused(&|json| {
        json["meshes"][0]["primitives"][0]["extensions"] =
            json!({"KHR_draco_mesh_compression": {"bufferView": 0}});
    });
    assert_eq!(
        draco,
        MeshError::Extension("KHR_draco_mesh_compression".into())
    );
    let line = draco.to_string();
    assert!(
        line.contains("KHR_draco_mesh_compression") && line.contains("export it without"),
        "{line}"
    );
    let required = refused(&|json| json["extensionsRequired"] = json!(["EXT_meshopt_compression"]));
    assert_eq!(
        required,
        MeshError::Extension("EXT_meshopt_compression".into())
    );
    // Fallback buffers of meshopt have no bytes.
    let meshopt = refused(&|json| {
        json["buffers"] = json!([{"byteLength": 9}, {"byteLength": 9}]);
        json["bufferViews"][0]["buffer"] = json!(1);
        json["bufferViews"][0]["extensions"] = json!({"EXT_meshopt_compression": {}});
    });
    assert!(
        matches!(
            meshopt,
            MeshError::Malformed { .. } | MeshError::Extension(_)
        ),
        "{meshopt}"
    );
    let version = refused(&|json| json["asset"]["version"] = json!("1.0"));
    assert!(version.to_string().contains("version 1.0"), "{version}");
}

#[test]
fn what_does_no_harm_is_forgiven_with_a_note() {
    let mut model = square();
    model.palette = vec![Paint::Texture(flag())];
    let mut glb = glb_of(&model);
    glb.json["images"][0] = json!({"uri": "gone.png"});
    let mesh = read_glb(&glb).unwrap();
    assert!(mesh.notes()[0].contains("gone.png"), "{:?}", mesh.notes());
    glb.json["textures"][0] = json!({"extensions": {"KHR_texture_basisu": {"source": 0}}});
    let mesh = read_glb(&glb).unwrap();
    assert!(
        mesh.notes()[0].contains("KHR_texture_basisu"),
        "{:?}",
        mesh.notes()
    );
}
