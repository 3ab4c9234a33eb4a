//! A device's memory: what is free of it, and what is said when there is not enough.

use candle_core::{DType, Tensor};

use crate::twins::device;

/// A terabyte.
const TOO_MUCH: usize = 1 << 38;

#[test]
fn too_much_is_an_error_that_is_known_and_leaves_the_device_usable() {
    let Some(device) = device() else { return };
    if device.is_cpu() {
        println!("skipped: main memory is promised before it is there");
        return;
    }
    let refused = Tensor::zeros(TOO_MUCH, DType::F32, &device).unwrap_err();
    assert!(models::is_out_of_memory(&refused), "{refused}");
    let sum = Tensor::ones(1000, DType::F32, &device).and_then(|x| x.sum_all()?.to_scalar::<f32>());
    assert_eq!(sum.unwrap(), 1000.0);
}

#[test]
fn what_is_free_shrinks_by_what_is_taken() {
    let Some(device) = device() else { return };
    let Some(before) = models::free_memory(&device) else {
        println!("skipped: this device does not say");
        return;
    };
    // More than the pool of a young process holds in reserve.
    let held = Tensor::ones(1 << 30, DType::F32, &device).unwrap();
    let after = models::free_memory(&device).unwrap();
    println!("{before} bytes were free, {after} are");
    assert!(after + (3 << 30) < before, "{before} to {after}");
    drop(held);
}
