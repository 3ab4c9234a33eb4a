//! Checkpoints on the disk, as the program opens them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use models::store::Weights;

use crate::formula;
use crate::golden::{Golden, data};

/// Where the goldens lie; `SPLATSMITH_FLUX_GOLDENS` names others, made with another seed.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("SPLATSMITH_FLUX_GOLDENS").map_or_else(|| data().join("flux"), PathBuf::from)
}

pub(crate) fn golden(name: &str) -> Golden {
    Golden::read(&folder(), name)
}

/// The formula weights of a golden whose names `wanted` takes, in shapes that it may change.
pub(crate) fn formula_weights(
    name: &str,
    wanted: impl Fn(&str, &mut Vec<usize>) -> bool,
) -> HashMap<String, Tensor> {
    let bytes = std::fs::read(folder().join(format!("{name}.safetensors"))).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = metadata.metadata().clone().unwrap();
    let seed = metadata["seed"].parse().unwrap();
    let named: Vec<(String, Vec<usize>)> = serde_json::from_str(&metadata["weights"]).unwrap();
    let mut weights = HashMap::new();
    for (name, mut shape) in named {
        if wanted(&name, &mut shape) {
            let weight = formula::weight(&name, &shape, seed);
            weights.insert(name, weight);
        }
    }
    weights
}

pub(crate) fn is_autoencoders(name: &str) -> bool {
    name.starts_with("encoder.") || name.starts_with("decoder.")
}

pub(crate) fn write(path: &Path, weights: &HashMap<String, Tensor>) {
    candle_core::safetensors::save(weights, path).unwrap();
}

pub(crate) fn opened(weights: &HashMap<String, Tensor>) -> Weights {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    write(&path, weights);
    Weights::from_bytes("weights.safetensors", std::fs::read(path).unwrap()).unwrap()
}

/// The same weights in the smallest of `kinds` that their rows are whole blocks of, as GGUF; and what
/// they are unpacked to. What is no matrix stays as it is.
pub(crate) fn packed(
    weights: &HashMap<String, Tensor>,
    kinds: &[GgmlDType],
) -> (Vec<u8>, HashMap<String, Tensor>) {
    let mut tensors: Vec<(&str, QTensor)> = Vec::new();
    let mut unpacked = HashMap::new();
    for (name, weight) in weights {
        let width = weight.dims().last().copied().unwrap();
        let fits =
            |kind: &&GgmlDType| weight.rank() == 2 && width.is_multiple_of(kind.block_size());
        let kind = kinds.iter().find(fits).copied().unwrap_or(GgmlDType::F32);
        let tensor = QTensor::quantize(weight, kind).unwrap();
        unpacked.insert(name.clone(), tensor.dequantize(weight.device()).unwrap());
        tensors.push((name, tensor));
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    let named: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, it)| (*name, it)).collect();
    gguf_file::write(&mut bytes, &[], &named).unwrap();
    (bytes.into_inner(), unpacked)
}

/// The largest deviation, against the root mean square of what is expected.
pub(crate) fn apart(found: &Tensor, expected: &Tensor) -> f32 {
    assert_eq!(found.dims(), expected.dims());
    let flat = |tensor: &Tensor| -> Vec<f32> { tensor.flatten_all().unwrap().to_vec1().unwrap() };
    let (found, expected) = (flat(found), flat(expected));
    let square: f32 = expected.iter().map(|value| value * value).sum();
    let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    apart.max_by(f32::total_cmp).unwrap() / (square / expected.len() as f32).sqrt()
}
