//! A FLUX of small random weights, in a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;

use crate::formula;

/// The weights of a golden that follow from the formula, those that `wanted` takes, in shapes it may
/// change.
fn weights(
    goldens: &Path,
    name: &str,
    wanted: impl Fn(&str, &mut Vec<usize>) -> bool,
) -> HashMap<String, Tensor> {
    let bytes = std::fs::read(goldens.join(format!("{name}.safetensors"))).unwrap();
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

/// A CLIP tokenizer of single letters.
fn letters() -> String {
    let mut vocabulary = serde_json::Map::new();
    for letter in 'a'..='z' {
        for piece in [letter.to_string(), format!("{letter}</w>")] {
            vocabulary.insert(piece, vocabulary.len().into());
        }
    }
    for mark in ["<|startoftext|>", "<|endoftext|>"] {
        vocabulary.insert(mark.to_owned(), vocabulary.len().into());
    }
    let model = serde_json::json!({
        "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
        "end_of_word_suffix": "</w>", "fuse_unk": false, "vocab": vocabulary, "merges": [],
    });
    serde_json::json!({ "model": model }).to_string()
}

/// Gives the CLIP of a laid out FLUX eyes: its image half, into the space of its text half.
pub(crate) fn open_eyes(goldens: &Path, flux: &Path) {
    let file = flux.join("clip.safetensors");
    let cpu = candle_core::Device::Cpu;
    let mut whole = candle_core::safetensors::load(&file, &cpu).unwrap();
    let sees = |name: &str| name.starts_with("vision_model.") || name == "visual_projection.weight";
    whole.extend(weights(goldens, "clip_vit", |name, _| sees(name)));
    candle_core::safetensors::save(&whole, file).unwrap();
}

/// Lays out networks that fit each other below `folder`, out of the goldens of the networks.
pub(crate) fn lay_out(goldens: &Path, folder: &Path) -> PathBuf {
    let (goldens, laid_out) = (goldens.join("flux"), folder.join("flux"));
    std::fs::create_dir(&laid_out).unwrap();
    let is_autoencoders = |name: &str| name.starts_with("encoder.") || name.starts_with("decoder.");
    let flow = weights(&goldens, "flow", |name, shape| {
        // As wide as the small encoders' outputs.
        if matches!(name, "txt_in.weight" | "vector_in.in_layer.weight") {
            shape[1] = 64;
        }
        !is_autoencoders(name)
    });
    let files = [
        ("flux", flow),
        (
            "ae",
            weights(&goldens, "flow", |name, _| is_autoencoders(name)),
        ),
        ("t5", weights(&goldens, "t5", |_, _| true)),
        ("clip", weights(&goldens, "clip", |_, _| true)),
    ];
    for (name, weights) in files {
        let file = laid_out.join(format!("{name}.safetensors"));
        candle_core::safetensors::save(&weights, file).unwrap();
    }
    std::fs::copy(
        goldens.join("tokenizer.json"),
        laid_out.join("t5.tokenizer.json"),
    )
    .unwrap();
    std::fs::write(laid_out.join("clip.tokenizer.json"), letters()).unwrap();
    laid_out
}
