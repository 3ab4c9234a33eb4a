//! What judging one asset costs: the similarity of sixteen neighbouring views, and the whole
//! assessment with its rendering.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use judge::{Judge, JudgeConfig, Prompt, adjacent_similarities};

fn judging(criterion: &mut Criterion) {
    let torus = splat::ply::read(include_bytes!("../../render/tests/data/torus.ply")).unwrap();
    let judge = Judge::new(JudgeConfig::default());
    let prompt = Prompt::Text("a torus of glass".into());
    let views = judge.assess(&torus, &prompt).views;
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(10);
    group.bench_function("ssim_16_pairs_518", |bencher| {
        bencher.iter(|| adjacent_similarities(black_box(&views)).unwrap());
    });
    group.bench_function("assess_torus_12k", |bencher| {
        bencher.iter(|| judge.assess(black_box(&torus), &prompt));
    });
    group.finish();
}

criterion_group!(benches, judging);
criterion_main!(benches);
