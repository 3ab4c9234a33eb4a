//! BiRefNet against its reference implementation, and the published network's tensors against what is
//! asked of a file.
//!
//! `tests/goldens/birefnet.py` makes the goldens. With `SPLATSMITH_MODELS_PYTHON` naming a Python and
//! `SPLATSMITH_BIREFNET` a checkout of the reference it is run with other seeds too, and on demand at the
//! published size.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../goldens/formula.rs"]
mod formula;
#[allow(dead_code)]
#[path = "../goldens/golden.rs"]
mod golden;
mod operators;
mod published;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;
use formula::picture;
use golden::{Golden, data, device};
use models::{BiRefNet, BiRefNetConfig};
use tempfile::TempDir;

fn config(golden: &Golden) -> BiRefNetConfig {
    serde_json::from_value(golden.config.clone()).unwrap()
}

fn image(golden: &Golden) -> Tensor {
    let shape: Vec<usize> = serde_json::from_value(golden.config["shape"].clone()).unwrap();
    let colours = picture("picture", &shape, golden.seed);
    let colours = colours.to_device(&device()).unwrap();
    ((colours * 4.0).unwrap() - 2.0).unwrap()
}

fn check(folder: &Path, name: &str) {
    let golden = Golden::read(folder, name);
    let net = BiRefNet::load(&config(&golden), &golden.weights()).unwrap();
    let image = image(&golden);
    for (scale, features) in net.features(&image).unwrap().iter().enumerate() {
        let features = features.permute((0, 3, 1, 2)).unwrap();
        golden.expect(&format!("x{}", scale + 1), &features);
    }
    golden.expect("logits", &net.forward(&image).unwrap());
}

#[test]
fn a_network_with_padded_windows_is_the_references() {
    check(&data(), "birefnet_padded");
}

#[test]
fn a_network_that_takes_tiles_by_columns_is_the_references() {
    check(&data(), "birefnet_columns");
}

#[test]
fn the_order_of_tiles_matters() {
    let golden = Golden::read(&data(), "birefnet_columns");
    let mut config = config(&golden);
    config.tile_order = models::TileOrder::Colours;
    let net = BiRefNet::load(&config, &golden.weights()).unwrap();
    let found = net.forward(&image(&golden)).unwrap();
    let apart = (found - golden.tensor("out.logits"))
        .unwrap()
        .abs()
        .unwrap();
    let apart: f32 = apart.max_all().unwrap().to_scalar().unwrap();
    assert!(apart > 1e-2, "{apart}");
}

/// The golden's weights in another precision, which takes the way of GPUs: candle's own calls.
fn weights_as(golden: &Golden, dtype: DType) -> VarBuilder<'static> {
    let weights = golden.weights();
    let tensors = golden.names("w.").into_iter().map(|name| {
        let tensor = weights.get_unchecked(&name).unwrap();
        (name, tensor.to_dtype(dtype).unwrap())
    });
    VarBuilder::from_tensors(tensors.collect(), dtype, &device())
}

#[test]
fn the_plain_operators_give_the_same() {
    for name in ["birefnet_padded", "birefnet_columns"] {
        let golden = Golden::read(&data(), name);
        let weights = weights_as(&golden, DType::F64);
        let net = BiRefNet::load(&config(&golden), &weights).unwrap();
        let image = image(&golden).to_dtype(DType::F64).unwrap();
        golden.expect("logits", &net.forward(&image).unwrap());
    }
}

#[test]
fn half_precision_stays_near() {
    let golden = Golden::read(&data(), "birefnet_padded");
    let net = BiRefNet::load(&config(&golden), &weights_as(&golden, DType::F16)).unwrap();
    let image = image(&golden).to_dtype(DType::F16).unwrap();
    let alpha = |logits: Tensor| {
        let logits = logits.to_dtype(DType::F32).unwrap();
        candle_nn::ops::sigmoid(&logits).unwrap()
    };
    let (found, expected) = (
        alpha(net.forward(&image).unwrap()),
        alpha(golden.tensor("out.logits")),
    );
    let apart = (found - expected).unwrap().abs().unwrap();
    let mean: f32 = apart.mean_all().unwrap().to_scalar().unwrap();
    println!("alpha in half precision is {mean:.1e} apart on average");
    assert!(mean < 0.01, "{mean}");
}

#[test]
fn pictures_of_other_sizes_are_refused() {
    let golden = Golden::read(&data(), "birefnet_padded");
    let net = BiRefNet::load(&config(&golden), &golden.weights()).unwrap();
    for shape in [[1, 3, 0, 32], [1, 3, 32, 48], [1, 4, 32, 32]] {
        let image = Tensor::zeros(&shape[..], DType::F32, &device()).unwrap();
        let error = net.forward(&image).unwrap_err().to_string();
        assert!(error.contains("multiples of 32"), "{error}");
    }
}

/// Goldens of the reference's own code, made on the spot; `None` where there is no Python or no checkout.
fn made(arguments: &[&str]) -> Option<TempDir> {
    let named = |name| std::env::var_os(name);
    let (Some(python), Some(reference)) = (
        named("SPLATSMITH_MODELS_PYTHON"),
        named("SPLATSMITH_BIREFNET"),
    ) else {
        println!("skipped: no SPLATSMITH_MODELS_PYTHON and SPLATSMITH_BIREFNET");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/birefnet.py");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(&python);
    command.arg(&script).arg("--birefnet").arg(&reference);
    command.arg(folder.path()).args(arguments);
    let made = command.status().unwrap();
    assert!(made.success(), "{command:?} failed");
    Some(folder)
}

/// `SPLATSMITH_BIREFNET=… SPLATSMITH_MODELS_PYTHON=… cargo test -p models --test birefnet published_size --
/// --ignored --nocapture`
#[test]
#[ignore = "takes minutes and 6 GB"]
fn a_network_of_the_published_size_agrees_too() {
    let Some(folder) = made(&["--full"]) else {
        return;
    };
    for side in [256, 1024] {
        let golden = Golden::read(folder.path(), &format!("birefnet_full_{side}"));
        let config = config(&golden);
        assert_eq!(config, BiRefNetConfig::GENERAL);
        let net = BiRefNet::load(&config, &golden.weights()).unwrap();
        let image = image(&golden);
        let begun = Instant::now();
        let logits = net.forward(&image).unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        let theirs = golden.config["seconds"].as_f64().unwrap();
        let times = seconds / theirs;
        println!("{side}²: {seconds:.1} s, the reference {theirs:.1} s: {times:.1} times as long");
        golden.expect("logits", &logits);
        if side == 256 {
            check(folder.path(), "birefnet_full_256");
        }
    }
}

#[test]
fn other_seeds_agree_too() {
    let seeds = std::env::var("SPLATSMITH_MODELS_SEEDS").unwrap_or_else(|_| "7 20251".to_owned());
    for seed in seeds.split_whitespace() {
        let Some(folder) = made(&[seed]) else {
            return;
        };
        check(folder.path(), "birefnet_padded");
        check(folder.path(), "birefnet_columns");
    }
}
