//! CPU of the wire for one task, without the network: the licence signature, and the JSON of a
//! submission as large as the SPZ of some 50,000 splats, out and back in.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use bittensor::Keypair;
use criterion::{Criterion, criterion_group, criterion_main};
use subnet17::{SubmitResults, licence};

fn benchmark(criterion: &mut Criterion) {
    let (miner, validator) = (Keypair::generate(), Keypair::generate().public());
    criterion.bench_function("sign a licence", |bencher| {
        bencher.iter(|| licence::sign(&miner, black_box(1), "a red ceramic teapot", &validator));
    });
    let results: Arc<str> = "AbC+/012".repeat(946_000 * 4 / 3 / 8).into();
    let submission = SubmitResults::new("id", results, 1, "signature");
    criterion.bench_function("write a submission of 946 kB", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&submission)).unwrap());
    });
    let json = serde_json::to_vec(&submission).unwrap();
    criterion.bench_function("read a submission of 946 kB", |bencher| {
        bencher.iter(|| serde_json::from_slice::<SubmitResults>(black_box(&json)).unwrap());
    });
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
