//! The fast renderer against its plain twin, on clouds of every unpleasant kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/clouds.rs"]
mod clouds;
mod common;
#[path = "common/twin.rs"]
mod twin;

use common::difference;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use render::{
    Camera, CpuRenderer, InstructionSet, Orbit, Scene, VALIDATOR_EXTENT, WHITE, render_views,
    validator_cameras,
};
use splat::{Cloud, Splat};

/// Needles, veils and specks, colours out of range, equal depths, opacities from nothing to ∞.
fn cloud(random: &mut ChaCha8Rng, count: usize) -> Cloud {
    (0..count)
        .map(|index| {
            let smallest: f32 = random.random_range(-7.0..-2.0);
            let largest: f32 = random.random_range(-3.0..0.5);
            let logit: f32 = random.random_range(-7.0..7.0);
            Splat {
                // A coarse lattice makes many depths equal.
                position: std::array::from_fn(|_| random.random_range(-8..=8_i8).into())
                    .map(|place: f32| place * 0.1),
                log_scale: [
                    smallest,
                    if index % 3 == 0 { largest } else { smallest },
                    random.random_range(-6.0..-2.0),
                ],
                rotation: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
                opacity_logit: if index % 17 == 0 {
                    f32::INFINITY
                } else {
                    logit
                },
                colour: std::array::from_fn(|_| random.random_range(-3.0..4.0)),
            }
        })
        .collect()
}

#[test]
fn fast_and_plain_agree() {
    let (mut covered, mut pixels) = (0, 0);
    for seed in 0..24 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let cloud = cloud(&mut random, [3, 40, 400][seed as usize % 3]);
        let camera = Camera::orbit(Orbit {
            azimuth_deg: random.random_range(-400.0..400.0),
            elevation_deg: random.random_range(-90.0..90.0),
            // From inside the cloud to far off.
            radius: [0.3, 1.0, 2.5, 20.0][seed as usize % 4],
            fov_y_deg: random.random_range(20.0..100.0),
            width: random.random_range(1..120),
            height: random.random_range(1..90),
        })
        .unwrap();
        let background = [0.2, 1.0, 0.6];
        let background_bytes = [51, 255, 153];
        let extent = random.random_range(0.5..3.0);
        let scene = Scene::new(&cloud, Some(extent)).unwrap();
        let fast = render::render(&scene, &camera, background);
        let plain = twin::render(&cloud, extent, &camera, background);
        let found = difference(&fast.rgb, &plain);
        println!(
            "seed {seed}: {:.1} dB, worst {}, equal {:.5}",
            found.psnr, found.worst, found.equal
        );
        assert!(found.psnr >= 70.0, "seed {seed}: {:.1} dB", found.psnr);
        assert!(found.worst <= 8, "seed {seed}: {} off", found.worst);
        assert!(found.equal >= 0.995, "seed {seed}: {} equal", found.equal);
        covered += plain
            .chunks(3)
            .filter(|pixel| *pixel != background_bytes)
            .count();
        pixels += plain.len() / 3;
    }
    println!("{covered} of {pixels} pixels covered");
    assert!(
        covered * 3 > pixels,
        "the clouds are mostly out of sight: {covered} of {pixels}"
    );
}

/// Every instruction set, on whole views of the validator's: the project's acceptance.
#[test]
fn every_instruction_set_agrees_with_the_plain_twin() {
    let cameras = validator_cameras(518).unwrap();
    for (name, cloud, decibels) in [
        ("trellis-like", clouds::trellis_like(4_000), 85.0),
        ("ball", clouds::ball(4_000), 85.0),
        // Image-filling veils and needles in colours out of range add up the last bits of either side.
        (
            "awkward",
            cloud(&mut ChaCha8Rng::seed_from_u64(99), 150),
            82.0,
        ),
    ] {
        let scene = Scene::new(&cloud, Some(VALIDATOR_EXTENT)).unwrap();
        for camera in [&cameras[2], &cameras[7]] {
            let plain = twin::render(&cloud, VALIDATOR_EXTENT, camera, WHITE);
            for set in InstructionSet::ALL {
                if !set.is_available() {
                    println!("skipped: no {set}");
                    continue;
                }
                let fast = CpuRenderer::new(set).render(&scene, camera, WHITE);
                let found = difference(&fast.rgb, &plain);
                println!(
                    "{name}, {set}: {:.1} dB, worst {}, equal {:.6}",
                    found.psnr, found.worst, found.equal
                );
                assert!(
                    found.psnr >= decibels,
                    "{name}, {set}: {:.1} dB",
                    found.psnr
                );
                assert!(found.worst <= 8, "{name}, {set}: {} off", found.worst);
                assert!(found.equal >= 0.999, "{name}, {set}: {}", found.equal);
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let cloud = cloud(&mut ChaCha8Rng::seed_from_u64(7), 20_000);
    let scene = Scene::new(&cloud, Some(1.5)).unwrap();
    let cameras = validator_cameras(130).unwrap();
    let with = |threads: usize, count: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| render_views(&scene, &cameras[..count], WHITE))
    };
    let one = with(1, 16);
    assert_eq!(one, with(5, 16));
    assert_eq!(one[..2], with(5, 2), "few views are spread tile by tile");
    assert_eq!(one[0], render::render(&scene, &cameras[0], WHITE));
    assert_eq!(one[0], one[15], "the last view repeats the first");
}
