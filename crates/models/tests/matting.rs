//! Alpha of pictures: networks in ONNX files against onnxruntime, and BiRefNet's way from bytes to alpha.
//!
//! `tests/goldens/matting.py` makes the small networks. With `SPLATSMITH_ISNET` naming the file that
//! `scripts/fetch-isnet` fetches and `SPLATSMITH_MODELS_PYTHON` a Python with
//! `tests/goldens/matting-requirements.txt`, the real network is held against onnxruntime too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "goldens/formula.rs"]
mod formula;
#[allow(dead_code)]
#[path = "goldens/golden.rs"]
mod golden;

use std::path::{Path, PathBuf};
use std::process::Command;

use candle_core::{Device, Tensor};
use formula::picture;
use golden::{Golden, allowed, data, device};
use models::{Filter, Matting, MattingError, MattingOutput, OnnxSettings, resize};

fn file(name: &str) -> PathBuf {
    data().join("matting").join(name)
}

fn settings(output: MattingOutput) -> OnnxSettings {
    OnnxSettings {
        side: Some(32),
        mean: [100.0; 3],
        deviation: [50.0; 3],
        output,
    }
}

/// The picture of the goldens.
fn bytes(height: usize, width: usize) -> Vec<u8> {
    let colours = picture("picture", &[1, height, width, 3], 404);
    let colours: Vec<f32> = colours.flatten_all().unwrap().to_vec1().unwrap();
    colours
        .iter()
        .map(|value| (value * 255.0).round() as u8)
        .collect()
}

fn tensor(alpha: Vec<f32>, shape: &[usize]) -> Tensor {
    Tensor::from_vec(alpha, shape, &Device::Cpu).unwrap()
}

