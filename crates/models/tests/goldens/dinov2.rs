//! DINOv2, with and without registers, and the quality head against transformers.

use std::collections::HashMap;
use std::path::Path;

use crate::golden::{Golden, data, device};
use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;
use models::{Dinov2, Dinov2Config, QualityNet, ops};

fn config(golden: &Golden) -> Dinov2Config {
    serde_json::from_value(golden.config.clone()).unwrap()
}

#[test]
fn the_quality_head_is_the_validators() {
    let golden = Golden::read(&data(), "dinov2_quality");
    let weights = golden.weights();
    let backbone = Dinov2::load(&config(&golden), &weights.pp("backbone")).unwrap();
    let images = golden.tensor("in.image");
    golden.expect("hidden", &backbone.forward(&images).unwrap());
    let net = QualityNet::load(&config(&golden), &weights, None).unwrap();
    let logits = net.logits(&images).unwrap();
    golden.expect("logit", &logits);
    golden.expect("score", &candle_nn::ops::sigmoid(&logits).unwrap());
}

#[test]
fn registers_stand_between_class_and_patches() {
    let golden = Golden::read(&data(), "dinov2_reg4");
    let config = Dinov2Config {
        num_register_tokens: 4,
        ..config(&golden)
    };
    let net = Dinov2::load(&config, &golden.weights()).unwrap();
    let features = net.features(&golden.tensor("in.image")).unwrap();
    golden.expect("prenorm", &features);
    golden.expect(
        "cond",
        &ops::layer_norm(&features, None, None, 1e-5).unwrap(),
    );
}

/// The same weights under other names: transformers' before 5, and the hub's.
fn renamed(golden: &Golden, depth: usize, hub: bool) -> VarBuilder<'static> {
    let get = |name: &str| golden.tensor(&format!("w.{name}"));
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    let around = [
        ("embeddings.cls_token", "cls_token"),
        ("embeddings.register_tokens", "register_tokens"),
        ("embeddings.position_embeddings", "pos_embed"),
        (
            "embeddings.patch_embeddings.projection.weight",
            "patch_embed.proj.weight",
        ),
        (
            "embeddings.patch_embeddings.projection.bias",
            "patch_embed.proj.bias",
        ),
        ("layernorm.weight", "norm.weight"),
        ("layernorm.bias", "norm.bias"),
    ];
    for (name, hubs) in around {
        tensors.insert(if hub { hubs } else { name }.to_owned(), get(name));
    }
    for layer in 0..depth {
        let from = |name: &str| get(&format!("encoder.layer.{layer}.{name}"));
        for kind in ["weight", "bias"] {
            let qkv = ["q", "k", "v"].map(|part| from(&format!("attention.{part}_proj.{kind}")));
            let out = from(&format!("attention.o_proj.{kind}"));
            if hub {
                let block = format!("blocks.{layer}");
                tensors.insert(
                    format!("{block}.attn.qkv.{kind}"),
                    Tensor::cat(&qkv, 0).unwrap(),
                );
                tensors.insert(format!("{block}.attn.proj.{kind}"), out);
                for name in ["norm1", "norm2", "mlp.fc1", "mlp.fc2"] {
                    tensors.insert(
                        format!("{block}.{name}.{kind}"),
                        from(&format!("{name}.{kind}")),
                    );
                }
                tensors.insert(format!("{block}.ls1.gamma"), from("layer_scale1.lambda1"));
                tensors.insert(format!("{block}.ls2.gamma"), from("layer_scale2.lambda1"));
            } else {
                let block = format!("encoder.layer.{layer}");
                for (name, tensor) in ["query", "key", "value"].into_iter().zip(qkv) {
                    tensors.insert(format!("{block}.attention.attention.{name}.{kind}"), tensor);
                }
                tensors.insert(format!("{block}.attention.output.dense.{kind}"), out);
                for name in ["norm1", "norm2", "mlp.fc1", "mlp.fc2"] {
                    tensors.insert(
                        format!("{block}.{name}.{kind}"),
                        from(&format!("{name}.{kind}")),
                    );
                }
                for name in ["layer_scale1.lambda1", "layer_scale2.lambda1"] {
                    tensors.insert(format!("{block}.{name}"), from(name));
                }
            }
        }
    }
    VarBuilder::from_tensors(tensors, DType::F32, &device())
}

#[test]
fn the_published_names_are_read_too() {
    let golden = Golden::read(&data(), "dinov2_reg4");
    let config = Dinov2Config {
        num_register_tokens: 4,
        ..config(&golden)
    };
    for hub in [false, true] {
        let weights = renamed(&golden, config.num_hidden_layers, hub);
        let net = Dinov2::load(&config, &weights).unwrap();
        golden.expect(
            "prenorm",
            &net.features(&golden.tensor("in.image")).unwrap(),
        );
    }
}

#[test]
fn what_the_scorer_lacks_comes_from_the_pretrained_network() {
    let golden = Golden::read(&data(), "dinov2_quality");
    let config = config(&golden);
    let all = golden.weights();
    let head: HashMap<String, Tensor> = ["score_head.weight", "score_head.bias"]
        .into_iter()
        .map(|name| (name.to_owned(), golden.tensor(&format!("w.{name}"))))
        .collect();
    let head = VarBuilder::from_tensors(head, DType::F32, &device());
    let images = golden.tensor("in.image");
    let net = QualityNet::load(&config, &head, Some(&all.pp("backbone"))).unwrap();
    golden.expect("logit", &net.logits(&images).unwrap());
    // A scorer that has them all needs none below.
    let none = VarBuilder::from_tensors(HashMap::new(), DType::F32, &device());
    let net = QualityNet::load(&config, &all, Some(&none)).unwrap();
    golden.expect("logit", &net.logits(&images).unwrap());
    let refused = QualityNet::load(&config, &head, None)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("backbone.embeddings"), "{refused}");
}

#[test]
fn images_without_a_patch_are_refused() {
    let golden = Golden::read(&data(), "dinov2_quality");
    let weights = golden.weights();
    let net = QualityNet::load(&config(&golden), &weights, None).unwrap();
    let tiny = Tensor::zeros((1, 3, 13, 70), DType::F32, &device()).unwrap();
    assert!(net.logits(&tiny).is_err());
    assert!(net.logits(&tiny.get(0).unwrap()).is_err());
}

/// Position embeddings stretched and shrunk, pixels left over, with and without registers.
pub(crate) fn check(folder: &Path) {
    for name in ["dinov2_sizes", "dinov2_registers_sizes"] {
        let golden = Golden::read(folder, name);
        let net = Dinov2::load(&config(&golden), &golden.weights()).unwrap();
        for size in ["wide", "large"] {
            let images = golden.tensor(&format!("in.{size}"));
            golden.expect(size, &net.forward(&images).unwrap());
        }
    }
}

#[test]
fn other_sizes_are_transformers_too() {
    check(&data());
}
