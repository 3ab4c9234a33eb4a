//! What the networks are given: pictures to the byte, texts to the token.

use std::collections::HashMap;
use std::path::Path;

use crate::golden::{Golden, allowed, data, device};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use models::trellis::{
    PrepareError, SIDE, image_condition, no_image_condition, prepare_image, shrink, text_condition,
};
use models::{ClipText, ClipTextConfig, ClipTokenizer, Dinov2, Dinov2Config, IMAGENET, ops};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What `goldens/conditions.py` writes.
#[derive(Deserialize)]
struct Goldens {
    prepared: Vec<Prepared>,
    shrunk: Vec<Shrunk>,
    texts: Vec<(String, Vec<u32>)>,
}

#[derive(Deserialize)]
struct Prepared {
    /// Width, height, left, top, right, bottom, faint around.
    case: [i64; 7],
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Shrunk {
    case: [u32; 2],
    seed: u32,
    size: [u32; 2],
    sha256: String,
}

fn goldens(folder: &Path) -> Goldens {
    let bytes = std::fs::read(folder.join("trellis_conditions.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Everything that `conditions.py` wrote to a folder.
pub(crate) fn check(folder: &Path) {
    let goldens = goldens(folder);
    check_prepared(goldens.prepared);
    check_shrunk(goldens.shrunk);
    check_texts(goldens.texts);
}

/// As `conditions.py` has it.
fn hashed(x: u32, y: u32, channel: u32, seed: u32) -> u8 {
    let place = x
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add(y.wrapping_mul(0x85EB_CA77));
    let mut hash = place
        .wrapping_add(channel.wrapping_mul(0xC2B2_AE3D))
        .wrapping_add(seed.wrapping_mul(0x27D4_EB2F));
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D);
    hash ^= hash >> 12;
    ((hash >> 24) / 4 + (3 * x + 5 * y + 40 * channel) % 192) as u8
}

fn cut_out(case: [i64; 7], seed: u32) -> Vec<u8> {
    let [width, height, left, top, right, bottom, faint] = case;
    let mut rgba = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let value = |channel| hashed(x as u32, y as u32, channel, seed);
            rgba.extend([value(0), value(1), value(2)]);
            let inside = (left..=right).contains(&x) && (top..=bottom).contains(&y);
            rgba.push(if inside {
                205 + value(3) % 51
            } else {
                value(3) % 205 * faint as u8
            });
        }
    }
    rgba
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_goldens_picture_is_prepared_to_the_byte() {
    let golden = Golden::read(&data(), "preprocess_image");
    let picture = |key: &str| {
        let bytes: Vec<u8> = golden.tensor(key).to_vec1().unwrap();
        image::load_from_memory(&bytes).unwrap()
    };
    let rgba = picture("in.rgba_png").into_rgba8();
    let found = prepare_image(rgba.width(), rgba.height(), &rgba).unwrap();
    assert!(found == picture("out.rgb_png").into_rgb8().into_raw());
}

#[test]
fn pictures_are_prepared_to_the_byte() {
    check_prepared(goldens(&data()).prepared);
}

fn check_prepared(cases: Vec<Prepared>) {
    let black = digest(&vec![0; SIDE * SIDE * 3]);
    for (seed, Prepared { case, sha256 }) in (0..).zip(cases) {
        let found = prepare_image(case[0] as u32, case[1] as u32, &cut_out(case, seed));
        match (found, sha256) {
            (Ok(rgb), Some(expected)) => assert_eq!(digest(&rgb), expected, "{case:?}"),
            (Err(PrepareError::Transparent), None) => {}
            // The reference makes a picture of nothing of it.
            (Err(PrepareError::TooSmall { width, height }), Some(expected)) => {
                assert!(width <= 2 && height <= 2, "{case:?}");
                assert_eq!(expected, black, "{case:?}");
            }
            (found, expected) => panic!("{case:?}: {:?} for {expected:?}", found.map(|_| ())),
        }
    }
}

#[test]
fn pictures_shrink_to_the_byte() {
    check_shrunk(goldens(&data()).shrunk);
}

fn check_shrunk(cases: Vec<Shrunk>) {
    for Shrunk {
        case,
        seed,
        size,
        sha256,
    } in cases
    {
        let [width, height] = case;
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let rgb: Vec<u8> = places
            .flat_map(|(x, y)| [0, 1, 2].map(|channel| hashed(x, y, channel, seed)))
            .collect();
        let found = shrink(width, height, &rgb).unwrap();
        assert_eq!([found.width, found.height], size, "{case:?}");
        assert_eq!(digest(&found.pixels), sha256, "{case:?}");
    }
}

#[test]
fn pictures_that_are_none_are_refused() {
    let refused = |width, height, bytes: usize| {
        let rgba = vec![255; bytes];
        let shrunk = shrink(width, height, &rgba).map(|_| Vec::new());
        [prepare_image(width, height, &rgba), shrunk].map(Result::unwrap_err)
    };
    for (width, height, bytes) in [(0, 0, 0), (0, 5, 0), (2, 2, 15), (u32::MAX, u32::MAX, 4)] {
        for error in refused(width, height, bytes) {
            assert!(matches!(error, PrepareError::Size { .. }), "{error}");
        }
    }
    let long = prepare_image(65_536, 1, &vec![255; 4 * 65_536]).unwrap_err();
    assert!(long.to_string().contains("65536×1"), "{long}");
    // Longer than what is left of the other side.
    let thin = shrink(1, 4096, &[77; 3 * 4096]).unwrap();
    assert_eq!([thin.width, thin.height], [1, 1024]);
    assert!(thin.pixels.iter().all(|&value| value == 77));
}

/// Whatever little there is to see, and wherever: a picture or a reason.
#[test]
fn pictures_of_next_to_nothing_do_no_harm() {
    let sides = [1, 2, 3, 7];
    for (width, height) in sides.iter().flat_map(|w| sides.map(|h| (*w, h))) {
        for opaque in [[0, 0], [width - 1, height - 1]] {
            let mut rgba = vec![255; (4 * width * height) as usize];
            for (index, pixel) in rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let (x, y) = (index as u32 % width, index as u32 / width);
                // A cross through that pixel.
                pixel[3] = if x == opaque[0] || y == opaque[1] {
                    255
                } else {
                    204
                };
            }
            let found = prepare_image(width, height, &rgba);
            if width.max(height) > 2 {
                let rgb = found.unwrap();
                assert_eq!(rgb.len(), SIDE * SIDE * 3);
                assert!(rgb.iter().any(|&value| value > 100), "{width}×{height}");
            } else {
                assert_eq!(found, Err(PrepareError::TooSmall { width, height }));
            }
        }
    }
}

#[test]
fn texts_are_transformers() {
    let texts = goldens(&data()).texts;
    assert!(texts.len() > 200);
    check_texts(texts);
}

fn check_texts(texts: Vec<(String, Vec<u32>)>) {
    let merges = std::fs::read_to_string(data().join("merges.txt")).unwrap();
    let tokenizer = ClipTokenizer::from_merges(&merges).unwrap();
    for (text, mut expected) in texts {
        expected.resize(77, *expected.last().unwrap());
        assert_eq!(tokenizer.padded(&text).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn a_text_is_the_last_state_of_all_its_tokens() {
    let golden = Golden::read(&data(), "clip_vit");
    let merges = std::fs::read_to_string(data().join("merges.txt")).unwrap();
    let tokenizer = ClipTokenizer::from_merges(&merges).unwrap();
    let config = ClipTextConfig {
        vocab_size: 6514,
        max_position_embeddings: 77,
        ..serde_json::from_value(golden.config["text"].clone()).unwrap()
    };
    // The vocabulary and the places of the tokenizer: the rest is the golden's.
    let weights = golden.weights();
    let mut tensors: HashMap<String, Tensor> = golden
        .names("w.")
        .into_iter()
        .map(|name| (name.clone(), weights.get_unchecked(&name).unwrap()))
        .collect();
    for (name, count) in [("token", config.vocab_size), ("position", 77)] {
        let shape = (count, config.hidden_size);
        let values = Tensor::randn(0.0_f32, 1.0, shape, &Device::Cpu).unwrap();
        let name = format!("text_model.embeddings.{name}_embedding.weight");
        tensors.insert(name, values);
    }
    let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let clip = ClipText::load(&config, &weights).unwrap();
    let condition = |text| text_condition(&clip, &tokenizer, text, &Device::Cpu).unwrap();
    let chair = condition("a red chair");
    assert_eq!(chair.dims(), [1, 77, config.hidden_size]);
    let tokens = Tensor::new(tokenizer.padded("a red chair").unwrap(), &Device::Cpu).unwrap();
    let hidden = clip.hidden(&tokens.unsqueeze(0).unwrap()).unwrap();
    let apart = |a: &Tensor, b: &Tensor| {
        let apart = (a - b).unwrap().abs().unwrap().max_all().unwrap();
        apart.to_scalar::<f32>().unwrap()
    };
    assert!(apart(&chair, &hidden) < 1e-6);
    // What comes after the end mark is part of it.
    assert!(apart(&chair, &condition("")) > 1e-3);
}

#[test]
fn a_picture_is_what_dinov2_sees_before_its_last_norm() {
    let golden = Golden::read(&data(), "dinov2_reg4");
    let config = Dinov2Config {
        num_register_tokens: 4,
        ..serde_json::from_value(golden.config.clone()).unwrap()
    };
    let dinov2 = Dinov2::load(&config, &golden.weights()).unwrap();
    // The golden's picture is smaller than a prepared one, but goes the same way.
    let features = dinov2.features(&golden.tensor("in.image")).unwrap();
    golden.expect(
        "cond",
        &ops::layer_norm(&features, None, None, 1e-5).unwrap(),
    );
    let rgb: Vec<u8> = (0..SIDE * SIDE * 3)
        .map(|index| (index % 251) as u8)
        .collect();
    let condition = image_condition(&dinov2, &rgb, &device()).unwrap();
    assert_eq!(condition.dims(), [1, 1374, config.hidden_size]);
    let planes: Vec<f32> = (0..3)
        .flat_map(|channel| rgb[channel..].iter().step_by(3))
        .map(|&value| f32::from(value) / 255.0)
        .collect();
    let image = Tensor::from_vec(planes, (1, 3, SIDE, SIDE), &device()).unwrap();
    let features = dinov2.features(&IMAGENET.apply(&image).unwrap()).unwrap();
    let expected = ops::layer_norm(&features, None, None, 1e-5).unwrap();
    let apart = (&condition - expected).unwrap().abs().unwrap();
    assert!(apart.max_all().unwrap().to_scalar::<f32>().unwrap() < allowed(1e-5));
    let nothing = no_image_condition(&condition).unwrap();
    assert_eq!(nothing.dims(), condition.dims());
    assert_eq!(
        nothing
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap(),
        0.0
    );
    assert!(image_condition(&dinov2, &rgb[3..], &device()).is_err());
}
