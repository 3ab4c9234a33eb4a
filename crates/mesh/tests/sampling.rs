//! What a cloud of splats promises, whatever the mesh.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Model, Paint, files, shapes};
use glam::{Quat, Vec3};
use image::{Rgba, RgbaImage};
use mesh::{Mesh, MeshError, MeshKind, SampleOptions, sample};
use splat::Cloud;

fn read(model: &Model) -> Mesh {
    mesh::read(&files::glb(model), MeshKind::Glb, &|_| None).unwrap()
}

fn cloud(model: &Model, splats: usize, seed: u64) -> Cloud {
    sample(&read(model), &SampleOptions { splats, seed }).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_cloud_on_any_number_of_threads() {
    let model = shapes::sphere();
    let first = cloud(&model, 9_000, 7);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(first, pool.install(|| cloud(&model, 9_000, 7)));
    assert_ne!(first, cloud(&model, 9_000, 8));
}

#[test]
fn there_are_as_many_splats_as_asked_for() {
    for splats in [1, 10, 1000, 20_000] {
        let count = cloud(&shapes::cuboid(), splats, 0).len();
        assert!(
            count <= splats && count * 20 >= splats * 19,
            "{count} of {splats}"
        );
    }
    let mesh = read(&shapes::cuboid());
    for splats in [0, mesh::MAX_SPLATS + 1] {
        let refused = sample(&mesh, &SampleOptions { splats, seed: 0 }).unwrap_err();
        assert_eq!(refused, MeshError::BadSplats(splats));
    }
}

#[test]
fn splats_lie_flat_on_the_surface() {
    let model = Model {
        palette: vec![Paint::Plain(Vec3::ONE)],
        ..Model::default()
    };
    let mut ball = model;
    shapes::sheet(
        &mut ball,
        [128, 64],
        0,
        |at| 3.0 * shapes::on_sphere(at) + Vec3::X,
        |_| Vec3::ONE,
    );
    for splat in cloud(&ball, 20_000, 0).iter() {
        let from = Vec3::from(splat.position) - Vec3::X;
        // Drawn in by a pixel of 340 or two, of six units.
        assert!((2.9..3.001).contains(&from.length()), "{}", from.length());
        let [w, x, y, z] = splat.rotation;
        let normal = Quat::from_xyzw(x, y, z, w) * Vec3::Z;
        assert!(normal.dot(from.normalize()) > 0.98, "{normal} at {from}");
        let [long, short, thin] = splat.log_scale;
        assert!(thin < short && thin < long, "{:?}", splat.log_scale);
    }
}

#[test]
fn detail_gets_more_of_the_splats() {
    let texture = RgbaImage::from_fn(256, 256, |x, y| {
        let dark = x >= 128 && (x / 8 + y / 8) % 2 == 0;
        Rgba(if dark { [0, 0, 0, 255] } else { [255; 4] })
    });
    let mut model = Model {
        palette: vec![Paint::Texture(texture)],
        ..Model::default()
    };
    shapes::sheet(&mut model, [1, 1], 0, |at| at.extend(0.0), |_| Vec3::ONE);
    let cloud = cloud(&model, 10_000, 0);
    let busy = cloud.iter().filter(|splat| splat.position[0] > 0.5).count();
    assert!(busy * 20 > cloud.len() * 11, "{busy} of {}", cloud.len());
}

#[test]
fn colours_of_two_sides_of_an_edge_do_not_mix() {
    let texture = RgbaImage::from_fn(256, 256, |x, _| {
        Rgba(if x < 128 {
            [255, 0, 0, 255]
        } else {
            [0, 0, 255, 255]
        })
    });
    let mut model = Model {
        palette: vec![Paint::Texture(texture)],
        ..Model::default()
    };
    shapes::sheet(&mut model, [1, 1], 0, |at| at.extend(0.0), |_| Vec3::ONE);
    let cloud = cloud(&model, 10_000, 0);
    let purple = cloud.iter().filter(|splat| {
        let [red, _, blue] = splat.colour.map(|value| 0.5 + 0.282_094_8 * value);
        red > 0.2 && blue > 0.2
    });
    let mixed = purple.count();
    assert!(mixed * 33 < cloud.len(), "{mixed} of {}", cloud.len());
}

#[test]
fn cut_out_places_stay_empty_and_glass_lets_through() {
    let texture = RgbaImage::from_fn(256, 256, |x, _| {
        Rgba([255, 255, 255, if x < 128 { 0 } else { 255 }])
    });
    let mut model = Model {
        palette: vec![Paint::Texture(texture)],
        ..Model::default()
    };
    shapes::sheet(&mut model, [1, 1], 0, |at| at.extend(0.0), |_| Vec3::ONE);
    let cut = cloud(&model, 5_000, 0);
    let lowest = cut
        .iter()
        .map(|splat| splat.position[0])
        .fold(f32::MAX, f32::min);
    assert!(lowest > 0.495, "{lowest}");
    let opacity = |cloud: &Cloud| {
        let logits = cloud
            .iter()
            .map(|splat| 1.0 / (1.0 + (-splat.opacity_logit).exp()));
        logits.sum::<f32>() / cloud.len() as f32
    };
    assert!(opacity(&cut) > 0.95);

    let all_cut = RgbaImage::from_pixel(4, 4, Rgba([255, 255, 255, 0]));
    model.palette = vec![Paint::Texture(all_cut)];
    let mesh = read(&model);
    let refused = sample(&mesh, &SampleOptions::default()).unwrap_err();
    assert_eq!(refused, MeshError::Transparent);

    let text = "mtllib m\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl glass\nf 1 2 3 4\n";
    let library = |_: &str| Some(b"newmtl glass\nKd 1 1 1\nd 0.3\n".to_vec());
    let glass = mesh::read(text.as_bytes(), MeshKind::Obj, &library).unwrap();
    let glass = sample(
        &glass,
        &SampleOptions {
            splats: 5_000,
            seed: 0,
        },
    )
    .unwrap();
    assert!(
        (0.02..0.3).contains(&opacity(&glass)),
        "{}",
        opacity(&glass)
    );
}

#[test]
fn a_cloud_stays_where_its_mesh_is() {
    let mut model = shapes::cuboid();
    for position in &mut model.positions {
        *position = *position * 40.0 + Vec3::new(1000.0, -500.0, 30.0);
    }
    let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
    for splat in cloud(&model, 8_000, 0).iter() {
        low = low.min(splat.position.into());
        high = high.max(splat.position.into());
    }
    let (wanted_low, wanted_high) = model
        .positions
        .iter()
        .fold((Vec3::MAX, Vec3::MIN), |(low, high), at| {
            (low.min(*at), high.max(*at))
        });
    assert!(
        (low - wanted_low).abs().max_element() < 1.5,
        "{low} {wanted_low}"
    );
    assert!(
        (high - wanted_high).abs().max_element() < 1.5,
        "{high} {wanted_high}"
    );
}
