//! Parts as wide as the published networks, against the references run on the spot.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use models::flux::{
    AutoencoderConfig, Decoder, Layers, T5Config, T5Encoder, Transformer, TransformerConfig,
};
use models::store::Weights;

use crate::golden::Golden;

const CPU: Device = Device::Cpu;

/// Tokens in a row of a picture of 512² pixels.
const SIDE: usize = 32;

fn layers(folder: &Path, name: &str) -> (Weights, Layers) {
    let path = folder.join(format!("{name}_weights.safetensors"));
    let weights = Weights::open([path]).unwrap();
    let layers = Layers::open(&weights, DType::F32, &CPU);
    (weights, layers)
}

/// Computes it, and holds it and its time against the reference's.
fn held(folder: &Path, name: &str, compute: impl FnOnce(&Golden) -> Tensor) {
    let golden = Golden::read(folder, name);
    let begun = Instant::now();
    let found = compute(&golden);
    let seconds = begun.elapsed().as_secs_f64();
    let theirs = golden.config["seconds"].as_f64().unwrap();
    let times = seconds / theirs;
    println!("{name}: {seconds:.2} s, the reference {theirs:.2} s: {times:.1} times as long");
    golden.expect("found", &found);
}

fn flow(folder: &Path) {
    let (weights, layers) = layers(folder, "full_flow");
    let config = TransformerConfig::of(&weights).unwrap();
    assert_eq!((config.depth, config.depth_single_blocks), (1, 1));
    let network = Transformer::load(&config, &layers).unwrap();
    held(folder, "full_flow", |golden| {
        let (text, pooled) = (golden.tensor("in.text"), golden.tensor("in.pooled"));
        let surroundings = network.surroundings(&text, &pooled, SIDE, SIDE).unwrap();
        let time = Tensor::new(&[0.75f32], &CPU).unwrap();
        let latent = golden.tensor("in.latent");
        network.forward(&latent, &time, &surroundings).unwrap()
    });
}

fn t5(folder: &Path) {
    let (weights, layers) = layers(folder, "full_t5");
    let config = T5Config::of(&weights).unwrap();
    let encoder = T5Encoder::load(&config, &layers).unwrap();
    held(folder, "full_t5", |golden| {
        encoder.forward(&golden.tensor("in.tokens")).unwrap()
    });
}

fn decoder(folder: &Path) {
    let (weights, layers) = layers(folder, "full_decoder");
    let config = AutoencoderConfig::of(&weights).unwrap();
    let decoder = Decoder::load(&config, &layers).unwrap();
    held(folder, "full_decoder", |golden| {
        decoder.forward(&golden.tensor("in.latent")).unwrap()
    });
}

/// `SPLATSMITH_MODELS_PYTHON=… cargo test -p models --test flux full -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes and 6 GB"]
fn parts_of_full_width_are_the_references() {
    let Some(python) = std::env::var_os("SPLATSMITH_MODELS_PYTHON") else {
        println!("skipped: SPLATSMITH_MODELS_PYTHON names no Python");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/flux.py");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.arg(script).arg(folder.path()).arg("--full");
    assert!(command.status().unwrap().success(), "{command:?} failed");
    t5(folder.path());
    flow(folder.path());
    decoder(folder.path());
}
