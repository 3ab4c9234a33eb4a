//! Views without a background: the renderer's own picture once they are given one, with coverage,
//! depth and facing of shapes of which these are known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::read_ply;
use render::{
    Camera, Image, Layers, Orbit, Scene, VALIDATOR_EXTENT, WHITE, render_layers, validator_cameras,
};
use splat::{Cloud, Splat};

const SIDE: u32 = 96;

fn camera(azimuth_deg: f64, elevation_deg: f64) -> Camera {
    Camera::orbit(Orbit {
        azimuth_deg,
        elevation_deg,
        width: SIDE,
        height: SIDE,
        ..Orbit::default()
    })
    .unwrap()
}

fn opaque(position: [f32; 3]) -> Splat {
    Splat {
        position,
        log_scale: [-3.2; 3],
        rotation: [1.0, 0.0, 0.0, 0.0],
        opacity_logit: 6.0,
        colour: [1.0, 0.5, -0.5],
    }
}

/// A square of opaque splats across the view of azimuth 0 and elevation 0, 2.2 from its camera.
fn plane() -> Layers {
    let cloud: Cloud = (0..21 * 21)
        .map(|index| {
            opaque([
                (index % 21 - 10) as f32 * 0.04,
                (index / 21 - 10) as f32 * 0.04,
                0.3,
            ])
        })
        .collect();
    render_layers(&Scene::new(&cloud, None).unwrap(), &camera(0.0, 0.0))
}

/// A ball of radius 0.6 around the origin.
fn ball() -> Scene {
    let golden_angle = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
    let cloud: Cloud = (0..6000)
        .map(|index| {
            let height = 1.0 - 2.0 * (index as f32 + 0.5) / 6000.0;
            let (sine, cosine) = (golden_angle * index as f32).sin_cos();
            let radius = (1.0 - height * height).sqrt();
            Splat {
                log_scale: [-4.3; 3],
                ..opaque([0.6 * radius * cosine, 0.6 * height, 0.6 * radius * sine])
            }
        })
        .collect();
    Scene::new(&cloud, None).unwrap()
}

fn at(image: &Image, column: u32, row: u32) -> [u8; 3] {
    let start = ((row * image.width + column) * 3) as usize;
    image.rgb[start..start + 3].try_into().unwrap()
}

#[test]
fn on_a_background_they_are_the_renderers_picture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let scene = Scene::new(&read_ply(&folder.join("torus.ply")), Some(VALIDATOR_EXTENT)).unwrap();
    for (index, camera) in validator_cameras(131)
        .unwrap()
        .iter()
        .enumerate()
        .step_by(3)
    {
        let layers = render_layers(&scene, camera);
        for background in [WHITE, [0.0; 3], [0.2, 0.4, 0.6]] {
            assert!(
                layers.over(background) == render::render(&scene, camera, background),
                "view {index} on {background:?}"
            );
        }
    }
}

#[test]
fn laying_the_transparent_picture_over_white_makes_the_opaque_one() {
    let scene = ball();
    let layers = render_layers(&scene, &camera(20.0, -15.0));
    let (over, transparent) = (layers.over(WHITE), layers.transparent());
    let mut partly = 0;
    for (opaque, pixel) in over.rgb.chunks(3).zip(transparent.rgba.chunks(4)) {
        let alpha = f32::from(pixel[3]) / 255.0;
        partly += u32::from((1..255).contains(&pixel[3]));
        for channel in 0..3 {
            let laid = f32::from(pixel[channel]) * alpha + 255.0 * (1.0 - alpha);
            assert!(
                (laid - f32::from(opaque[channel])).abs() <= 2.0,
                "{opaque:?} {pixel:?}"
            );
        }
    }
    assert!(partly > 50, "only {partly} pixels of an edge");
    assert_eq!(
        transparent.rgba[..4],
        [0; 4],
        "nothing stands in the corner"
    );
}

