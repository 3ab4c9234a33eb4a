//! How long the containers take, on clouds of the size the subnet sees.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::path::Path;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use splat::spz::{Compression, Flavour, Level, niantic::Version};
use splat::{Cloud, Container, Splat, ply, read_named, spz};

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

/// A PLY of the same splats with its properties in reverse, one of them a byte: the long way round.
fn reversed(cloud: &Cloud) -> Vec<u8> {
    let written = ply::write(cloud);
    let end = b"end_header\n";
    let body = written
        .windows(end.len())
        .position(|bytes| bytes == end)
        .unwrap()
        + end.len();
    let header = String::from_utf8(written[..body].to_vec()).unwrap();
    let mut lines: Vec<&str> = header.lines().collect();
    lines[3..17].reverse();
    lines.insert(17, "property uchar label");
    let mut bytes = (lines.join("\n") + "\n").into_bytes();
    let (rows, _) = written[body..].as_chunks::<56>();
    for row in rows {
        bytes.extend(row.as_chunks::<4>().0.iter().rev().flatten());
        bytes.push(7);
    }
    bytes
}

fn spz_of_the_subnet(group: &mut BenchmarkGroup<'_, WallTime>, cloud: &Cloud, count: usize) {
    for (level, workers) in [(1, 1), (1, 2), (3, 2), (9, 2)] {
        let compression = Compression {
            level: Some(Level::new(level)),
            workers: Some(workers),
        };
        let name = format!("spz_encode_level_{level}_workers_{workers}");
        group.bench_function(BenchmarkId::new(name, count), |bencher| {
            bencher.iter(|| spz::encode_with(black_box(cloud), compression).unwrap());
        });
    }
    let packed = spz::encode(cloud, Level::DEFAULT).unwrap();
    group.bench_function(
        BenchmarkId::new("spz_transcode_to_niantic", count),
        |bencher| {
            let target = Flavour::Niantic(Version::V2);
            bencher.iter(|| spz::transcode(&packed, target, Compression::default()).unwrap());
        },
    );
}

fn codec(criterion: &mut Criterion) {
    for count in [52_709, 400_000] {
        let cloud = shell(count);
        let mut group = criterion.benchmark_group("codec");
        group
            .throughput(Throughput::Elements(count as u64))
            .sample_size(20);
        for container in Container::ALL {
            let bytes = container.write(&cloud).unwrap();
            let name = format!("file.{}", container.extension());
            group.bench_function(
                BenchmarkId::new(format!("{container}_write"), count),
                |bencher| {
                    bencher.iter(|| container.write(black_box(&cloud)).unwrap());
                },
            );
            group.bench_function(
                BenchmarkId::new(format!("{container}_read"), count),
                |bencher| {
                    bencher.iter(|| read_named(black_box(&bytes), Path::new(&name)).unwrap());
                },
            );
        }
        let odd = reversed(&cloud);
        group.bench_function(BenchmarkId::new("ply_read_odd_rows", count), |bencher| {
            bencher.iter(|| ply::read(black_box(&odd)).unwrap());
        });
        spz_of_the_subnet(&mut group, &cloud, count);
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
