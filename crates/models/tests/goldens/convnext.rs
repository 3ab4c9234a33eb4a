//! open_clip's ConvNeXt image tower and its text tower against the real ones.

use std::path::Path;

use crate::golden::{Golden, allowed, data, device};
use candle_core::Tensor;
use models::{Activation, ConvNext, ConvNextConfig, TextTower, TextTowerConfig};

/// timm's `test_convnext`.
fn image_config(golden: &Golden) -> ConvNextConfig {
    ConvNextConfig {
        depths: [1, 2, 4, 2],
        dims: [24, 32, 48, 64],
        norm_eps: 1e-5,
        activation: Activation::GeluTanh,
        embed_dim: golden.config["embed_dim"].as_u64().unwrap() as usize,
    }
}

fn text_config(golden: &Golden) -> TextTowerConfig {
    let size = |name: &str| golden.config["text_cfg"][name].as_u64().unwrap() as usize;
    TextTowerConfig {
        context_length: size("context_length"),
        vocab_size: size("vocab_size"),
        width: size("width"),
        heads: size("heads"),
        layers: size("layers"),
        embed_dim: golden.config["embed_dim"].as_u64().unwrap() as usize,
    }
}

#[test]
fn the_image_tower_is_open_clips() {
    let golden = Golden::read(&data(), "clip_convnext");
    let tower = ConvNext::load(&image_config(&golden), &golden.weights().pp("visual")).unwrap();
    let images = golden.tensor("in.image");
    golden.expect("trunk", &tower.trunk(&images).unwrap());
    golden.expect("image", &tower.forward(&images).unwrap());
}

#[test]
fn the_text_tower_is_open_clips() {
    let golden = Golden::read(&data(), "clip_convnext");
    let tower = TextTower::load(&text_config(&golden), &golden.weights()).unwrap();
    golden.expect("text", &tower.forward(&golden.tensor("in.tokens")).unwrap());
}

#[test]
fn text_after_the_end_mark_changes_nothing() {
    let golden = Golden::read(&data(), "clip_convnext");
    let tower = TextTower::load(&text_config(&golden), &golden.weights()).unwrap();
    let tokens = golden
        .tensor("in.tokens")
        .get(0)
        .unwrap()
        .to_vec1::<i64>()
        .unwrap();
    let end = (0..tokens.len())
        .max_by_key(|&place| (tokens[place], usize::MAX - place))
        .unwrap();
    let whole = golden.tensor("in.tokens").narrow(0, 0, 1).unwrap();
    let cut = whole.narrow(1, 0, end + 1).unwrap();
    let [whole, cut] = [whole, cut].map(|tokens| tower.forward(&tokens).unwrap());
    let greatest = |x: &Tensor| {
        x.abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap()
    };
    let apart = greatest(&(&whole - cut).unwrap());
    assert!(apart < allowed(1e-5) * greatest(&whole), "{apart} apart");
}

#[test]
fn what_does_not_fit_is_refused() {
    let golden = Golden::read(&data(), "clip_convnext");
    let config = text_config(&golden);
    let tower = TextTower::load(&config, &golden.weights()).unwrap();
    let device = device();
    let long = candle_core::Tensor::zeros((1, 17), candle_core::DType::U32, &device).unwrap();
    assert!(
        tower.forward(&long).is_err(),
        "17 tokens in a context of 16"
    );
    let foreign = candle_core::Tensor::new(&[[300u32]], &device).unwrap();
    assert!(tower.forward(&foreign).is_err(), "token 300 of 300");
    let narrow = TextTowerConfig {
        width: 16,
        ..config
    };
    let refused = TextTower::load(&narrow, &golden.weights())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("token_embedding"), "{refused}");
}

/// Sides that no stride divides, exact GELU, and texts of other lengths.
pub(crate) fn check(folder: &Path) {
    let golden = Golden::read(folder, "convnext_odd");
    let sizes = |name: &str| serde_json::from_value(golden.config[name].clone()).unwrap();
    let config = ConvNextConfig {
        depths: sizes("depths"),
        dims: sizes("dims"),
        embed_dim: golden.config["embed_dim"].as_u64().unwrap() as usize,
        ..ConvNextConfig::LARGE_D
    };
    let tower = ConvNext::load(&config, &golden.weights().pp("visual")).unwrap();
    let images = golden.tensor("in.image");
    golden.expect("trunk", &tower.trunk(&images).unwrap());
    golden.expect("image", &tower.forward(&images).unwrap());
    let tower = TextTower::load(&text_config(&golden), &golden.weights()).unwrap();
    golden.expect("text", &tower.forward(&golden.tensor("in.tokens")).unwrap());
}

#[test]
fn odd_sizes_are_open_clips_too() {
    check(&data());
}
