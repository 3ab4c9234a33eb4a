//! The GPU rasteriser against the goldens, the plain twin and the CPU renderer. It wants an adapter,
//! which `mesa-vulkan-drivers` (lavapipe) is; with SPLATSMITH_GPU_REQUIRED=1 its absence is a failure.
//! With `-- --nocapture` it tells of every picture whether all bytes are the CPU's, and else why not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/account.rs"]
mod account;
mod common;
#[path = "common/twin.rs"]
mod twin;
#[path = "common/views.rs"]
mod views;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use common::{difference, read_ply, read_png};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use render::{
    Camera, Device, GpuRenderer, Image, Orbit, Renderer, Scene, VALIDATOR_EXTENT, WHITE,
    render_views, validator_cameras,
};
use splat::{Cloud, Splat};
use views::{Views, assert_alike};

/// The one renderer of all tests: they also show that it can be used again.
fn renderer() -> Option<MutexGuard<'static, GpuRenderer>> {
    static RENDERER: OnceLock<Option<Mutex<GpuRenderer>>> = OnceLock::new();
    let renderer = RENDERER.get_or_init(|| match GpuRenderer::new() {
        Ok(renderer) => {
            println!("{}", renderer.adapter());
            Some(Mutex::new(renderer))
        }
        Err(error) => {
            let required =
                std::env::var_os("SPLATSMITH_GPU_REQUIRED").is_some_and(|set| set == "1");
            assert!(!required, "{error}");
            println!("skipped: no adapter");
            None
        }
    });
    // A failed test says nothing about the renderer.
    let lock = |renderer: &'static Mutex<GpuRenderer>| {
        renderer.lock().unwrap_or_else(PoisonError::into_inner)
    };
    renderer.as_ref().map(lock)
}

fn orbit(width: u32, height: u32) -> Camera {
    Camera::orbit(Orbit {
        width,
        height,
        ..Orbit::default()
    })
    .unwrap()
}

fn check_goldens(renderer: &mut GpuRenderer, folder: &Path, name: &str, cloud: &Cloud) {
    let cameras = validator_cameras(518).unwrap();
    let views = Views {
        cloud,
        extent: Some(VALIDATOR_EXTENT),
        cameras: &cameras,
        background: WHITE,
    };
    let views = views.like_the_cpus(renderer, name);
    assert_eq!(views[0], views[15], "the last view repeats the first");
    for index in [0, 1, 5, 9, 13] {
        let golden = read_png(&folder.join(format!("{name}_v{index:02}.png")));
        assert_alike(
            &views[index].rgb,
            &golden.rgb,
            &format!("{name} view {index}"),
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
    let view = Views {
        cloud,
        extent: Some(1.0),
        cameras: &[camera],
        background: WHITE,
    };
    let view = view.like_the_cpus(renderer, name);
    let golden = read_png(&folder.join(format!("{name}_test1080.png")));
    assert_alike(&view[0].rgb, &golden.rgb, &format!("{name} at 1080"));
}

#[test]
fn torus_matches_the_reference() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let cloud = read_ply(&folder.join("torus.ply"));
    check_goldens(&mut renderer, &folder, "torus", &cloud);
}

#[test]
fn the_validators_own_asset_matches_real_gsplat() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let ply = data.join("splats/hamburger.ply");
    if !ply.exists() {
        println!("skipped: no ../shared");
        return;
    }
    let folder = data.join("goldens/render");
    check_goldens(&mut renderer, &folder, "hamburger", &read_ply(&ply));
}

/// Needles and specks, some nearly as long as the cloud, opacities from nothing to ∞, and colours
/// out of range by `vividness`.
fn wild_cloud(random: &mut ChaCha8Rng, count: usize, vividness: f32) -> Cloud {
    (0..count)
        .map(|index| Splat {
            position: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
            log_scale: [
                random.random_range(-7.0..-2.0),
                random.random_range(-7.0..if index % 3 == 0 { 0.5 } else { -3.0 }),
                random.random_range(-6.0..-2.0),
            ],
            rotation: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
            opacity_logit: match index % 17 {
                0 => f32::INFINITY,
                1 => f32::NEG_INFINITY,
                _ => random.random_range(-7.0..7.0),
            },
            colour: std::array::from_fn(|_| random.random_range(-vividness..vividness)),
        })
        .collect()
}