#[test]
fn where_nothing_stands_there_is_no_coverage_and_no_depth() {
    let layers = plane();
    assert_eq!(layers.transmittance[0], 1.0);
    assert_eq!((layers.colour[0], layers.depth[0]), ([0.0; 3], 0.0));
    let coverage = layers.painted_white().over([0.0; 3]);
    assert_eq!(at(&coverage, 0, 0), [0; 3]);
    assert!(at(&coverage, SIDE / 2, SIDE / 2)[0] > 250);
    let far = Scene::new(&[opaque([0.0, 0.0, 200.0])].into_iter().collect(), None).unwrap();
    let empty = render_layers(&far, &camera(0.0, 0.0));
    assert!(empty.transmittance.iter().all(|&through| through == 1.0));
    assert_eq!(empty.depth_range(), None);
}

#[test]
fn a_plane_has_one_depth_and_faces_the_camera() {
    let layers = plane();
    let [near, far] = layers.depth_range().unwrap();
    assert!(
        (near - 2.2).abs() < 1e-4 && (far - 2.2).abs() < 1e-4,
        "{near} to {far}"
    );
    let normals = layers.painted_by_normal(&camera(0.0, 0.0)).over([0.0; 3]);
    let [red, green, blue] = at(&normals, SIDE / 2, SIDE / 2);
    assert!(
        red.abs_diff(127) < 3 && green.abs_diff(127) < 3 && blue > 250,
        "{red} {green} {blue}"
    );
}

#[test]
fn a_ball_is_nearest_in_its_middle_and_faces_outwards() {
    let scene = ball();
    let (elevation, azimuth) = (0.0, 90.0);
    let camera = camera(azimuth, elevation);
    let layers = render_layers(&scene, &camera);
    let middle = layers.depth[(SIDE / 2 * SIDE + SIDE / 2) as usize];
    assert!((middle - 1.9).abs() < 0.03, "{middle}");
    // Along the row through the middle the depth is that of the ray's first hit.
    let [focal, _] = camera.focal();
    for column in [30, 38, 58, 66] {
        let slope = (column as f32 + 0.5 - 48.0) / focal;
        let (a, b, c) = (1.0 + slope * slope, 2.5_f32, 2.5 * 2.5 - 0.36);
        let hit = (b - (b * b - a * c).sqrt()) / a;
        let found = layers.depth[(SIDE / 2 * SIDE + column) as usize];
        assert!(
            (found - hit).abs() < 0.06,
            "column {column}: {found} for {hit}"
        );
    }
    let range = layers.depth_range().unwrap();
    let shades = layers.painted_by_depth(range).over([0.0; 3]);
    let shade = |column, row| at(&shades, column, row)[0];
    assert!(shade(48, 48) > 240, "{}", shade(48, 48));
    assert!(shade(48, 48) > shade(58, 48) && shade(58, 48) > shade(66, 48));
    assert_eq!(shade(0, 0), 0);
    let facing = layers.painted_by_normal(&camera).over([0.0; 3]);
    // The mean over a patch: single splats show.
    let mean = |column: u32, row: u32, channel: usize| {
        let patch = (0..49).map(|index| at(&facing, column + index % 7 - 3, row + index / 7 - 3));
        patch.map(|pixel| f64::from(pixel[channel])).sum::<f64>() / 49.0
    };
    // 16 of about 26 pixels out, the ball has turned by 37°: 127 ± 77. Splats have thickness, which
    // flattens it a little.
    let close = |column, row, channel, expected: f64| {
        let found = mean(column, row, channel);
        assert!(
            (found - expected).abs() < 25.0,
            "({column}, {row}): {found} for {expected}"
        );
    };
    close(64, 48, 0, 204.0); // red is to the right
    close(31, 48, 0, 51.0);
    close(48, 31, 1, 204.0); // green is up
    close(48, 64, 1, 51.0);
    assert!(mean(48, 48, 2) > 230.0, "blue is towards the camera");
}
