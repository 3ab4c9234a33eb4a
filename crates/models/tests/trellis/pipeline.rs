//! Whole pipelines on small random weights: a folder as the published repositories are laid out and an
//! image or words in, the reference's Gaussians out, from its noise.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Tensor};
use models::trellis::{Condition, Keep, Origin, Stage, Trellis, Voxels};

use crate::formula::{CutOut, cut_out};
use crate::golden::{Golden, data, device};
use crate::lay_out::lay_out;
use crate::more_networks::expect_gaussians;

/// The condition of the golden's image or words.
pub(crate) fn condition(golden: &Golden, trellis: &mut Trellis) -> Condition {
    if let Some(text) = golden.config["text"].as_str() {
        return trellis.condition_text(text).unwrap();
    }
    let image: CutOut = serde_json::from_value(golden.config["image"].clone()).unwrap();
    let rgba = cut_out(image, golden.seed);
    trellis
        .condition_image(image.0 as u32, image.1 as u32, &rgba)
        .unwrap()
}

/// The cells of the golden's structure.
fn expected_cells(golden: &Golden) -> Vec<[u16; 3]> {
    let cells = golden.tensor("out.coords").to_vec2::<i32>().unwrap();
    let cells = cells.iter().map(|row| [row[0], row[1], row[2]]);
    cells.map(|cell| cell.map(|at| at as u16)).collect()
}

fn expect_condition(golden: &Golden, condition: &Condition) {
    // Every 29th token is kept.
    let tokens = condition.asked().dim(1).unwrap();
    let kept: Vec<u32> = (0..tokens as u32).step_by(29).collect();
    let kept = Tensor::new(kept, &device()).unwrap();
    let found = condition.asked().index_select(&kept, 1).unwrap();
    golden.expect("condition", &found);
    if golden.names("out.").contains(&"negative".to_owned()) {
        golden.expect("negative", condition.nothing());
    } else {
        let most = condition.nothing().abs().unwrap().max_all().unwrap();
        assert_eq!(most.to_scalar::<f32>().unwrap(), 0.0);
        assert_eq!(condition.nothing().dims(), condition.asked().dims());
    }
}

/// Single precision in every file, since a GPU computes in half precision with what is stored in it.
fn widen(folder: &Path) {
    if device().is_cpu() {
        return;
    }
    for file in std::fs::read_dir(folder.join("ckpts")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "safetensors") {
            let mut tensors = candle_core::safetensors::load(&path, &device()).unwrap();
            for tensor in tensors.values_mut() {
                *tensor = tensor.to_dtype(DType::F32).unwrap();
            }
            candle_core::safetensors::save(&tensors, &path).unwrap();
        }
    }
}

fn run(folder: &Path, name: &str) {
    let golden = Golden::read(folder, name);
    let laid_out = tempfile::tempdir().unwrap();
    lay_out(&golden, &data(), laid_out.path());
    widen(laid_out.path());
    let origin = Origin::Folder(laid_out.path().to_owned());
    let mut trellis = Trellis::open(origin, &device(), Keep::NONE).unwrap();
    let condition = condition(&golden, &mut trellis);
    expect_condition(&golden, &condition);
    let (settings, mut seen) = (trellis.settings(), Vec::new());
    let mut watch = |stage: Stage, done: u32, total: u32| {
        seen.push((stage, done, total));
        ControlFlow::Continue(())
    };
    let noise = golden.tensor("in.noise_structure");
    let voxels: Voxels = trellis
        .structure(&condition, &noise, &settings.structure, &mut watch)
        .unwrap();
    assert_eq!(voxels.cells(), expected_cells(&golden));
    let noise = golden.tensor("in.noise_latent").unsqueeze(0).unwrap();
    let latent = trellis
        .latent(
            &condition,
            &Arc::new(voxels),
            &noise,
            &settings.latent,
            &mut watch,
        )
        .unwrap();
    golden.expect("latent", &latent.features().squeeze(0).unwrap());
    let found = trellis.gaussians(&latent, &mut watch).unwrap();
    expect_gaussians(&golden, "", &found);
    assert!(found.len() > 500);
    assert!(seen.contains(&(Stage::Structure, 6, 6)) && seen.contains(&(Stage::Latent, 5, 5)));
}

pub(crate) fn check(folder: &Path) {
    for name in ["pipeline_image", "pipeline_text"] {
        run(folder, name);
    }
}

#[test]
fn an_image_becomes_the_references_gaussians() {
    run(&data().join("trellis"), "pipeline_image");
}

#[test]
fn words_become_the_references_gaussians() {
    run(&data().join("trellis"), "pipeline_text");
}