#[test]
fn synthetic_clouds_match_the_plain_twin() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    let background = [0.2, 1.0, 0.6];
    for seed in 0..24 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // Every fourth is seen from within, in colours far out of range: rounding shows there, the
        // CPU's too.
        let absurd = seed % 4 == 3;
        let vividness = if absurd { 4.0 } else { 2.0 };
        let cloud = wild_cloud(&mut random, [3, 40, 400][seed as usize % 3], vividness);
        let camera = Camera::orbit(Orbit {
            azimuth_deg: random.random_range(-400.0..400.0),
            elevation_deg: random.random_range(-90.0..90.0),
            radius: [2.5, 5.0, 20.0, 0.3][seed as usize % 4],
            fov_y_deg: random.random_range(20.0..100.0),
            width: random.random_range(100..240),
            height: random.random_range(100..180),
        })
        .unwrap();
        let extent = random.random_range(0.5..3.0);
        let views = Views {
            cloud: &cloud,
            extent: Some(extent),
            cameras: std::slice::from_ref(&camera),
            background,
        };
        let ours = &views.like_the_cpus(&mut renderer, &format!("seed {seed}"))[0];
        let plain = twin::render(&cloud, extent, &camera, background);
        let found = difference(&ours.rgb, &plain);
        println!(
            "seed {seed}: {:.2} dB, {:.5} equal",
            found.psnr, found.equal
        );
        // No more is asked of the CPU: see the test of the twin. Needles show the last bits of either.
        let decibels = if absurd { 70.0 } else { 80.0 };
        assert!(found.psnr >= decibels, "seed {seed}: {:.2} dB", found.psnr);
        assert!(found.equal >= 0.995, "seed {seed}: {}", found.equal);
        assert!(found.worst <= 8, "seed {seed}: {} off", found.worst);
    }
}

#[test]
fn odd_sizes_and_views_of_nothing() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    let cloud = wild_cloud(&mut ChaCha8Rng::seed_from_u64(99), 300, 2.0);
    let sizes = [
        (1, 1),
        (16, 16),
        (17, 1),
        (1, 33),
        (31, 15),
        (257, 3),
        (64, 129),
    ];
    let cameras = sizes.map(|(width, height)| orbit(width, height));
    let views = Views {
        cloud: &cloud,
        extent: Some(VALIDATOR_EXTENT),
        cameras: &cameras,
        background: [0.0, 0.5, 1.0],
    };
    let views = views.like_the_cpus(&mut renderer, "odd sizes");
    for (view, (width, height)) in views.iter().zip(sizes) {
        assert_eq!((view.width, view.height), (width, height));
    }
    let scene = Scene::new(&cloud, Some(VALIDATOR_EXTENT)).unwrap();
    assert!(
        renderer
            .render_views(&scene, &[], WHITE)
            .unwrap()
            .is_empty()
    );
    // Everything lies behind the camera, or beside what it sees.
    let aside: Cloud = [[0.0, 0.0, 50.0], [40.0, 0.0, 0.0]]
        .map(|position| Splat {
            position,
            log_scale: [-3.0; 3],
            rotation: [1.0, 0.0, 0.0, 0.0],
            opacity_logit: 3.0,
            colour: [0.0; 3],
        })
        .into_iter()
        .collect();
    let scene = Scene::new(&aside, None).unwrap();
    let views = renderer
        .render_views(&scene, &[orbit(50, 20)], [0.0, 0.5, 2.0])
        .unwrap();
    assert_eq!(views[0].rgb, [0, 127, 255].repeat(50 * 20));
}

