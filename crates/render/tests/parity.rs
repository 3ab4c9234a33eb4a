//! Our pictures against those of the reference renderer, which matches real gsplat on CUDA.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};

use common::{difference, read_ply, read_png};
use render::{
    Camera, CpuRenderer, Image, InstructionSet, Orbit, Scene, VALIDATOR_EXTENT, WHITE,
    validator_cameras,
};
use serde::Deserialize;
use splat::Cloud;

#[derive(Deserialize)]
struct Golden {
    views: Vec<GoldenView>,
}

#[derive(Deserialize)]
struct GoldenView {
    w2c: [[f32; 4]; 4],
    #[serde(rename = "K")]
    intrinsics: [[f32; 3]; 3],
    mean_rgb_u8: [f64; 3],
}

/// Acceptance of the project: PSNR ≥ 85 dB, ≥ 99.9 % of bytes equal, none further than 8.
fn assert_alike(ours: &Image, golden: &Image, name: &str) {
    assert_eq!(
        (ours.width, ours.height),
        (golden.width, golden.height),
        "{name}"
    );
    let found = difference(&ours.rgb, &golden.rgb);
    println!(
        "{name}: {:.2} dB, {:.4} % equal, at most {} off",
        found.psnr,
        found.equal * 100.0,
        found.worst
    );
    assert!(found.psnr >= 85.0, "{name}: {:.2} dB", found.psnr);
    assert!(
        found.equal >= 0.999,
        "{name}: {} of bytes equal",
        found.equal
    );
    assert!(found.worst <= 8, "{name}: {} off", found.worst);
}

fn check(folder: &Path, name: &str, cloud: &Cloud) {
    let golden: Golden =
        serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.json"))).unwrap())
            .unwrap();
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT)).unwrap();
    assert_eq!(scene.dropped(), 0);
    let cameras = validator_cameras(518).unwrap();
    for (camera, golden) in cameras.iter().zip(&golden.views) {
        assert_camera(camera, golden);
    }
    for set in InstructionSet::ALL {
        if set.is_available() {
            check_views(folder, name, cloud, &golden, set);
        } else {
            println!("skipped: no {set}");
        }
    }
}

fn check_views(folder: &Path, name: &str, cloud: &Cloud, golden: &Golden, set: InstructionSet) {
    let renderer = CpuRenderer::new(set);
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT)).unwrap();
    let views = renderer.render_views(&scene, &validator_cameras(518).unwrap(), WHITE);
    assert_eq!(views.len(), golden.views.len());
    for (index, (view, golden)) in views.iter().zip(&golden.views).enumerate() {
        assert_means(view, golden.mean_rgb_u8, index);
    }
    for index in [0, 1, 5, 9, 13] {
        let golden = read_png(&folder.join(format!("{name}_v{index:02}.png")));
        assert_alike(
            &views[index],
            &golden,
            &format!("{name} view {index}, {set}"),
        );
    }
    let camera = Camera::orbit(Orbit {
        azimuth_deg: 45.0,
        elevation_deg: 0.0,
        radius: 3.0,
        width: 1080,
        height: 1080,
        ..Orbit::default()
    })
    .unwrap();
    let view = renderer.render(&Scene::new(cloud, Some(1.0)).unwrap(), &camera, WHITE);
    let golden = read_png(&folder.join(format!("{name}_test1080.png")));
    assert_alike(&view, &golden, &format!("{name} at 1080, {set}"));
}

fn assert_means(view: &Image, expected: [f64; 3], index: usize) {
    for (channel, expected) in expected.into_iter().enumerate() {
        let bytes = view.rgb.iter().skip(channel).step_by(3);
        let sum: u64 = bytes.map(|&byte| u64::from(byte)).sum();
        let mean = sum as f64 / (518.0 * 518.0);
        assert!(
            (mean - expected).abs() < 1e-3,
            "view {index}: {mean} for {expected}"
        );
    }
}

fn assert_camera(camera: &Camera, golden: &GoldenView) {
    for (ours, golden) in camera
        .world_to_camera()
        .iter()
        .flatten()
        .zip(golden.w2c.iter().flatten())
    {
        assert!((ours - golden).abs() < 1e-6, "{ours} for {golden}");
    }
    assert_eq!(
        camera.focal(),
        [golden.intrinsics[0][0], golden.intrinsics[1][1]]
    );
    assert_eq!(
        camera.centre(),
        [golden.intrinsics[0][2], golden.intrinsics[1][2]]
    );
}

#[test]
fn torus_matches_the_reference() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let cloud = read_ply(&folder.join("torus.ply"));
    check(&folder, "torus", &cloud);
}

#[test]
fn the_validators_own_asset_matches_real_gsplat() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let ply = data.join("splats/hamburger.ply");
    if !ply.exists() {
        println!("skipped: no ../shared");
        return;
    }
    check(&data.join("goldens/render"), "hamburger", &read_ply(&ply));
}
