//! The flow of structures and its decoder.

use crate::golden::{Golden, allowed, data, device};
use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;
use models::trellis::{
    SparseStructureDecoder, SparseStructureDecoderConfig, SparseStructureFlow,
    SparseStructureFlowConfig,
};
use std::collections::HashMap;

/// The network of a golden, with `change` made to its configuration.
fn flow(
    golden: &Golden,
    change: impl FnOnce(&mut SparseStructureFlowConfig),
) -> candle_core::Result<SparseStructureFlow> {
    let mut config = serde_json::from_value(golden.config.clone()).unwrap();
    change(&mut config);
    SparseStructureFlow::load(&config, &golden.weights())
}

/// The inputs of a golden.
fn inputs(golden: &Golden) -> [Tensor; 3] {
    ["in.x", "in.t", "in.cond"].map(|key| golden.tensor(key))
}

#[test]
fn flows_are_the_references() {
    for name in ["ss_flow_img", "ss_flow_txt"] {
        let golden = Golden::read(&data(), name);
        let [x, t, condition] = inputs(&golden);
        let v = flow(&golden, |_| {})
            .unwrap()
            .forward(&x, &t, &condition)
            .unwrap();
        golden.expect("v", &v);
    }
}

#[test]
fn positions_follow_from_the_grid_where_the_file_has_none() {
    let golden = Golden::read(&data(), "ss_flow_img");
    let [x, t, condition] = inputs(&golden);
    let config = serde_json::from_value(golden.config.clone()).unwrap();
    let named = golden.weights_under("w.");
    let shapes: Vec<String> = golden
        .names("w.")
        .into_iter()
        .filter(|name| name != "pos_emb")
        .collect();
    let weights: HashMap<String, Tensor> = shapes
        .into_iter()
        .map(|name| {
            let tensor = named.get_unchecked(&name).unwrap();
            (name, tensor)
        })
        .collect();
    let weights = VarBuilder::from_tensors(weights, DType::F32, &device());
    let net = SparseStructureFlow::load(&config, &weights).unwrap();
    golden.expect("v", &net.forward(&x, &t, &condition).unwrap());
}

/// A batch of one time and one condition serves every item.
#[test]
fn items_share_what_there_is_one_of() {
    let golden = Golden::read(&data(), "ss_flow_txt");
    let [x, t, condition] = inputs(&golden);
    let net = flow(&golden, |_| {}).unwrap();
    let (t, condition) = (
        t.narrow(0, 1, 1).unwrap(),
        condition.narrow(0, 0, 1).unwrap(),
    );
    let together = net.forward(&x, &t, &condition).unwrap();
    for index in 0..2 {
        let alone = net
            .forward(&x.narrow(0, index, 1).unwrap(), &t, &condition)
            .unwrap();
        let apart = (together.narrow(0, index, 1).unwrap() - alone)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap();
        assert!(apart < allowed(1e-6), "{apart}");
    }
}

/// The occupied cells, as the reference names them: item, then the three axes.
fn occupied(logits: &Tensor) -> Vec<Vec<i32>> {
    let (_, _, depth, height, width) = logits.dims5().unwrap();
    let values: Vec<f32> = logits.flatten_all().unwrap().to_vec1().unwrap();
    let place = |index: usize| {
        let (rest, x) = (index / width, index % width);
        let (rest, y) = (rest / height, rest % height);
        [rest / depth, rest % depth, y, x]
            .map(|place| i32::try_from(place).unwrap())
            .to_vec()
    };
    let occupied = values.iter().enumerate().filter(|(_, value)| **value > 0.0);
    occupied.map(|(index, _)| place(index)).collect()
}

#[test]
fn the_decoder_is_the_references() {
    let golden = Golden::read(&data(), "ss_decoder");
    let config = serde_json::from_value(golden.config.clone()).unwrap();
    let net = SparseStructureDecoder::load(&config, &golden.weights()).unwrap();
    let logits = net.forward(&golden.tensor("in.z")).unwrap();
    golden.expect("logits", &logits);
    let expected: Vec<Vec<i32>> = golden.tensor("out.coords").to_vec2().unwrap();
    assert_eq!(occupied(&logits), expected);
}

