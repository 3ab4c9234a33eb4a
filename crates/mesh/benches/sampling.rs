//! A textured sphere of 9216 triangles, read and covered with 200 000 splats.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{files, shapes};
use criterion::{Criterion, criterion_group, criterion_main};
use mesh::{MeshKind, SampleOptions, read, sample};

fn sampling(criterion: &mut Criterion) {
    let bytes = files::glb(&shapes::sphere());
    let mut group = criterion.benchmark_group("mesh");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    group.bench_function("read a textured GLB", |bencher| {
        bencher.iter(|| read(black_box(&bytes), MeshKind::Glb, &|_| None).unwrap());
    });
    let mesh = read(&bytes, MeshKind::Glb, &|_| None).unwrap();
    let options = SampleOptions::default();
    group.bench_function("200k splats", |bencher| {
        bencher.iter(|| sample(black_box(&mesh), &options).unwrap());
    });
    group.finish();
}

criterion_group!(benches, sampling);
criterion_main!(benches);
