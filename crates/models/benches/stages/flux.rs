//! FLUX.1-schnell at 512 × 512: reading, the flow in each form, the picture.

use std::rc::Rc;

use candle_core::{Result, Tensor};
use models::flux::{
    AutoencoderConfig, Decoder, Layers, T5Config, T5Encoder, Transformer, TransformerConfig,
    schedule, start, unpack,
};
use models::{ClipText, ClipTextConfig};

use crate::random::{Form, Place, file};
use crate::{Run, Stage};

/// Tokens of the prompt that T5 and CLIP see.
const T5_TOKENS: usize = 256;
const CLIP_TOKENS: usize = 77;

pub(crate) fn stages() -> Vec<Stage> {
    vec![
        ("read T5 bf16", Box::new(|place| t5(place, Form::Bf16))),
        ("read T5 Q8_0", Box::new(|place| t5(place, Form::Q8))),
        ("read CLIP", Box::new(clip)),
        ("paint FLUX bf16", Box::new(|place| flow(place, Form::Bf16))),
        ("paint FLUX Q8_0", Box::new(|place| flow(place, Form::Q8))),
        ("paint FLUX Q4_K", Box::new(|place| flow(place, Form::Q4))),
        ("paint autoencoder", Box::new(autoencoder)),
    ]
}

/// Token numbers, `(1, count)`.
fn words(place: &Place, count: usize, vocabulary: usize) -> Result<Tensor> {
    let tokens = (0..count).map(|index| (index * 7919 % vocabulary) as u32);
    Tensor::new(tokens.collect::<Vec<_>>(), &place.device)?.unsqueeze(0)
}

fn t5(place: &Place, form: Form) -> Result<Vec<Run>> {
    let mut config = T5Config::XXL;
    if place.test {
        config = T5Config {
            vocab_size: 64,
            d_model: 256,
            d_ff: 256,
            num_layers: 1,
            num_heads: 4,
            ..config
        };
    }
    let weights = file(form, |layers| T5Encoder::load(&config, layers))?;
    let layers = Layers::open(&weights, place.brain(), &place.device);
    let network = T5Encoder::load(&config, &layers)?;
    let tokens = words(place, place.pick(T5_TOKENS, 8), config.vocab_size)?;
    Ok(vec![Run::new("", move || network.forward(&tokens))])
}

fn clip(place: &Place) -> Result<Vec<Run>> {
    let mut config = ClipTextConfig::LARGE_14;
    if place.test {
        (config.vocab_size, config.num_hidden_layers) = (64, 1);
    }
    let network = ClipText::load(&config, &place.weights(place.brain()))?;
    let tokens = words(place, CLIP_TOKENS, config.vocab_size)?;
    Ok(vec![Run::new("", move || network.pooled(&tokens))])
}

fn flow(place: &Place, form: Form) -> Result<Vec<Run>> {
    let mut config = TransformerConfig::SCHNELL;
    if place.test {
        config = TransformerConfig {
            vec_in_dim: 32,
            context_in_dim: 256,
            hidden_size: 256,
            mlp_size: 512,
            num_heads: 2,
            depth: 1,
            depth_single_blocks: 1,
            ..config
        };
    }
    let network = {
        let weights = file(form, |layers| Transformer::load(&config, layers))?;
        let layers = Layers::open(&weights, place.brain(), &place.device);
        Rc::new(Transformer::load(&config, &layers)?)
    };
    let side = place.pick(32, 2);
    let text = place.noise((1, place.pick(T5_TOKENS, 8), config.context_in_dim))?;
    let pooled = place.noise((1, config.vec_in_dim))?;
    let surroundings = network.surroundings(&text, &pooled, side, side)?;
    let step = {
        let (network, surroundings) = (Rc::clone(&network), surroundings.clone());
        let latent = start(0, side, side, &place.device)?;
        let time = Tensor::new(&[0.75_f32], &place.device)?;
        Run::new("one step", move || {
            network.forward(&latent, &time, &surroundings)
        })
    };
    let device = place.device.clone();
    let whole = Run::new("4 steps", move || {
        let mut latent = start(0, side, side, &device)?;
        for times in schedule(4).windows(2) {
            let time = Tensor::new(&[times[0] as f32], &device)?;
            let direction = network.forward(&latent, &time, &surroundings)?;
            latent = (latent + (direction * (times[1] - times[0]))?)?;
        }
        Ok(latent)
    });
    Ok(vec![step, whole.long()])
}

fn autoencoder(place: &Place) -> Result<Vec<Run>> {
    let mut config = AutoencoderConfig::published();
    if place.test {
        (config.ch, config.num_res_blocks) = (32, 1);
    }
    let layers = Layers::new(place.weights(place.brain()));
    let network = Decoder::load(&config, &layers)?;
    let side = place.pick(32, 2);
    let latent = unpack(&start(0, side, side, &place.device)?, side, side)?;
    Ok(vec![Run::new("", move || network.forward(&latent))])
}
