//! The flow and the autoencoder against diffusers, step by step.

use std::ops::ControlFlow;

use candle_core::Tensor;
use models::flux::{
    AutoencoderConfig, Decoder, Encoded, FluxError, FluxSettings, Layers, Painter, Transformer,
    TransformerConfig, schedule, start, unpack,
};

use crate::files::{folder, formula_weights, golden, is_autoencoders, opened};
use crate::golden::device;

fn small_flow() -> models::store::Weights {
    opened(&formula_weights("flow", |name, _| !is_autoencoders(name)))
}

fn small_autoencoder() -> models::store::Weights {
    opened(&formula_weights("flow", |name, _| is_autoencoders(name)))
}

fn painter() -> Painter {
    Painter::load(&small_flow(), &small_autoencoder(), &device()).unwrap()
}

fn prompt() -> Encoded {
    let golden = golden("flow");
    Encoded {
        text: golden.tensor("in.text"),
        pooled: golden.tensor("in.pooled"),
    }
}

const SETTINGS: FluxSettings = FluxSettings {
    steps: 4,
    width: 96,
    height: 64,
};

#[test]
fn the_schedule_is_schnells() {
    let golden = golden("flow");
    let schedules = golden.config["schedules"].as_object().unwrap();
    assert_eq!(schedules.len(), 12);
    for (steps, expected) in schedules {
        let found: Vec<f32> = schedule(steps.parse().unwrap())
            .into_iter()
            .map(|time| time as f32)
            .collect();
        let expected: Vec<f32> = serde_json::from_value(expected.clone()).unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            // numpy's linspace rounds thirds differently in the last bit.
            assert!((found - expected).abs() <= f32::EPSILON / 2.0, "{steps}");
        }
    }
    assert_eq!(schedule(4), [1.0, 0.75, 0.5, 0.25, 0.0]);
    let exact: Vec<f64> = serde_json::from_value(schedules["4"].clone()).unwrap();
    assert_eq!(schedule(4), exact);
}

#[test]
fn every_step_is_diffusers() {
    let golden = golden("flow");
    let weights = small_flow();
    let config = TransformerConfig::of(&weights).unwrap();
    assert_eq!((config.depth, config.depth_single_blocks), (2, 2));
    let layers = Layers::open(&weights, candle_core::DType::F32, &device());
    let network = Transformer::load(&config, &layers).unwrap();
    let Encoded { text, pooled } = prompt();
    let surroundings = network.surroundings(&text, &pooled, 4, 6).unwrap();
    let mut latent = golden.tensor("in.noise");
    for (step, times) in schedule(4).windows(2).enumerate() {
        let t = Tensor::new(&[times[0] as f32], &device()).unwrap();
        let direction = network.forward(&latent, &t, &surroundings).unwrap();
        golden.expect(&format!("direction_{step}"), &direction);
        latent = (latent + (direction * (times[1] - times[0])).unwrap()).unwrap();
        golden.expect(&format!("latent_{step}"), &latent);
    }
    let latent = unpack(&latent, 4, 6).unwrap();
    golden.expect("unpacked", &latent);
    let weights = small_autoencoder();
    let layers = Layers::open(&weights, candle_core::DType::F32, &device());
    let decoder = Decoder::load(&AutoencoderConfig::of(&weights).unwrap(), &layers).unwrap();
    golden.expect("decoded", &decoder.forward(&latent).unwrap());
}

