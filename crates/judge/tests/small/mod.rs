//! The small networks of `goldens/score.py`, and the pictures they are shown.

use std::path::Path;

use candle_core::DType;
use candle_nn::VarBuilder;
use image::{Rgba, RgbaImage};
use judge::{Judge, JudgeConfig, Prompt};
use models::scorer::{
    ClipGate, Distance, ImageAlignment, NotReady, Quality, Scorer, TextAlignment,
};
use models::{
    Activation, ClipTextConfig, ClipTokenizer, ClipVisionConfig, ConvNextConfig, Dinov2Config,
    TextTowerConfig,
};
use render::{Camera, Orbit, Scene, VALIDATOR_EXTENT, WHITE};
use splat::Cloud;

use crate::formula::{noise, weight};
use crate::place::device;

const TOKENS: usize = 512 + 6000 + 2;

/// Every weight that is asked for, by the formula from its name.
struct Formula(u64);

impl candle_nn::var_builder::SimpleBackend for Formula {
    fn get(
        &self,
        shape: candle_core::Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &candle_core::Device,
    ) -> candle_core::Result<candle_core::Tensor> {
        weight(name, shape.dims(), self.0)
            .to_dtype(dtype)?
            .to_device(device)
    }

    fn get_unchecked(
        &self,
        name: &str,
        _: DType,
        _: &candle_core::Device,
    ) -> candle_core::Result<candle_core::Tensor> {
        candle_core::bail!("{name} is asked for without a shape")
    }

    fn contains_tensor(&self, name: &str) -> bool {
        // transformers' names since 5, and torchmetrics'.
        name.ends_with("q_proj.weight")
    }
}

fn weights(seed: u64) -> VarBuilder<'static> {
    weights_in(DType::F32, seed)
}

fn weights_in(dtype: DType, seed: u64) -> VarBuilder<'static> {
    VarBuilder::from_backend(Box::new(Formula(seed)), dtype, device())
}

