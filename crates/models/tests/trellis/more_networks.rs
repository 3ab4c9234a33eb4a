//! The networks in the forms that the shared goldens leave open, in single and in half precision.

use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use models::trellis::{
    GaussianDecoder, GaussianDecoderConfig, SparseStructureDecoder, SparseStructureDecoderConfig,
    SparseStructureFlow, SparseTensor, StructuredLatentFlow, StructuredLatentFlowConfig, Voxels,
};

use crate::golden::{Golden, data};

/// How much farther than the reference's own half precision ours may be from single precision: what is
/// rounded where differs, and both distances are greatest deviations.
const HALF: f64 = 3.0;

/// The weights of a golden in half precision: what the networks read in single precision stays so.
fn half(golden: &Golden) -> VarBuilder<'static> {
    golden.weights().to_dtype(DType::F16)
}

/// Holds outputs against the golden: those of single precision closely, those of half precision as
/// closely as the reference's.
fn expect(golden: &Golden, precision: DType, outputs: &[(String, Tensor)]) {
    if precision == DType::F32 {
        for (key, found) in outputs {
            golden.expect(key, found);
        }
        return;
    }
    let bound = HALF * golden.config["half"].as_f64().unwrap();
    let apart = outputs
        .iter()
        .map(|(key, found)| f64::from(golden.apart(key, found)))
        .fold(0.0, f64::max);
    println!("half precision is {apart:.1e} apart, {bound:.1e} is allowed");
    // Not "greater", so that NaN fails.
    let near = apart <= bound;
    assert!(near, "half precision is {apart} apart, {bound} is allowed");
    // And it is not single precision by another name.
    assert!(apart > 1e-5, "half precision is {apart} apart");
}

