//! The validator's sixteen views, as judging renders them: an asset of awkward splats, the validator's
//! own where it is at hand, and ones as large as generated assets are.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/common/clouds.rs"]
mod clouds;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use render::{Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE, render_views, validator_cameras};

fn orbit(criterion: &mut Criterion) {
    let torus = splat::ply::read(include_bytes!("../tests/data/torus.ply")).unwrap();
    let mut clouds = vec![
        ("torus 12k", torus),
        ("trellis-like 268k", clouds::trellis_like(267_776)),
        ("ball 400k", clouds::ball(400_000)),
    ];
    clouds.extend(clouds::hamburger().map(|cloud| ("hamburger 53k", cloud)));
    let cameras = validator_cameras(VALIDATOR_SIZE).unwrap();
    let mut group = criterion.benchmark_group("orbit");
    group.sample_size(10);
    for (name, cloud) in clouds {
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
