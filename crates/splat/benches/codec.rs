//! How long the containers take, on clouds of the size the subnet sees.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use splat::{Cloud, Splat, ply, spz};

/// A shell of splats with the spread of values that generated assets have. The numbers come from
/// a linear congruence: the same on every machine.
fn shell(count: usize) -> Cloud {
    let mut state = 17_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    (0..count)
        .map(|_| {
            let (azimuth, height) = (random() * std::f32::consts::TAU, random() * 2.0 - 1.0);
            let ring = (1.0 - height * height).sqrt() * 0.75;
            Splat {
                position: [ring * azimuth.cos(), height * 0.75, ring * azimuth.sin()],
                log_scale: std::array::from_fn(|_| -6.5 + random() * 2.0),
                rotation: std::array::from_fn(|_| random() * 2.0 - 1.0),
                opacity_logit: random() * 8.0 - 2.0,
                colour: [height, random() * 0.2, -height],
            }
        })
        .collect()
}

fn codec(criterion: &mut Criterion) {
    for count in [52_709, 400_000] {
        let cloud = shell(count);
        let ply_bytes = ply::write(&cloud);
        let spz_bytes = spz::encode(&cloud, spz::Level::DEFAULT).unwrap();
        let mut group = criterion.benchmark_group("codec");
        group
            .throughput(Throughput::Elements(count as u64))
            .sample_size(20);
        group.bench_function(BenchmarkId::new("ply_read", count), |bencher| {
            bencher.iter(|| ply::read(black_box(&ply_bytes)).unwrap());
        });
        group.bench_function(BenchmarkId::new("ply_write", count), |bencher| {
            bencher.iter(|| ply::write(black_box(&cloud)));
        });
        group.bench_function(BenchmarkId::new("spz_encode", count), |bencher| {
            bencher.iter(|| spz::encode(black_box(&cloud), spz::Level::DEFAULT).unwrap());
        });
        group.bench_function(BenchmarkId::new("spz_decode", count), |bencher| {
            bencher.iter(|| spz::decode(black_box(&spz_bytes)).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
