//! A device's memory: what is free of it, and what is said and stays when there is not enough.

use candle_core::{DType, Device, Tensor};

use crate::twins::device;
use crate::watch::at;

/// A terabyte.
const TOO_MUCH: usize = 1 << 38;
/// Four gigabytes.
const MUCH: usize = 1 << 30;

/// Whether it still computes.
fn assert_computes(device: &Device) {
    let x = Tensor::ones((256, 256), DType::F32, device).unwrap();
    let sum = x.matmul(&x).and_then(|x| x.sum_all()?.to_scalar::<f32>());
    assert_eq!(sum.unwrap(), 256.0 * 256.0 * 256.0);
}

/// What is free once everything is done with.
fn free(device: &Device) -> Option<u64> {
    device.synchronize().unwrap();
    models::free_memory(device)
}

/// What is free on a GPU; `None` with a word about it.
fn room() -> Option<(Device, u64)> {
    let device = device()?;
    let Some(free) = free(&device) else {
        println!("skipped: this device does not say what is free");
        return None;
    };
    println!("{free} bytes are free");
    Some((device, free))
}

#[test]
fn too_much_is_an_error_that_is_known_and_leaves_the_device_usable() {
    let Some((device, _)) = room() else { return };
    for _ in 0..3 {
        at("asking for a terabyte");
        let refused = Tensor::zeros(TOO_MUCH, DType::F32, &device).unwrap_err();
        assert!(models::is_out_of_memory(&refused), "{refused}");
        at("computing after that");
        assert_computes(&device);
    }
}

/// As when networks are loaded until there is no room for the next, and then let go: `cargo test … --test
/// device memory -- --ignored`.
#[test]
#[ignore = "takes all of a GPU's memory from whoever uses it too"]
fn a_full_device_recovers_what_is_let_go() {
    let Some((device, before)) = room() else {
        return;
    };
    let mut held = Vec::new();
    let refused = loop {
        at(&format!("taking part {}", held.len()));
        match Tensor::zeros(MUCH, DType::F32, &device) {
            Ok(part) => held.push(part),
            Err(error) => break error,
        }
        assert!(held.len() < 100, "400 GB and no end");
    };
    assert!(models::is_out_of_memory(&refused), "{refused}");
    let full = free(&device).unwrap();
    println!("{} parts of 4 GiB, then {full} bytes are free", held.len());
    assert!(full < before / 2 || held.is_empty());
    at("letting go");
    drop(held);
    at("computing after that");
    assert_computes(&device);
    let after = free(&device).unwrap();
    println!("{after} bytes are free again");
    assert!(after + (1 << 30) > before, "{before} before, {after} after");
}

#[test]
fn what_is_free_shrinks_by_what_is_taken() {
    let Some((device, before)) = room() else {
        return;
    };
    at("taking four gigabytes");
    let held = Tensor::zeros(MUCH, DType::F32, &device).unwrap();
    let after = free(&device).unwrap();
    assert!(after + (3 << 30) < before, "{before} to {after}");
    at("letting go");
    drop(held);
    assert_computes(&device);
}
