//! From words to a picture, out of files as an operator has them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use models::ClipFiles;
use models::flux::{FluxError, FluxFiles, FluxSettings, TextToImage};

use crate::files::{folder, formula_weights, is_autoencoders, packed, write};
use crate::golden::device;

const SETTINGS: FluxSettings = FluxSettings {
    steps: 2,
    width: 64,
    height: 64,
};

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

/// Small networks that fit each other, plain or packed.
fn files(at: &Path, is_packed: bool) -> FluxFiles {
    let flow = formula_weights("flow", |name, shape| {
        // As wide as the small encoders' outputs.
        if matches!(name, "txt_in.weight" | "vector_in.in_layer.weight") {
            shape[1] = 64;
        }
        !is_autoencoders(name)
    });
    let t5 = formula_weights("t5", |_, _| true);
    let written = |name: &str, weights: &HashMap<_, _>| {
        if is_packed {
            let (bytes, _) = packed(weights, &[GgmlDType::Q8_0]);
            let path = at.join(format!("{name}.gguf"));
            std::fs::write(&path, bytes).unwrap();
            path
        } else {
            let path = at.join(format!("{name}.safetensors"));
            write(&path, weights);
            path
        }
    };
    let plain = |name: &str, weights: &HashMap<_, _>| {
        let path = at.join(name);
        write(&path, weights);
        path
    };
    std::fs::write(at.join("clip.json"), letters()).unwrap();
    FluxFiles {
        flow: written("flow", &flow),
        autoencoder: plain(
            "ae.safetensors",
            &formula_weights("flow", |name, _| is_autoencoders(name)),
        ),
        t5: vec![written("t5", &t5)],
        t5_tokenizer: folder().join("tokenizer.json"),
        clip: plain("clip.safetensors", &formula_weights("clip", |_, _| true)),
        clip_tokenizer: at.join("clip.json"),
    }
}

fn go_on(_: u32, _: u32) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn words_become_a_picture() {
    for is_packed in [false, true] {
        let at = tempfile::tempdir().unwrap();
        let files = files(at.path(), is_packed);
        let mut flux = TextToImage::from_files(files, &device(), &device());
        let elephant = flux.encode("purple elephant").unwrap();
        assert_eq!(elephant.text.dims(), [1, 256, 64]);
        assert_eq!(elephant.pooled.dims(), [1, 64]);
        let chair = flux.encode("red chair").unwrap();
        // What was read outlives what read it.
        flux.release_text();
        let first = flux.paint(&elephant, 1, &SETTINGS, &mut go_on).unwrap();
        assert_eq!(first.rgb.len(), 64 * 64 * 3);
        assert!(first.rgb.iter().any(|value| *value != first.rgb[0]));
        assert_ne!(first, flux.paint(&chair, 1, &SETTINGS, &mut go_on).unwrap());
        // Loaded again, it is the same.
        flux.release_painter();
        let again = flux.encode("purple elephant").unwrap();
        assert_eq!(first, flux.paint(&again, 1, &SETTINGS, &mut go_on).unwrap());
    }
}

/// The classifier and FLUX read with one CLIP; that FLUX does not load it again is seen by its file's absence.
#[test]
fn a_clip_that_is_loaded_is_shared_and_reads_the_same() {
    let at = tempfile::tempdir().unwrap();
    let files = files(at.path(), false);
    let own = files.text_encoders(&Device::Cpu).unwrap();
    let clip = ClipFiles {
        weights: files.clip.clone(),
        tokenizer: files.clip_tokenizer.clone(),
    };
    let clip = Arc::new(clip.text(&Device::Cpu).unwrap());
    std::fs::remove_file(&files.clip).unwrap();
    files.text_encoders(&Device::Cpu).unwrap_err();
    let mut flux = TextToImage::from_files(files.clone(), &Device::Cpu, &device());
    flux.share_clip(Arc::clone(&clip));
    let shared = files.text_encoders_with(Arc::clone(&clip)).unwrap();
    assert!(Arc::ptr_eq(shared.clip(), &clip));
    let expected = own.encode("purple elephant").unwrap();
    for read in [
        flux.encode("purple elephant").unwrap(),
        shared.encode("purple elephant").unwrap(),
    ] {
        for (read, expected) in [(read.pooled, &expected.pooled), (read.text, &expected.text)] {
            let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(values(&read), values(expected));
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let at = tempfile::tempdir().unwrap();
    let files = FluxFiles {
        flow: at.path().join("nowhere.gguf"),
        ..files(at.path(), false)
    };
    let mut flux = TextToImage::from_files(files, &device(), &device());
    let encoded = flux.encode("red chair").unwrap();
    let refused = flux.paint(&encoded, 1, &SETTINGS, &mut go_on).unwrap_err();
    assert!(matches!(refused, FluxError::Weights(_)), "{refused}");
    assert!(refused.to_string().contains("nowhere.gguf"), "{refused}");
}

#[test]
fn the_store_says_what_to_pull() {
    let at = tempfile::tempdir().unwrap();
    let store = models::store::Store::open(models::store::Places::under(at.path())).unwrap();
    for (choice, model) in [
        (models::flux::FluxChoice::default(), "flux-schnell-q8"),
        (
            models::flux::FluxChoice {
                flow: "q4".parse().unwrap(),
                t5: "q5".parse().unwrap(),
            },
            "flux-schnell-q4",
        ),
    ] {
        let refused = TextToImage::open(&store, choice, &device(), &device())
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(&format!("splatsmith models pull {model}")),
            "{refused}"
        );
    }
    assert!("q3".parse::<models::flux::FlowWeights>().is_err());
}
