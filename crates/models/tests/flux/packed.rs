//! Packed weights against gguf, and a packed network against its unpacked twin.

use candle_core::quantized::GgmlDType;
use candle_core::{DType, Tensor};
use models::flux::{Layers, Transformer, TransformerConfig};
use models::store::Weights;

use crate::files::{apart, folder, formula_weights, golden, is_autoencoders, opened, packed};
use crate::golden::{allowed, device};

#[test]
fn blocks_are_unpacked_as_gguf_unpacks_them() {
    let golden = golden("blocks");
    let weights = Weights::open([folder().join("blocks.gguf")]).unwrap();
    let mut names: Vec<&str> = weights.names().collect();
    names.sort_unstable();
    assert_eq!(names.len(), 12);
    for name in names {
        let found = weights.tensor(name, &device()).unwrap();
        assert_eq!(weights.is_packed(name), !name.ends_with("F16"), "{name}");
        let found = found.to_dtype(DType::F32).unwrap();
        let off = apart(&found, &golden.tensor(&format!("out.{name}")));
        assert!(off < allowed(1e-6), "{name}: {off}");
    }
}

fn direction(weights: &Weights) -> Tensor {
    let golden = golden("flow");
    let layers = Layers::open(weights, DType::F32, &device());
    let network = Transformer::load(&TransformerConfig::of(weights).unwrap(), &layers).unwrap();
    let (text, pooled) = (golden.tensor("in.text"), golden.tensor("in.pooled"));
    let surroundings = network.surroundings(&text, &pooled, 4, 6).unwrap();
    let t = Tensor::new(&[0.75_f32], &device()).unwrap();
    network
        .forward(&golden.tensor("in.noise"), &t, &surroundings)
        .unwrap()
}

#[test]
fn a_packed_flow_is_its_unpacked_twin() {
    let plain = formula_weights("flow", |name, _| !is_autoencoders(name));
    let exact = direction(&opened(&plain));
    for kinds in [
        &[GgmlDType::Q8_0][..],
        &[GgmlDType::Q4K, GgmlDType::Q4_0],
        &[GgmlDType::Q5K, GgmlDType::Q5_1],
    ] {
        let (bytes, unpacked) = packed(&plain, kinds);
        let weights = Weights::from_bytes("flow.gguf", bytes).unwrap();
        let in_blocks = weights.names().filter(|name| weights.is_packed(name));
        assert!(in_blocks.count() > 30);
        let found = direction(&weights);
        let off = apart(&found, &direction(&opened(&unpacked)));
        assert!(off < allowed(1e-5), "{kinds:?}: {off}");
        // Packing itself costs more than that, or nothing was packed.
        let cost = apart(&found, &exact);
        println!("{kinds:?}: {off:.1e} from its twin, {cost:.1e} from the plain network");
        assert!((1e-3..2.0).contains(&cost), "{kinds:?}: {cost}");
    }
}

#[test]
fn half_precision_stays_half_and_is_widened_when_used() {
    let plain = formula_weights("flow", |name, _| !is_autoencoders(name));
    let half = plain
        .iter()
        .map(|(name, weight)| (name.clone(), weight.to_dtype(DType::BF16).unwrap()))
        .collect();
    let widened = plain
        .iter()
        .map(|(name, weight)| {
            let weight = weight.to_dtype(DType::BF16).unwrap();
            (name.clone(), weight.to_dtype(DType::F32).unwrap())
        })
        .collect();
    let off = apart(&direction(&opened(&half)), &direction(&opened(&widened)));
    assert!(off < allowed(1e-5), "{off}");
}

/// A GGUF file of one tensor, of which something can be bent.
fn file(version: u32, alignment: u32, kind: u32, sizes: &[u64], offset: u64) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    bytes.extend(version.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    text(&mut bytes, "general.alignment");
    bytes.extend(4_u32.to_le_bytes());
    bytes.extend(alignment.to_le_bytes());
    text(&mut bytes, "a");
    bytes.extend((sizes.len() as u32).to_le_bytes());
    for size in sizes {
        bytes.extend(size.to_le_bytes());
    }
    bytes.extend(kind.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.resize(bytes.len().next_multiple_of(32) + 128, 0);
    bytes
}

#[test]
fn hostile_files_are_refused_in_one_line() {
    let good = file(3, 32, 0, &[4, 8], 0);
    let weights = Weights::from_bytes("a.gguf", good.clone()).unwrap();
    assert_eq!(weights.shape("a").unwrap().0, [8, 4]);
    let huge = u64::MAX / 2;
    let broken = [
        (file(1, 32, 0, &[4], 0), "version 1"),
        (file(3, 0, 0, &[4], 0), "alignment of 0"),
        (file(3, 33, 0, &[4], 0), "alignment of 33"),
        (file(3, 32, 99, &[4], 0), "type 99"),
        (file(3, 32, 8, &[31], 0), "whole blocks"),
        (file(3, 32, 0, &[4, 8], 64), "beyond the end"),
        (file(3, 32, 0, &[4], huge), "beyond the end"),
        (file(3, 32, 0, &[huge, huge, huge], 0), "beyond the end"),
        (file(3, 32, 0, &[1; 5], 0), "5 dimensions"),
    ];
    for (bytes, expected) in broken {
        let refused = Weights::from_bytes("a.gguf", bytes)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(expected) && !refused.contains('\n'),
            "{refused}"
        );
    }
    // Cut anywhere, and with any byte of its head turned: an error or another tensor, no panic.
    for length in 0..good.len() {
        let cut = good[..length].to_vec();
        assert!(Weights::from_bytes("a.gguf", cut).is_err(), "{length}");
        let mut turned = good.clone();
        turned[length] ^= 0xff;
        if let Ok(weights) = Weights::from_bytes("a.gguf", turned) {
            for name in weights.names() {
                let _ = weights.tensor(name, &device());
            }
        }
    }
}