/// The same in both precisions, where the golden has both.
fn in_both(golden: &Golden, run: impl Fn(&VarBuilder<'_>) -> Vec<(String, Tensor)>) {
    expect(golden, DType::F32, &run(&golden.weights()));
    if golden.config["half"].is_number() {
        expect(golden, DType::F16, &run(&half(golden)));
    }
}

fn dense_flow(folder: &Path, name: &str) {
    let golden = Golden::read(folder, name);
    let config = serde_json::from_value(golden.config.clone()).unwrap();
    let [x, t, condition] = ["in.x", "in.t", "in.cond"].map(|key| golden.tensor(key));
    in_both(&golden, |weights| {
        let flow = SparseStructureFlow::load(&config, weights).unwrap();
        let v = flow.forward(&x, &t, &condition).unwrap();
        vec![("v".to_owned(), v)]
    });
}

fn structure_decoder(folder: &Path, name: &str) {
    let golden = Golden::read(folder, name);
    let config: SparseStructureDecoderConfig =
        serde_json::from_value(golden.config.clone()).unwrap();
    in_both(&golden, |weights| {
        let decoder = SparseStructureDecoder::load(&config, weights).unwrap();
        let logits = decoder.forward(&golden.tensor("in.z")).unwrap();
        vec![("logits".to_owned(), logits)]
    });
}

/// The structures of a golden, one after another, with their features.
fn structures(golden: &Golden, resolution: usize) -> Vec<SparseTensor> {
    (0..)
        .take_while(|item| golden.names("in.").contains(&format!("coords_{item}")))
        .map(|item| {
            let cells = golden.tensor(&format!("in.coords_{item}"));
            let cells = cells.to_vec2::<i32>().unwrap();
            let cells = cells
                .iter()
                .map(|row| [row[0], row[1], row[2]].map(|at| at as u16));
            let voxels = Voxels::new(resolution, cells.collect()).unwrap();
            let features = golden.tensor(&format!("in.feats_{item}"));
            SparseTensor::new(features.unsqueeze(0).unwrap(), Arc::new(voxels)).unwrap()
        })
        .collect()
}

fn latent_flow(folder: &Path, name: &str) {
    let golden = Golden::read(folder, name);
    let file = serde_json::json!({"name": "SLatFlowModel", "args": golden.config});
    let config = StructuredLatentFlowConfig::parse(&file.to_string()).unwrap();
    let structures = structures(&golden, config.resolution);
    let (times, conditions) = (golden.tensor("in.t"), golden.tensor("in.cond"));
    in_both(&golden, |weights| {
        let flow = StructuredLatentFlow::load(&config, weights).unwrap();
        let run = |(item, x): (usize, &SparseTensor)| {
            let time = times.narrow(0, item, 1).unwrap();
            let condition = conditions.narrow(0, item, 1).unwrap();
            let v = flow.forward(x, &time, &condition).unwrap();
            (format!("v_{item}"), v.features().squeeze(0).unwrap())
        };
        structures.iter().enumerate().map(run).collect()
    });
}

fn gaussian_decoder(folder: &Path, name: &str) {
    let golden = Golden::read(folder, name);
    let file = serde_json::json!({"name": "SLatGaussianDecoder", "args": golden.config});
    let config = GaussianDecoderConfig::parse(&file.to_string()).unwrap();
    let structures = structures(&golden, config.resolution);
    in_both(&golden, |weights| {
        let decoder = GaussianDecoder::load(&config, weights).unwrap();
        let run = |(item, x): (usize, &SparseTensor)| {
            let raw = decoder.forward(x).unwrap().squeeze(0).unwrap();
            (format!("v_{item}"), raw)
        };
        structures.iter().enumerate().map(run).collect()
    });
    let decoder = GaussianDecoder::load(&config, &golden.weights()).unwrap();
    for (item, x) in structures.iter().enumerate() {
        let found = decoder.gaussians(x).unwrap();
        expect_gaussians(&golden, &format!("_{item}"), &found);
    }
}

/// Holds Gaussians against the fields of the reference's PLY.
pub(crate) fn expect_gaussians(golden: &Golden, item: &str, found: &models::trellis::Gaussians) {
    fn tensor<const WIDTH: usize>(rows: &[[f32; WIDTH]]) -> Tensor {
        Tensor::from_slice(rows.as_flattened(), (rows.len(), WIDTH), &Device::Cpu).unwrap()
    }
    golden.expect(&format!("positions{item}"), &tensor(&found.positions));
    golden.expect(&format!("colours{item}"), &tensor(&found.colours));
    golden.expect(&format!("scales{item}"), &tensor(&found.scales));
    let opacities: Vec<[f32; 1]> = found.opacities.iter().map(|&value| [value]).collect();
    golden.expect(&format!("opacities{item}"), &tensor(&opacities));
    // A quaternion and its negative turn alike.
    let key = format!("rotations{item}");
    let expected = golden
        .tensor(&format!("out.{key}"))
        .to_vec2::<f32>()
        .unwrap();
    assert_eq!(expected.len(), found.rotations.len());
    let signed: Vec<[f32; 4]> = found
        .rotations
        .iter()
        .zip(&expected)
        .map(|(found, expected)| {
            let sum: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
            found.map(|value| value * sum.signum())
        })
        .collect();
    golden.expect(&key, &tensor(&signed));
}

pub(crate) fn check(folder: &Path) {
    check_dense(folder);
    check_sparse(folder);
}

/// Networks as wide as the published ones.
pub(crate) fn check_full(folder: &Path) {
    dense_flow(folder, "full_flow");
    structure_decoder(folder, "full_structure");
    latent_flow(folder, "full_latent");
    gaussian_decoder(folder, "full_gaussians");
}

fn check_dense(folder: &Path) {
    for name in ["flow_wide", "flow_shared"] {
        dense_flow(folder, name);
    }
    structure_decoder(folder, "structure_odd");
}

fn check_sparse(folder: &Path) {
    for name in [
        "latent_wide",
        "latent_short",
        "latent_unskipped",
        "latent_flat",
    ] {
        latent_flow(folder, name);
    }
    for name in ["gaussians_odd", "gaussians_plain"] {
        gaussian_decoder(folder, name);
    }
}

#[test]
fn dense_networks_of_other_forms_are_the_references() {
    check_dense(&data().join("trellis"));
}

#[test]
fn sparse_networks_of_other_forms_are_the_references() {
    check_sparse(&data().join("trellis"));
}