fn tokenizer() -> ClipTokenizer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/data/merges.txt");
    ClipTokenizer::from_merges(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn quality(seed: u64) -> Quality {
    let config = Dinov2Config {
        hidden_size: 48,
        num_hidden_layers: 2,
        num_attention_heads: 3,
        mlp_ratio: 2,
        ..Dinov2Config::SMALL
    };
    Quality::load(&config, &weights(seed), None).unwrap()
}

pub(crate) fn text(seed: u64) -> Result<TextAlignment, NotReady> {
    text_of(&weights(seed))
}

fn text_of(weights: &VarBuilder<'_>) -> Result<TextAlignment, NotReady> {
    let image = ConvNextConfig {
        depths: [1, 1, 2, 1],
        dims: [16, 24, 32, 40],
        embed_dim: 28,
        ..ConvNextConfig::LARGE_D
    };
    let words = TextTowerConfig {
        vocab_size: TOKENS,
        width: 48,
        heads: 4,
        layers: 2,
        embed_dim: 28,
        ..TextTowerConfig::LARGE_D
    };
    Ok(TextAlignment::load(&image, &words, weights, tokenizer()).unwrap())
}

fn vision(hidden_size: usize, heads: usize, projection_dim: usize) -> ClipVisionConfig {
    ClipVisionConfig {
        hidden_size,
        intermediate_size: 64,
        num_hidden_layers: 2,
        num_attention_heads: heads,
        projection_dim,
        hidden_act: Activation::QuickGelu,
        ..ClipVisionConfig::LLM2CLIP_336
    }
}

fn distance(seed: u64) -> Distance {
    // The golden fills the backbone below the metric's `net.net`, whose names begin with `slice1.0`.
    let backbone = weights(seed).rename_f(|name| {
        let slices = [("0", 1), ("3", 2), ("6", 3), ("8", 4), ("10", 5)];
        let named = slices.iter().find_map(|(number, slice)| {
            let kind = name.strip_prefix("features.")?.strip_prefix(number)?;
            Some(format!(
                "slice{slice}.{number}{}",
                kind.starts_with('.').then_some(kind)?
            ))
        });
        named.unwrap_or_else(|| name.to_owned())
    });
    let heads =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/data/lpips_256.safetensors");
    let heads = candle_core::safetensors::load(heads, &device()).unwrap();
    let heads = VarBuilder::from_tensors(heads, DType::F32, &device()).pp("w");
    Distance::load(&backbone, &heads).unwrap()
}

pub(crate) fn gate(seed: u64) -> Result<ClipGate, NotReady> {
    gate_of(&weights(seed))
}

fn gate_of(weights: &VarBuilder<'_>) -> Result<ClipGate, NotReady> {
    let vision = ClipVisionConfig {
        image_size: 224,
        patch_size: 32,
        ..vision(32, 4, 24)
    };
    let text = ClipTextConfig {
        vocab_size: TOKENS,
        hidden_size: 32,
        intermediate_size: 64,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        projection_dim: 24,
        ..ClipTextConfig::LARGE_14
    };
    Ok(ClipGate::load(&vision, &text, weights, tokenizer()).unwrap())
}

pub(crate) fn scorer(seed: u64) -> Scorer {
    Scorer {
        device: device(),
        quality: Ok(quality(seed)),
        text: text(seed),
        image: Ok(ImageAlignment::load(&vision(32, 2, 40), &weights(seed)).unwrap()),
        distance: Ok(distance(seed)),
        gate: gate(seed),
    }
}

/// The same in the precisions that [`Scorer::open`] takes on a GPU: alignment and gate in `f16`.
pub(crate) fn narrow(seed: u64) -> Scorer {
    let weights = weights_in(DType::F16, seed);
    Scorer {
        text: text_of(&weights),
        image: Ok(ImageAlignment::load(&vision(32, 2, 40), &weights).unwrap()),
        gate: gate_of(&weights),
        ..scorer(seed)
    }
}

/// The networks as they are published, but for their weights; image prompts are left out.
pub(crate) fn full_size(seed: u64) -> Scorer {
    let weights = weights(seed);
    let (image, words) = (ConvNextConfig::LARGE_D, TextTowerConfig::LARGE_D);
    let (vision, text) = (ClipVisionConfig::LARGE_14, ClipTextConfig::LARGE_14);
    Scorer {
        quality: Ok(Quality::load(&Dinov2Config::SMALL, &weights, None).unwrap()),
        text: Ok(TextAlignment::load(&image, &words, &weights, tokenizer()).unwrap()),
        distance: Ok(distance(seed)),
        gate: Ok(ClipGate::load(&vision, &text, &weights, tokenizer()).unwrap()),
        device: device(),
        ..Scorer::absent("no picture is asked for")
    }
}

/// A prompt picture with alpha, of uneven sides.
pub(crate) fn prompt_picture() -> Vec<u8> {
    let values = noise("prompt", 96 * 75 * 4, 1);
    let picture = RgbaImage::from_fn(96, 75, |x, y| {
        let place = ((y * 96 + x) * 4) as usize;
        let [red, green, blue, alpha] = [0, 1, 2, 3].map(|channel| {
            ((values[place + channel] + 1.0) * 40.0) as u8 + (2 * x) as u8 / 2 + y as u8
        });
        Rgba([red, green, blue, if x < 20 { 0 } else { alpha }])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// The validator's views, those of the gate, and the prompt picture, for Python.
pub(crate) fn write_pictures(folder: &Path, cloud: &Cloud) {
    let judge = Judge::new(JudgeConfig::default());
    let views = judge.assess(cloud, &Prompt::Text(String::new())).views;
    for (index, view) in views.iter().enumerate() {
        std::fs::write(
            folder.join(format!("view_{index:02}.png")),
            view.to_png().unwrap(),
        )
        .unwrap();
    }
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT)).unwrap();
    for (index, (azimuth_deg, elevation_deg)) in
        [(0.0, 0.0), (90.0, 0.0), (0.0, -90.0), (45.0, -30.0)]
            .into_iter()
            .enumerate()
    {
        let camera = Camera::orbit(Orbit {
            azimuth_deg,
            elevation_deg,
            ..Orbit::default()
        });
        let view = render::render(&scene, &camera.unwrap(), WHITE);
        std::fs::write(
            folder.join(format!("closer_{index}.png")),
            view.to_png().unwrap(),
        )
        .unwrap();
    }
    std::fs::write(folder.join("prompt.png"), prompt_picture()).unwrap();
}
