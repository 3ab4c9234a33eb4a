//! The golden of a whole pipeline as a folder of files, as the published repositories are laid out.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Tensor;

use crate::golden::Golden;

/// Writes the files of a golden: weights named `FILE:TENSOR` in the precision they are stored in, every
/// `.json`, and the tokenizer, whose merges lie in `data`.
pub(crate) fn lay_out(golden: &Golden, data: &Path, folder: &Path) {
    std::fs::create_dir(folder.join("ckpts")).unwrap();
    let clip = folder.join("clip-vit-large-patch14");
    std::fs::create_dir(&clip).unwrap();
    let mut files: HashMap<String, HashMap<String, Tensor>> = HashMap::new();
    for name in golden.names("w.") {
        let (file, tensor) = name.split_once(':').unwrap();
        let tensors = files.entry(file.to_owned()).or_default();
        tensors.insert(tensor.to_owned(), golden.tensor(&format!("w.{name}")));
    }
    for (file, tensors) in &files {
        candle_core::safetensors::save(tensors, folder.join(file)).unwrap();
    }
    for (file, json) in golden.config.as_object().unwrap() {
        if file.ends_with(".json") {
            std::fs::write(folder.join(file), json.to_string()).unwrap();
        }
    }
    std::fs::write(clip.join("tokenizer.json"), tokenizer(data)).unwrap();
}

/// What is read of a published `tokenizer.json`, of the first merges of CLIP's vocabulary.
fn tokenizer(data: &Path) -> String {
    let text = std::fs::read_to_string(data.join("merges.txt")).unwrap();
    let merges: Vec<&str> = text
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .collect();
    let plain = |byte: &u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let others = (0..256).filter(|byte| !plain(byte)).count() as u32;
    let letters = (0..256).filter(plain).chain(256..256 + others);
    let letters: Vec<String> = letters
        .filter_map(char::from_u32)
        .map(String::from)
        .collect();
    let mut words = letters.clone();
    words.extend(letters.iter().map(|letter| format!("{letter}</w>")));
    words.extend(merges.iter().map(|pair| pair.replace(' ', "")));
    words.extend(["<|startoftext|>", "<|endoftext|>"].map(str::to_owned));
    let vocabulary: HashMap<String, usize> = words.into_iter().zip(0..).collect();
    let model = serde_json::json!({
        "type": "BPE", "end_of_word_suffix": "</w>", "vocab": vocabulary, "merges": merges,
    });
    serde_json::json!({ "model": model }).to_string()
}