#[test]
fn a_picture_is_diffusers() {
    let mut told = Vec::new();
    let picture = painter()
        .paint(&prompt(), 7, &SETTINGS, &mut |done, total| {
            told.push((done, total));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((picture.width, picture.height), (96, 64));
    let expected: Vec<u8> = golden("flow")
        .tensor("out.pixels")
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap();
    assert_eq!(picture.rgb.len(), expected.len());
    let apart: Vec<u8> = (picture.rgb.iter().zip(&expected))
        .map(|(a, b)| a.abs_diff(*b))
        .collect();
    let off = |least: u8| apart.iter().filter(|apart| **apart >= least).count();
    if device().is_cpu() {
        // What lies between two bytes may fall to either.
        assert!(off(2) == 0 && off(1) * 1000 <= expected.len(), "{}", off(1));
    } else {
        // A painter computes in `bf16` there, of which a step between 0.5 and 1 is half a byte.
        let sum: usize = apart.iter().copied().map(usize::from).sum();
        let mean = sum as f64 / apart.len() as f64;
        println!("a byte is {mean:.2} off in the mean");
        assert!(mean < 4.0, "{mean}");
    }
    assert_eq!(told, [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
}

#[test]
fn a_seed_is_a_picture() {
    let (painter, prompt) = (painter(), prompt());
    let mut go_on = |_, _| ControlFlow::Continue(());
    let mut paint = |seed| painter.paint(&prompt, seed, &SETTINGS, &mut go_on).unwrap();
    let first = paint(7);
    assert_eq!(first, paint(7));
    assert_ne!(first, paint(8));
}

#[test]
fn painting_stops_when_it_is_told() {
    let (painter, prompt) = (painter(), prompt());
    for last in 0..=5 {
        let mut asked = 0;
        let stopped = painter.paint(&prompt, 7, &SETTINGS, &mut |done, _| {
            asked += 1;
            if done == last {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(matches!(stopped, Err(FluxError::Cancelled)), "{last}");
        assert_eq!(asked, last + 1);
    }
}

#[test]
fn impossible_settings_are_refused() {
    let (painter, prompt) = (painter(), prompt());
    let mut never = |_, _| -> ControlFlow<()> { panic!("begun") };
    for (width, height) in [(0, 64), (512, 500), (48, 64), (1552, 512), (u32::MAX, 64)] {
        let settings = FluxSettings {
            width,
            height,
            ..SETTINGS
        };
        let refused = painter
            .paint(&prompt, 7, &settings, &mut never)
            .unwrap_err();
        assert!(refused.to_string().contains("multiples of 16"), "{refused}");
    }
    for steps in [0, 51] {
        let settings = FluxSettings { steps, ..SETTINGS };
        let refused = painter.paint(&prompt, 7, &settings, &mut never);
        assert!(matches!(refused, Err(FluxError::Steps(_))));
    }
}

#[test]
fn a_picture_without_numbers_is_an_error() {
    let prompt = Encoded {
        text: (prompt().text * f64::NAN).unwrap(),
        ..prompt()
    };
    let painted = painter().paint(&prompt, 7, &SETTINGS, &mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(painted, Err(FluxError::NotANumber)));
}

#[test]
fn another_network_is_refused_by_what_it_lacks() {
    let flow = small_flow();
    let refused = Painter::load(&small_autoencoder(), &flow, &device()).unwrap_err();
    assert!(refused.to_string().contains("img_in.weight"), "{refused}");
    let refused = Painter::load(&flow, &flow, &device()).unwrap_err();
    assert!(
        refused.to_string().contains("decoder.conv_out"),
        "{refused}"
    );
    let mut dev = formula_weights("flow", |name, _| !is_autoencoders(name));
    dev.insert(
        "guidance_in.in_layer.weight".to_owned(),
        Tensor::zeros((64, 256), candle_core::DType::F32, &device()).unwrap(),
    );
    let refused = Painter::load(&opened(&dev), &small_autoencoder(), &device()).unwrap_err();
    assert!(refused.to_string().contains("FLUX.1-dev"), "{refused}");
}

#[test]
fn names_may_carry_a_prefix() {
    let weights = formula_weights("flow", |name, _| !is_autoencoders(name));
    let prefixed = weights
        .into_iter()
        .map(|(name, weight)| (format!("model.diffusion_model.{name}"), weight))
        .collect();
    assert!(Painter::load(&opened(&prefixed), &small_autoencoder(), &device()).is_ok());
}

#[test]
fn the_noise_is_that_of_the_goldens() {
    let found = start(7, 4, 6, &device()).unwrap();
    let expected = golden("flow").tensor("in.noise");
    let flat = |tensor: &Tensor| -> Vec<f32> { tensor.flatten_all().unwrap().to_vec1().unwrap() };
    assert_eq!(flat(&found), flat(&expected));
}

/// Makes what `flux.py` begins from: `cargo test -p models --test flux -- --ignored`.
#[test]
#[ignore = "writes a file of the goldens"]
fn writes_the_noise() {
    let noise = start(7, 4, 6, &device()).unwrap();
    let tensors = std::collections::HashMap::from([("noise", noise)]);
    candle_core::safetensors::save(&tensors, folder().join("noise.safetensors")).unwrap();
}
