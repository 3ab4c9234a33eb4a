//! Splats of a mesh look like the mesh: at least 28 dB in each of the validator's sixteen views.
//!
//! `MESH_SHEETS=DIR` writes what was compared as PNG files to look at.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::compare::{Comparison, compare};
use common::{Model, Paint, files, raster, shapes};
use glam::Vec3;
use image::{Rgba, RgbaImage};
use mesh::{MeshKind, Resolve, SampleOptions};
use serde_json::json;

/// What every view of every test mesh must reach.
const LEAST_DB: f64 = 28.0;

fn check(name: &str, model: &Model, bytes: &[u8], kind: MeshKind, resolve: Resolve<'_>) {
    let mesh = mesh::read(bytes, kind, resolve).unwrap();
    assert_eq!(
        mesh.notes().len(),
        usize::from(mesh.dropped() > 0),
        "{:?}",
        mesh.notes()
    );
    let started = std::time::Instant::now();
    let cloud = mesh::sample(&mesh, &SampleOptions::default()).unwrap();
    let took = started.elapsed();
    let count = cloud.len();
    let shade = |triangle, weights| raster::shade(model, triangle, weights);
    let comparison = compare(cloud, &model.positions, &model.triangles, &shade);
    println!(
        "{name}: {count} splats in {took:.2?}: {}",
        comparison.summary()
    );
    save(name, &comparison);
    assert!(
        comparison.worst() >= LEAST_DB,
        "{name}: {:?}",
        comparison.whole
    );
}

fn save(name: &str, comparison: &Comparison) {
    if let Some(folder) = std::env::var_os("MESH_SHEETS") {
        for (index, sheet) in comparison.sheets.iter().enumerate() {
            let file = std::path::Path::new(&folder).join(format!("{name}_{index}.png"));
            sheet.save(file).unwrap();
        }
    }
}

#[test]
fn a_sphere_under_a_fine_checker() {
    let model = shapes::sphere();
    check(
        "sphere",
        &model,
        &files::glb(&model),
        MeshKind::Glb,
        &|_| None,
    );
}

#[test]
fn a_box_with_a_colour_per_face() {
    let model = shapes::cuboid();
    check("box", &model, &files::glb(&model), MeshKind::Glb, &|_| None);
}

#[test]
fn a_knot_of_thin_tube() {
    let model = shapes::knot();
    check("knot", &model, &files::glb(&model), MeshKind::Glb, &|_| {
        None
    });
}

#[test]
fn a_ply_with_vertex_colours() {
    let model = shapes::bumps();
    check("bumps", &model, &files::ply(&model), MeshKind::Ply, &|_| {
        None
    });
}

#[test]
fn an_obj_with_library_and_texture() {
    let model = shapes::vase();
    let common::Paint::Texture(texture) = &model.palette[0] else {
        panic!()
    };
    let (obj, library) = files::obj(&model);
    let resolve = |name: &str| match name {
        "model.mtl" => Some(library.clone()),
        "textures/paint.png" => Some(files::png(texture)),
        _ => None,
    };
    check("vase", &model, &obj, MeshKind::Obj, &resolve);
}

/// A checkered ball on a turned, stretched plinth: two materials, nested nodes, one of them
/// mirroring.
#[test]
fn a_glb_of_two_materials_under_nodes() {
    let mut ball = shapes::sphere();
    let mut plinth = shapes::cuboid();
    let mut glb = files::Glb::default();
    let (ball_mesh, plinth_mesh) = (glb.model(&ball), glb.model(&plinth));
    let top = glb.push(
        "nodes",
        json!({"mesh": ball_mesh, "translation": [0.0, 1.2, 0.0]}),
    );
    let mirror = [
        -0.8, 0.0, 0.0, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.8, 0.0, 0.0, 0.1, 0.0, 1.0,
    ];
    glb.node(json!({"children": [top], "matrix": mirror}));
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let stretch = [2.0, 1.0, 1.5];
    glb.node(
        json!({"mesh": plinth_mesh, "rotation": [0.0, half, 0.0, half], "scale": stretch,
        "translation": [0.0, -0.3, 0.0]}),
    );
    for at in &mut ball.positions {
        *at =
            (*at + Vec3::new(0.0, 1.2, 0.0)) * Vec3::new(-0.8, 0.8, 0.8) + Vec3::new(0.0, 0.1, 0.0);
    }
    for at in &mut plinth.positions {
        let stretched = *at * Vec3::from(stretch);
        *at = Vec3::new(stretched.z, stretched.y - 0.3, -stretched.x);
    }
    let model = ball.with(plinth);
    check("nodes", &model, &glb.bytes(), MeshKind::Glb, &|_| None);
}

/// A ball with holes cut out by its texture, through which its other side shows.
#[test]
fn a_ball_with_holes_of_cut_out_texels() {
    let texture = RgbaImage::from_fn(1024, 512, |x, y| {
        let hole = (x % 256 > 120) && (y % 256 > 120);
        let [red, green, blue, _] = shapes::pixel(shapes::rainbow(x as f32 / 1024.0)).0;
        Rgba([red, green, blue, if hole { 0 } else { 255 }])
    });
    let mut model = Model {
        palette: vec![Paint::Texture(texture)],
        ..Model::default()
    };
    shapes::sheet(&mut model, [96, 48], 0, shapes::on_sphere, |_| Vec3::ONE);
    check("holes", &model, &files::glb(&model), MeshKind::Glb, &|_| {
        None
    });
}
