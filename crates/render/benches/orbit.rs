//! The validator's sixteen views, as judging renders them: one asset of awkward splats, and one as
//! dense as a small generated asset.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use render::{Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE, render_views, validator_cameras};
use splat::{Cloud, Splat};

/// Splats spread evenly over a bumpy sphere, lying flat on it, most of them nearly opaque.
fn shell(count: usize) -> Cloud {
    (0..count)
        .map(|index| {
            let height = 1.0 - 2.0 * (index as f32 + 0.5) / count as f32;
            let angle = index as f32 * 2.399_963_2;
            let bump = 0.7 + 0.05 * (9.0 * height + 5.0 * angle.sin()).sin();
            let ring = (1.0 - height * height).sqrt();
            let direction = [ring * angle.cos(), height, ring * angle.sin()];
            Splat {
                position: direction.map(|part| part * bump),
                log_scale: [-4.6, -4.6, -6.5],
                // Turns the flat z axis of the splat to the direction it faces.
                rotation: [1.0 + direction[2], -direction[1], direction[0], 0.0],
                opacity_logit: 2.0 + 2.0 * angle.sin(),
                colour: direction,
            }
        })
        .collect()
}

fn orbit(criterion: &mut Criterion) {
    let torus = splat::ply::read(include_bytes!("../tests/data/torus.ply")).unwrap();
    let cameras = validator_cameras(VALIDATOR_SIZE).unwrap();
    let mut group = criterion.benchmark_group("orbit");
    group.sample_size(10);
    for (name, cloud) in [("torus_12k", torus), ("shell_50k", shell(50_000))] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let scene = Scene::new(black_box(&cloud), Some(VALIDATOR_EXTENT)).unwrap();
                render_views(&scene, &cameras, WHITE)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, orbit);
criterion_main!(benches);
