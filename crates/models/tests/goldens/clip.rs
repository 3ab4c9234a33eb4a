//! OpenAI's CLIP and the image half of LLM2CLIP against transformers.

use std::path::Path;

use candle_core::{Device, Tensor};
use models::{ClipError, ClipFiles, ClipText, ClipTextConfig, ClipVision, ClipVisionConfig};

use crate::golden::{Golden, data};

pub(crate) fn check(folder: &Path) {
    let golden = Golden::read(folder, "clip_vit");
    let vision: ClipVisionConfig = serde_json::from_value(golden.config["vision"].clone()).unwrap();
    let text: ClipTextConfig = serde_json::from_value(golden.config["text"].clone()).unwrap();
    let images = ClipVision::load(&vision, &golden.weights()).unwrap();
    golden.expect(
        "image",
        &images.forward(&golden.tensor("in.image")).unwrap(),
    );
    let texts = ClipText::load(&text, &golden.weights()).unwrap();
    let tokens = golden.tensor("in.tokens");
    golden.expect("hidden", &texts.hidden(&tokens).unwrap());
    golden.expect("text", &texts.forward(&tokens).unwrap());

    let golden = Golden::read(folder, "llm2clip");
    let config: ClipVisionConfig = serde_json::from_value(golden.config.clone()).unwrap();
    let images = ClipVision::load(&config, &golden.weights()).unwrap();
    golden.expect(
        "image",
        &images.forward(&golden.tensor("in.image")).unwrap(),
    );

    let golden = Golden::read(folder, "clip_pictures");
    let config: ClipVisionConfig = serde_json::from_value(golden.config.clone()).unwrap();
    let images = ClipVision::load(&config, &golden.weights()).unwrap();
    for name in ["same", "wide", "tall", "small"] {
        let picture = golden.tensor(&format!("in.{name}"));
        let (height, width, _) = picture.dims3().unwrap();
        let rgb: Vec<u8> = picture.flatten_all().unwrap().to_vec1().unwrap();
        let embedded = images.embed(width as u32, height as u32, &rgb, golden.weights().device());
        let apart = golden.apart(name, &Tensor::new(embedded.unwrap(), &Device::Cpu).unwrap());
        println!("{name} is {apart:.1e} apart");
        // The reference cuts and rounds to 8 bits between rows and columns and behind them. A quarter of a
        // pixel beside it is 1e-1.
        assert!(apart <= 2e-2, "{name} is {apart:.1e} apart");
    }
}

#[test]
fn clip_is_transformers() {
    check(&data());
}

#[test]
fn a_missing_weight_is_named() {
    let golden = Golden::read(&data(), "llm2clip");
    let config: ClipVisionConfig = serde_json::from_value(golden.config.clone()).unwrap();
    let weights = golden.weights().pp("elsewhere");
    let refused = ClipVision::load(&config, &weights).unwrap_err().to_string();
    assert!(
        refused.contains("elsewhere.vision_model.embeddings"),
        "{refused}"
    );
    let wider = ClipVisionConfig {
        projection_dim: 49,
        ..config
    };
    let refused = ClipVision::load(&wider, &golden.weights())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("visual_projection"), "{refused}");
}

#[test]
fn an_image_of_another_size_is_refused() {
    let golden = Golden::read(&data(), "llm2clip");
    let config: ClipVisionConfig = serde_json::from_value(golden.config.clone()).unwrap();
    let images = ClipVision::load(&config, &golden.weights()).unwrap();
    let small = golden.tensor("in.image").narrow(2, 0, 70).unwrap();
    assert!(images.forward(&small).is_err());
}

/// A hair of a picture is no hall, and what has no pixels is no picture.
#[test]
fn a_picture_of_any_size_is_seen_or_refused() {
    let golden = Golden::read(&data(), "clip_pictures");
    let config: ClipVisionConfig = serde_json::from_value(golden.config.clone()).unwrap();
    let images = ClipVision::load(&config, &golden.weights()).unwrap();
    let embed = |width: u32, height: u32, bytes: usize| {
        images.embed(width, height, &vec![200; bytes], golden.weights().device())
    };
    for (width, height) in [(1, 1), (4096, 1), (1, 4096), (3, 2)] {
        let bytes = 3 * width as usize * height as usize;
        let seen = embed(width, height, bytes).unwrap();
        assert_eq!(seen.len(), config.projection_dim);
        assert!(
            seen.iter().all(|value| value.is_finite()),
            "{width}×{height}"
        );
    }
    for (width, height, bytes) in [(0, 0, 0), (0, 5, 0), (2, 2, 11), (u32::MAX, u32::MAX, 3)] {
        assert!(embed(width, height, bytes).is_err(), "{width}×{height}");
    }
}

#[test]
fn halves_are_found_in_files_by_their_shapes() {
    let golden = Golden::read(&data(), "clip_pictures");
    let folder = tempfile::tempdir().unwrap();
    let files = ClipFiles {
        weights: folder.path().join("model.safetensors"),
        tokenizer: folder.path().join("tokenizer.json"),
    };
    let names = golden.names("w.");
    let weights = names.into_iter().map(|name| {
        let tensor = golden.tensor(&format!("w.{name}"));
        (name.to_owned(), tensor)
    });
    let weights: std::collections::HashMap<String, Tensor> = weights.collect();
    candle_core::safetensors::save(&weights, &files.weights).unwrap();
    let seen = files.vision(&Device::Cpu).unwrap();
    let config: ClipVisionConfig = serde_json::from_value(golden.config.clone()).unwrap();
    assert_eq!(*seen.config(), config);

    let told = |error: ClipError| {
        let told = error.to_string();
        assert!(!told.contains('\n'), "{told}");
        told
    };
    // There is no tokenizer, then one that is none, then no text half.
    let missing = told(files.text(&Device::Cpu).unwrap_err());
    assert!(missing.contains("tokenizer.json"), "{missing}");
    std::fs::write(&files.tokenizer, "{}").unwrap();
    let broken = told(files.text(&Device::Cpu).unwrap_err());
    assert!(broken.contains("tokenizer.json"), "{broken}");
    let other = ClipFiles {
        weights: files.tokenizer.clone(),
        ..files
    };
    told(other.vision(&Device::Cpu).unwrap_err());
}
