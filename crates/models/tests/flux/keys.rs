//! What the networks ask for at their published sizes, against the published checkpoints' names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;
use models::flux::{
    AutoencoderConfig, Decoder, Layers, T5Config, T5Encoder, Transformer, TransformerConfig,
    t5_name,
};

use crate::files::folder;

type Names = BTreeMap<String, Vec<usize>>;

/// Gives every tensor that is asked for, made of one zero, and remembers which.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Names>>);

impl SimpleBackend for Asked {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let asked = shape.dims().to_vec();
        self.0.lock().unwrap().insert(name.to_owned(), asked);
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        panic!("{name} is asked for without a shape")
    }

    fn contains_tensor(&self, name: &str) -> bool {
        name == "shared.weight"
    }
}

fn asked(load: impl FnOnce(Layers)) -> Names {
    let asked = Asked::default();
    let weights = VarBuilder::from_backend(Box::new(asked.clone()), DType::F32, Device::Cpu);
    // Kept in another type than they compute in, weights are not laid out, which would take 48 GB.
    load(Layers::new(weights).keeping(DType::BF16));
    let names = asked.0.lock().unwrap();
    names.clone()
}

fn published(network: &str) -> Names {
    let text = std::fs::read_to_string(folder().join("keys.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names: Vec<(String, Vec<usize>)> = serde_json::from_value(all[network].clone()).unwrap();
    names.into_iter().collect()
}

#[test]
fn the_flow_asks_for_schnells_weights() {
    let names = asked(|layers| {
        Transformer::load(&TransformerConfig::SCHNELL, &layers).unwrap();
    });
    assert_eq!(names.len(), 776);
    assert_eq!(names, published("flow"));
}

#[test]
fn the_decoder_asks_for_the_published_weights() {
    let names = asked(|layers| {
        Decoder::load(&AutoencoderConfig::published(), &layers).unwrap();
    });
    assert_eq!(names, published("decoder"));
}

#[test]
fn t5_asks_for_the_published_weights() {
    let names = asked(|layers| {
        T5Encoder::load(&T5Config::XXL, &layers).unwrap();
    });
    assert_eq!(names, published("t5"));
}

#[test]
fn llama_cpps_names_are_those_of_gguf() {
    let text = std::fs::read_to_string(folder().join("keys.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pairs: Vec<(String, String)> = serde_json::from_value(all["t5_gguf"].clone()).unwrap();
    assert_eq!(pairs.len(), 219);
    for (name, packed) in pairs {
        assert_eq!(t5_name(&packed), name);
        assert_eq!(t5_name(&name), name);
    }
}