#[test]
fn what_does_not_fit_is_refused() {
    let golden = Golden::read(&data(), "ss_flow_img");
    let [x, t, condition] = inputs(&golden);
    let net = flow(&golden, |_| {}).unwrap();
    assert!(net.forward(&x, &t, &condition).is_ok());
    let flat = x.flatten_from(3).unwrap();
    let narrow = condition.narrow(2, 0, 47).unwrap();
    let three = Tensor::zeros(3, DType::F32, &device()).unwrap();
    for (x, t, condition) in [
        (&flat, &t, &condition),
        (&x.narrow(1, 0, 7).unwrap(), &t, &condition),
        (&x.narrow(4, 0, 3).unwrap(), &t, &condition),
        (&x, &t, &narrow),
        (&x, &t, &condition.get(0).unwrap()),
        (&x, &t.unsqueeze(0).unwrap(), &condition),
        (&x, &three, &condition),
    ] {
        assert!(net.forward(x, t, condition).is_err());
    }
    let three_items = Tensor::cat(&[&x, &x.narrow(0, 0, 1).unwrap()], 0).unwrap();
    assert!(net.forward(&three_items, &t, &condition).is_err());

    let golden = Golden::read(&data(), "ss_decoder");
    let config = serde_json::from_value(golden.config.clone()).unwrap();
    let net = SparseStructureDecoder::load(&config, &golden.weights()).unwrap();
    let z = golden.tensor("in.z");
    assert!(net.forward(&z.narrow(1, 0, 7).unwrap()).is_err());
    assert!(net.forward(&z.narrow(2, 0, 0).unwrap()).is_err());
    assert!(net.forward(&z.get(0).unwrap()).is_err());
}

/// Holds that a configuration with this in its `args` is refused, and named.
fn refused(name: &str, mut args: serde_json::Value, key: &str, value: serde_json::Value) {
    args[key] = value;
    let file = serde_json::json!({"name": name, "args": args}).to_string();
    let error = if name == "SparseStructureDecoder" {
        SparseStructureDecoderConfig::parse(&file).map(|_| ())
    } else {
        SparseStructureFlowConfig::parse(&file).map(|_| ())
    };
    let error = error.unwrap_err().to_string();
    assert!(error.contains(key), "{key}: {error}");
}

#[test]
fn what_a_configuration_may_not_ask_is_named() {
    let flow = serde_json::json!({
        "resolution": 16, "in_channels": 8, "out_channels": 8, "model_channels": 64,
        "cond_channels": 7, "num_blocks": 1, "patch_size": 1, "of no use": null,
    });
    let decoder = serde_json::json!({
        "out_channels": 1, "latent_channels": 8, "num_res_blocks": 1, "channels": [4, 2],
    });
    let asked = |key: &str, value: serde_json::Value| {
        refused("SparseStructureFlowModel", flow.clone(), key, value);
    };
    asked("pe_mode", "rope".into());
    asked("patch_size", 3.into());
    asked("patch_size", 0.into());
    asked("resolution", 0.into());
    asked("resolution", u64::MAX.into());
    asked("model_channels", u64::MAX.into());
    asked("in_channels", 0.into());
    asked("cond_channels", u64::MAX.into());
    asked("num_heads", 3.into());
    asked("mlp_ratio", 1e300.into());
    asked("mlp_ratio", 0.into());
    let asked = |key: &str, value: serde_json::Value| {
        refused("SparseStructureDecoder", decoder.clone(), key, value);
    };
    asked("norm_type", "group".into());
    asked("channels", serde_json::json!([]));
    asked("channels", serde_json::json!([1, 1, 1, 1, 1, 1, 1]));
    asked("channels", serde_json::json!([4, usize::MAX]));
    asked("latent_channels", 0.into());
    // Another network's, and no configuration at all.
    let file = serde_json::json!({"name": "SparseStructureEncoder", "args": decoder}).to_string();
    let error = SparseStructureDecoderConfig::parse(&file).unwrap_err();
    assert!(
        error.to_string().contains("SparseStructureEncoder"),
        "{error}"
    );
    for json in ["", "[]", r#"{"name": "SparseStructureFlowModel"}"#] {
        assert!(SparseStructureFlowConfig::parse(json).is_err(), "{json}");
    }
}
