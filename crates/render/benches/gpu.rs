//! The validator's sixteen views on the GPU beside the CPU, the scene handed over each time. The
//! validator's own asset is measured where ../shared has it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use render::{Device, Renderer, Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE, validator_cameras};

fn views(criterion: &mut Criterion) {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let cameras = validator_cameras(VALIDATOR_SIZE).unwrap();
    let mut group = criterion.benchmark_group("views");
    group.sample_size(10);
    for (name, path) in [
        ("torus", "tests/data/torus.ply"),
        ("hamburger", "../../../shared/data/splats/hamburger.ply"),
    ] {
        let Ok(bytes) = std::fs::read(here.join(path)) else {
            println!("skipped: no {name}");
            continue;
        };
        let cloud = splat::ply::read(&bytes).unwrap();
        let scene = Scene::new(&cloud, Some(VALIDATOR_EXTENT)).unwrap();
        for device in [Device::Cpu, Device::Gpu] {
            let mut renderer = match Renderer::open(device) {
                Ok(renderer) => renderer,
                Err(error) => {
                    println!("skipped: {error}");
                    continue;
                }
            };
            group.bench_function(format!("{name} on {}", renderer.name()), |bencher| {
                bencher.iter(|| renderer.render_views(&scene, &cameras, WHITE).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, views);
criterion_main!(benches);
