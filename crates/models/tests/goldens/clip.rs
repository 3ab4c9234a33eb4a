//! OpenAI's CLIP and the image half of LLM2CLIP against transformers.

use std::path::Path;

use models::{ClipText, ClipTextConfig, ClipVision, ClipVisionConfig};

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