fn refusal(name: &str, settings: OnnxSettings) -> String {
    let error = match Matting::onnx(&file(name), Some(settings)) {
        Err(error) => error.to_string(),
        Ok(net) => net.alpha(32, 24, &bytes(24, 32)).unwrap_err().to_string(),
    };
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_network_of_a_fixed_size_is_onnxruntimes() {
    let golden = Golden::read(&data().join("matting"), "expected");
    let net = Matting::onnx(&file("alpha.onnx"), Some(settings(MattingOutput::Alpha))).unwrap();
    assert_eq!(net.name(), "alpha.onnx");
    let alpha = net.alpha(32, 24, &bytes(24, 32)).unwrap();
    golden.expect("alpha", &tensor(alpha, &[1, 1, 24, 32]));
}

#[test]
fn logits_of_a_network_of_any_size_become_alpha() {
    let golden = Golden::read(&data().join("matting"), "expected");
    let net = Matting::onnx(&file("logits.onnx"), Some(settings(MattingOutput::Logits))).unwrap();
    let alpha = net.alpha(32, 32, &bytes(32, 32)).unwrap();
    let logits: Vec<f32> = alpha
        .iter()
        .map(|alpha| (alpha / (1.0 - alpha)).ln())
        .collect();
    golden.expect("logits", &tensor(logits, &[1, 1, 32, 32]));
    let net = Matting::onnx(
        &file("logits.onnx"),
        Some(settings(MattingOutput::Stretched)),
    )
    .unwrap();
    let alpha = net.alpha(32, 32, &bytes(32, 32)).unwrap();
    let (least, most) = (
        alpha.iter().copied().fold(f32::INFINITY, f32::min),
        alpha.iter().copied().fold(f32::NEG_INFINITY, f32::max),
    );
    assert_eq!((least, most), (0.0, 1.0));
}

#[test]
fn alpha_comes_in_the_pictures_size() {
    let net = Matting::onnx(&file("alpha.onnx"), Some(settings(MattingOutput::Alpha))).unwrap();
    for (width, height) in [(1, 1), (7, 90), (64, 48)] {
        let alpha = net
            .alpha(width as u32, height as u32, &bytes(height, width))
            .unwrap();
        assert_eq!(alpha.len(), width * height);
        assert!(alpha.iter().all(|alpha| (0.0..=1.0).contains(alpha)));
    }
}

#[test]
fn pictures_that_are_none_are_refused() {
    let net = Matting::onnx(&file("alpha.onnx"), Some(settings(MattingOutput::Alpha))).unwrap();
    for (width, height, bytes) in [(0, 0, 0), (2, 2, 11), (4, 1, 13), (9000, 1, 27000)] {
        let error = net.alpha(width, height, &vec![0; bytes]).unwrap_err();
        assert!(matches!(error, MattingError::Picture { .. }), "{error}");
    }
}

#[test]
fn files_that_are_no_matting_networks_are_refused_in_a_line() {
    let alpha = || settings(MattingOutput::Alpha);
    for (name, settings, words) in [
        ("grey.onnx", alpha(), "not one picture of three colours"),
        ("two.onnx", alpha(), "takes 2 inputs"),
        (
            "half.onnx",
            alpha(),
            "not one value for each pixel of 32×24",
        ),
        ("logits.onnx", alpha(), "say output = \"logits\""),
        ("missing.onnx", alpha(), "missing.onnx"),
        ("expected.safetensors", alpha(), "expected.safetensors"),
        (
            "logits.onnx",
            OnnxSettings {
                side: None,
                ..alpha()
            },
            "say side",
        ),
        (
            "logits.onnx",
            OnnxSettings {
                side: Some(9999),
                ..alpha()
            },
            "at most 2048",
        ),
    ] {
        let error = refusal(name, settings);
        assert!(error.contains(words), "{name}: {error}");
    }
}

#[test]
fn damaged_files_are_refused_without_panic() {
    let whole = std::fs::read(file("alpha.onnx")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.onnx");
    let mut damaged: Vec<Vec<u8>> = (0..whole.len())
        .step_by(97)
        .map(|length| whole[..length].to_vec())
        .collect();
    for place in (0..whole.len()).step_by(13) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        damaged.push(bytes);
    }
    let mut refused = 0;
    for bytes in damaged {
        std::fs::write(&path, bytes).unwrap();
        let opened = Matting::onnx(&path, Some(settings(MattingOutput::Alpha)));
        let alpha = opened.and_then(|net| net.alpha(32, 24, &[90; 32 * 24 * 3]));
        refused += usize::from(alpha.is_err());
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn settings_come_from_a_file_beside_or_from_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::copy(file("alpha.onnx"), path("mine.onnx")).unwrap();
    let open = || Matting::onnx(&path("mine.onnx"), None).map_err(|error| error.to_string());
    let error = open().unwrap_err();
    assert!(
        error.contains("mine.toml: side, mean, deviation, output"),
        "{error}"
    );
    let toml = "mean = [100, 100, 100]\ndeviation = [50, 50, 50]\noutput = \"alpha\"\n";
    std::fs::write(path("mine.toml"), toml).unwrap();
    assert!(open().is_ok());
    for (wrong, words) in [
        ("mean = 1", "invalid type"),
        (
            "mean = [1, 1, 1]\ndeviation = [0, 1, 1]\noutput = \"alpha\"",
            "no deviation 0",
        ),
        ("sde = 3", "unknown field"),
    ] {
        std::fs::write(path("mine.toml"), wrong).unwrap();
        let error = open().unwrap_err();
        assert!(error.contains(words) && !error.contains('\n'), "{error}");
    }
    assert_eq!(
        OnnxSettings::known("ISNet-medium").unwrap().mean,
        [128.0; 3]
    );
    assert_eq!(OnnxSettings::known("u2netp").unwrap().side, Some(320));
    assert_eq!(OnnxSettings::known("resnet"), None);
}

#[test]
fn birefnet_goes_from_bytes_to_alpha() {
    let golden = Golden::read(&data(), "birefnet_padded");
    let config = serde_json::from_value(golden.config.clone()).unwrap();
    let net = Matting::birefnet("tiny", &config, &golden.weights(), 64).unwrap();
    // In its own size: no resizing on either side.
    let rgb = bytes(64, 64);
    let alpha = net.alpha(64, 64, &rgb).unwrap();
    let colours: Vec<f32> = rgb.iter().map(|value| f32::from(*value) / 255.0).collect();
    let seen = tensor(colours, &[1, 64, 64, 3])
        .permute((0, 3, 1, 2))
        .and_then(|seen| seen.to_device(&device()))
        .unwrap();
    let net_itself = models::BiRefNet::load(&config, &golden.weights()).unwrap();
    let logits = net_itself
        .forward(&models::IMAGENET.apply(&seen).unwrap())
        .unwrap();
    let expected = candle_nn::ops::sigmoid(&logits).unwrap();
    let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
    for (found, expected) in alpha.iter().zip(&expected) {
        assert!((found - expected).abs() < allowed(1e-6));
    }
    let alpha = net.alpha(40, 100, &bytes(100, 40)).unwrap();
    assert_eq!(alpha.len(), 4000);
    assert!(alpha.iter().all(|alpha| (0.0..=1.0).contains(alpha)));
}

#[test]
fn shrinking_by_triangles_skips_no_pixel() {
    // A line of single bright pixels: sampled, it would come and go.
    let line: Vec<f32> = (0..64)
        .map(|x| if x % 8 == 0 { 1.0 } else { 0.0 })
        .collect();
    let small = resize(
        &tensor(line, &[1, 1, 1, 64]),
        1,
        8,
        Filter::BilinearAntialias,
    )
    .unwrap();
    let small: Vec<f32> = small.flatten_all().unwrap().to_vec1().unwrap();
    for value in &small[1..7] {
        assert!((value - 0.125).abs() < 0.01, "{small:?}");
    }
}

/// Intersection over union of what is at least half the subject.
fn intersection_over_union(left: &[f32], right: &[f32]) -> f64 {
    let both = left
        .iter()
        .zip(right)
        .map(|(left, right)| (*left >= 0.5, *right >= 0.5));
    let (shared, any) = both.fold((0u32, 0u32), |(shared, any), (left, right)| {
        (
            shared + u32::from(left && right),
            any + u32::from(left || right),
        )
    });
    f64::from(shared) / f64::from(any.max(1))
}

#[test]
fn the_real_isnet_is_onnxruntimes() {
    let named = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(isnet), Some(python)) =
        (named("SPLATSMITH_ISNET"), named("SPLATSMITH_MODELS_PYTHON"))
    else {
        println!("skipped: no SPLATSMITH_ISNET and SPLATSMITH_MODELS_PYTHON");
        return;
    };
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/images");
    if !shared.exists() {
        println!("skipped: no ../shared");
        return;
    }
    let names = ["balloon", "clock", "pumpkin", "suv"];
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/matting.py"))
        .arg(&isnet)
        .arg(folder.path())
        .args(names.map(|name| shared.join(format!("{name}.png"))))
        .status();
    assert!(made.unwrap().success(), "matting.py failed");
    let net = Matting::onnx(&isnet, None).unwrap();
    for name in names {
        let image = image::open(shared.join(format!("{name}.png")))
            .unwrap()
            .into_rgb8();
        let alpha = net.alpha(image.width(), image.height(), &image).unwrap();
        let expected = std::fs::read(folder.path().join(format!("{name}.f32"))).unwrap();
        let (expected, _) = expected.as_chunks::<4>();
        let expected: Vec<f32> = expected
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        assert_eq!(alpha.len(), expected.len(), "{name}");
        let agreed = intersection_over_union(&alpha, &expected);
        let pairs = alpha.iter().zip(&expected);
        let apart = pairs
            .map(|(left, right)| (left - right).abs())
            .fold(0.0, f32::max);
        println!("{name}: intersection over union {agreed:.6}, at most {apart:.1e} apart");
        assert!(agreed >= 0.999, "{name}: {agreed}");
    }
}
