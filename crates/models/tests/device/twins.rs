//! The same on the CPU in single precision and on a device in any.

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::watch::at;

/// Single precision, and both halves.
pub(crate) const TYPES: [DType; 3] = [DType::F32, DType::F16, DType::BF16];

/// The device that is asked for, or `None` with a word about it.
pub(crate) fn device() -> Option<Device> {
    if std::env::var_os("SPLATSMITH_TEST_DEVICE").is_none_or(|name| name.is_empty()) {
        println!("skipped: no GPU (SPLATSMITH_TEST_DEVICE names none)");
        return None;
    }
    at("opening the device");
    let device = crate::golden::device();
    at("running");
    Some(device)
}

/// How far an operator's result in a type may be from that of single precision on the CPU, as a share of
/// its length: sums are single precision, and what is rounded is rounded a few times (a step is 2⁻¹¹ in
/// `f16` and 2⁻⁸ in `bf16`).
pub(crate) fn bar(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => 1e-5,
        DType::F16 => 2e-3,
        _ => 1.5e-2,
    }
}

/// `‖found − expected‖ / ‖expected‖`.
pub(crate) fn apart(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims());
    let values = |x: &Tensor| -> Vec<f32> {
        let x = x.to_device(&Device::Cpu).unwrap();
        let x = x.to_dtype(DType::F32).unwrap();
        x.flatten_all().unwrap().to_vec1().unwrap()
    };
    let (found, expected) = (values(found), values(expected));
    let length = |values: &mut dyn Iterator<Item = f64>| {
        values.map(|value| value * value).sum::<f64>().sqrt()
    };
    let mut difference = (found.iter().zip(&expected)).map(|(a, b)| f64::from(*a) - f64::from(*b));
    let whole = length(&mut expected.iter().copied().map(f64::from));
    assert!(whole > 0.0, "nothing is expected");
    length(&mut difference) / whole
}

/// Fails unless `found` is near; what is no number is not.
pub(crate) fn assert_near(found: &Tensor, expected: &Tensor, bar: f64, what: &str) {
    let apart = apart(found, expected);
    println!("{what}: {apart:.1e} apart, {bar:.1e} allowed");
    let near = apart <= bar;
    assert!(near, "{what}: {apart:.1e} apart, {bar:.1e} allowed");
}

/// Holds `work` on a device, in every type, against `plain` on the CPU in single precision, on the same
/// values: those of the inputs, rounded to the type.
pub(crate) fn hold<W, P>(what: &str, device: &Device, inputs: &[Tensor], work: W, plain: P)
where
    W: Fn(&[Tensor]) -> Result<Tensor>,
    P: Fn(&[Tensor]) -> Result<Tensor>,
{
    hold_within(1.0, what, device, inputs, work, plain);
}

/// The same with `factor` times as much allowed: where something is rounded on the way.
pub(crate) fn hold_within<W, P>(
    factor: f64,
    what: &str,
    device: &Device,
    inputs: &[Tensor],
    work: W,
    plain: P,
) where
    W: Fn(&[Tensor]) -> Result<Tensor>,
    P: Fn(&[Tensor]) -> Result<Tensor>,
{
    for dtype in TYPES {
        let rounded: Vec<Tensor> = (inputs.iter().map(|x| x.to_dtype(dtype)))
            .collect::<Result<_>>()
            .unwrap();
        let each = |change: &dyn Fn(&Tensor) -> Result<Tensor>| -> Vec<Tensor> {
            rounded.iter().map(|x| change(x).unwrap()).collect()
        };
        let what = format!("{what} in {dtype:?}");
        at(&format!("{what}, on the CPU"));
        let begun = Instant::now();
        let expected = plain(&each(&|x| x.to_dtype(DType::F32))).unwrap();
        let on_cpu = begun.elapsed();
        at(&format!("{what}, on the device"));
        let begun = Instant::now();
        let found = match work(&each(&|x| x.to_device(device))) {
            Ok(found) => found,
            Err(error) if lacks(device, &error) => {
                println!("skipped: {what}: {}", first_line(&error));
                continue;
            }
            Err(error) => panic!("{what}: {error}"),
        };
        device.synchronize().unwrap();
        println!(
            "{what}: {on_cpu:.1?} on the CPU, {:.1?} there",
            begun.elapsed()
        );
        assert_eq!(found.dtype(), dtype, "{what}");
        assert!(found.device().same_device(device), "{what}");
        assert_near(&found, &expected, factor * bar(dtype), &what);
    }
}

/// Whether it is the CPU, taken for a device, that has no such operator: candle convolves nothing in `bf16`
/// there.
pub(crate) fn lacks(device: &Device, error: &candle_core::Error) -> bool {
    device.is_cpu() && first_line(error).contains("unsupported dtype BF16")
}

fn first_line(error: &candle_core::Error) -> String {
    let words = error.to_string();
    words.lines().next().unwrap_or_default().to_owned()
}

/// The generator of this number.
pub(crate) fn generator(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Numbers between −1 and 1, on the CPU.
pub(crate) fn noise(shape: &[usize], seed: u64) -> Tensor {
    let mut generator = generator(seed);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| generator.random_range(-1.0..1.0))
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}