/// Splats that fill the image, one behind the other.
fn veils(count: usize, opacity_logit: f32) -> Cloud {
    (0..count)
        .map(|index| Splat {
            position: [0.0, 0.0, 0.5 - index as f32 / count as f32],
            log_scale: [2.0, 2.0, -5.0],
            rotation: [1.0, 0.0, 0.0, 0.0],
            opacity_logit,
            colour: [
                (index as f32 * 0.1).sin(),
                (index as f32 * 0.2).sin(),
                index as f32 / count as f32,
            ],
        })
        .collect()
}

#[test]
fn image_filling_splats_are_blended_in_windows() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    // 33 · 33 tiles each: several windows of pairs. The faint never close a pixel.
    for (count, logit) in [(600, -4.5), (1200, 4.0)] {
        let views = Views {
            cloud: &veils(count, logit),
            extent: None,
            cameras: &[orbit(518, 518), orbit(300, 700)],
            background: WHITE,
        };
        for view in views.like_the_cpus(&mut renderer, &format!("{count} veils of {logit}")) {
            assert!(view.rgb.iter().any(|&byte| byte != 255));
        }
    }
}

#[test]
fn large_images_are_blended_in_strips() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    let cloud = wild_cloud(&mut ChaCha8Rng::seed_from_u64(5), 200, 2.0);
    // 157 · 132 tiles: two strips.
    let views = Views {
        cloud: &cloud,
        extent: Some(VALIDATOR_EXTENT),
        cameras: &[orbit(2500, 2100)],
        background: WHITE,
    };
    views.like_the_cpus(&mut renderer, "2500×2100");
}

#[test]
fn many_splats_on_many_tiles_are_blended_in_batches() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    // 2^14 tiles, of which 2^18 splats might each touch all: two batches.
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let cloud: Cloud = (0..270_000)
        .map(|_| Splat {
            position: std::array::from_fn(|_| random.random_range(-0.7..0.7)),
            log_scale: [-7.0; 3],
            rotation: [1.0, 0.0, 0.0, 0.0],
            opacity_logit: 5.0,
            colour: std::array::from_fn(|_| random.random_range(-2.0..2.0)),
        })
        .collect();
    let views = Views {
        cloud: &cloud,
        extent: None,
        cameras: &[orbit(2048, 2048)],
        background: WHITE,
    };
    views.like_the_cpus(&mut renderer, "270000 splats on 2048²");
}

#[test]
fn repeated_renders_are_the_same() {
    let Some(mut renderer) = renderer() else {
        return;
    };
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let clouds = [20_000, 70_000, 100].map(|count| wild_cloud(&mut random, count, 2.0));
    let scenes = clouds.map(|cloud| Scene::new(&cloud, Some(VALIDATOR_EXTENT)).unwrap());
    let cameras = [orbit(130, 130), orbit(75, 200)];
    let mut render =
        |scene: &Scene| -> Vec<Image> { renderer.render_views(scene, &cameras, WHITE).unwrap() };
    let first: Vec<_> = scenes.iter().map(&mut render).collect();
    let again: Vec<_> = scenes.iter().map(&mut render).collect();
    assert_eq!(first, again);
    assert_ne!(first[0], first[1]);
}

#[test]
fn a_device_is_opened_by_name() {
    if renderer().is_none() {
        return;
    }
    let scene = Scene::new(&veils(20, 1.0), None).unwrap();
    let cameras = [orbit(70, 50)];
    let fast = render_views(&scene, &cameras, WHITE);
    for device in [Device::Gpu, Device::Auto] {
        let mut renderer = Renderer::open(device).unwrap();
        println!("{device:?}: {}", renderer.name());
        let views = renderer.render_views(&scene, &cameras, WHITE).unwrap();
        assert_alike(&views[0].rgb, &fast[0].rgb, &renderer.name());
    }
    let software = GpuRenderer::new().unwrap().is_software();
    let auto = Renderer::open(Device::Auto).unwrap();
    assert_eq!(software, auto.name() == "the CPU");
}
