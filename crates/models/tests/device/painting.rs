//! FLUX whole: words to a picture in `bf16` on a device, plain and packed, against the CPU.

use std::ops::ControlFlow;

use candle_core::quantized::GgmlDType;
use candle_core::{DType, Device};
use models::flux::{Encoded, FluxSettings, Painter, Picture};
use models::store::Weights;

use crate::files::{formula_weights, golden, is_autoencoders, opened, packed};
use crate::twins::device;

const SETTINGS: FluxSettings = FluxSettings {
    steps: 4,
    width: 96,
    height: 64,
};

fn paint(flow: &Weights, device: &Device) -> Picture {
    let autoencoder = opened(&formula_weights("flow", |name, _| is_autoencoders(name)));
    let painter = Painter::load(flow, &autoencoder, device).unwrap();
    // The prompt comes from where it was read, which may be the CPU.
    let (text, pooled) = (
        golden("flow").tensor("in.text"),
        golden("flow").tensor("in.pooled"),
    );
    let prompt = Encoded {
        text: text.to_device(&Device::Cpu).unwrap(),
        pooled: pooled.to_device(&Device::Cpu).unwrap(),
    };
    let mut go_on = |_, _| ControlFlow::Continue(());
    let first = painter.paint(&prompt, 7, &SETTINGS, &mut go_on).unwrap();
    let again = painter.paint(&prompt, 7, &SETTINGS, &mut go_on).unwrap();
    assert_eq!(first, again, "a seed is a picture");
    first
}

#[test]
fn pictures_are_the_same_but_for_rounding() {
    let Some(device) = device() else { return };
    let plain = formula_weights("flow", |name, _| !is_autoencoders(name));
    let half = plain
        .iter()
        .map(|(name, weight)| (name.clone(), weight.to_dtype(DType::BF16).unwrap()))
        .collect();
    let gguf = |kinds: &[GgmlDType]| {
        let (bytes, _) = packed(&plain, kinds);
        Weights::from_bytes("flow.gguf", bytes).unwrap()
    };
    for (what, flow) in [
        ("bf16", opened(&half)),
        ("Q8_0", gguf(&[GgmlDType::Q8_0])),
        ("Q4_K", gguf(&[GgmlDType::Q4K, GgmlDType::Q4_0])),
    ] {
        let [expected, found] = [&Device::Cpu, &device].map(|device| paint(&flow, device));
        let apart = (found.rgb.iter().zip(&expected.rgb)).map(|(a, b)| u64::from(a.abs_diff(*b)));
        let mean = apart.sum::<u64>() as f64 / expected.rgb.len() as f64;
        println!("{what}: a byte is {mean:.2} off in the mean");
        assert!(mean < 4.0, "{what}: {mean}");
        assert!(found.rgb.iter().any(|value| *value != found.rgb[0]));
    }
}
