//! How a pipeline behaves beyond its numbers: seeds, cancelling, and what cannot be used.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Tensor;
use models::trellis::{Condition, Keep, Origin, Settings, Stage, Trellis, TrellisError};

use crate::golden::{Golden, data, device};
use crate::lay_out::lay_out;
use crate::pipeline::condition;

/// A pipeline for images in a folder, and what it is asked for.
struct Bench {
    folder: tempfile::TempDir,
    trellis: Trellis,
    condition: Condition,
    settings: Settings,
}

impl Bench {
    fn new(keep: Keep) -> Self {
        let golden = Golden::read(&data().join("trellis"), "pipeline_image");
        let folder = tempfile::tempdir().unwrap();
        lay_out(&golden, &data(), folder.path());
        let mut trellis = open(folder.path(), keep).unwrap();
        let condition = condition(&golden, &mut trellis);
        let mut settings = trellis.settings();
        settings.structure.steps = 2;
        settings.latent.steps = 2;
        Self {
            folder,
            trellis,
            condition,
            settings,
        }
    }

    fn positions(&mut self, seed: u64) -> Result<Vec<[f32; 3]>, TrellisError> {
        self.watched(seed, |_, _| ControlFlow::Continue(()))
    }

    fn watched(
        &mut self,
        seed: u64,
        mut step: impl FnMut(Stage, u32) -> ControlFlow<()>,
    ) -> Result<Vec<[f32; 3]>, TrellisError> {
        let mut watch = |stage, done, _| step(stage, done);
        let made = self
            .trellis
            .generate(&self.condition, seed, &self.settings, &mut watch)?;
        Ok(made.positions)
    }

    /// Puts other bytes into one of its files.
    fn spoil(&self, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let path = self.folder.path().join(file);
        std::fs::write(&path, change(std::fs::read(&path).unwrap())).unwrap();
    }
}

fn open(folder: &Path, keep: Keep) -> Result<Trellis, TrellisError> {
    Trellis::open(Origin::Folder(folder.to_owned()), &device(), keep)
}

/// Seeds that give a structure; which do is the weights' matter.
fn a_seed(bench: &mut Bench) -> u64 {
    (0..20)
        .find(|&seed| bench.positions(seed).is_ok())
        .expect("a seed with a structure")
}

#[test]
fn a_seed_gives_the_same_cloud_however_networks_stay() {
    let mut kept = Bench::new(Keep::ALL);
    let seed = a_seed(&mut kept);
    let made = kept.positions(seed).unwrap();
    assert_eq!(kept.positions(seed).unwrap(), made);
    assert_eq!(Bench::new(Keep::NONE).positions(seed).unwrap(), made);
    assert!(kept.positions(seed + 1).is_err() || kept.positions(seed + 1).unwrap() != made);
}

#[test]
fn ends_between_any_two_steps() {
    let mut bench = Bench::new(Keep::ALL);
    let seed = a_seed(&mut bench);
    for (stage, step) in [
        (Stage::Structure, 0),
        (Stage::Structure, 1),
        (Stage::Structure, 2),
        (Stage::Latent, 0),
        (Stage::Latent, 1),
        (Stage::Gaussians, 0),
    ] {
        let mut after = 0;
        let ended = bench.watched(seed, |at, done| {
            if after > 0 || (at, done) == (stage, step) {
                after += 1;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(ended, Err(TrellisError::Cancelled)), "{ended:?}");
        assert_eq!(after, 1, "nothing runs after {stage:?} {step}");
    }
}

#[test]
fn refuses_a_structure_that_is_too_large_or_empty() {
    let mut bench = Bench::new(Keep::NONE);
    let seed = a_seed(&mut bench);
    bench.settings.most_voxels = 3;
    let error = bench.positions(seed).unwrap_err();
    assert!(
        matches!(error, TrellisError::TooLarge { most: 3, .. }),
        "{error}"
    );
    bench.settings.most_voxels = Settings::MOST_VOXELS;
    let decoder = bench.folder.path().join("ckpts/ss_dec.safetensors");
    let mut weights = candle_core::safetensors::load(&decoder, &device()).unwrap();
    let far_below = Tensor::new(&[-1e6_f32], &device()).unwrap();
    weights.insert("out_layer.2.bias".to_owned(), far_below);
    candle_core::safetensors::save(&weights, &decoder).unwrap();
    let error = bench.positions(seed).unwrap_err();
    assert!(matches!(error, TrellisError::Empty), "{error}");
}

#[test]
fn notices_numbers_that_are_none() {
    let mut bench = Bench::new(Keep::NONE);
    let noise = bench.trellis.structure_noise(1).unwrap();
    let noise = (noise * f64::NAN).unwrap();
    let mut watch = |_, _, _| ControlFlow::Continue(());
    let made = bench.trellis.structure(
        &bench.condition,
        &noise,
        &bench.settings.structure,
        &mut watch,
    );
    assert!(matches!(made, Err(TrellisError::NotFinite(_))), "{made:?}");
}

#[test]
fn refuses_settings_and_prompts_it_cannot_use() {
    let mut bench = Bench::new(Keep::NONE);
    bench.settings.latent.steps = 0;
    let seed = 0;
    let error = bench.positions(seed).unwrap_err().to_string();
    assert!(
        error.contains("0 steps") || error.contains("no voxel"),
        "{error}"
    );
    let error = bench.trellis.condition_text("a chair").unwrap_err();
    assert_eq!(error.to_string(), "this pipeline is asked with an image");
    let clear = [0; 16];
    let error = bench.trellis.condition_image(2, 2, &clear).unwrap_err();
    assert!(matches!(error, TrellisError::Image(_)), "{error}");
    let error = bench
        .trellis
        .condition_image(2, 2, &clear[1..])
        .unwrap_err();
    assert!(matches!(error, TrellisError::Image(_)), "{error}");
}

#[test]
fn knows_the_size_of_its_networks_before_it_loads_them() {
    let bench = Bench::new(Keep::NONE);
    let sizes = bench.trellis.parts().sizes().unwrap();
    let length = |file: &str| {
        let path = bench.folder.path().join("ckpts").join(file);
        std::fs::metadata(path).unwrap().len()
    };
    let stored = length("slat_flow.safetensors");
    let likely = if device().is_cpu() {
        // All numbers are single; most are stored in half of that.
        stored..2 * stored
    } else {
        // As they are stored; the file has its head besides.
        stored / 2..stored
    };
    assert!(likely.contains(&sizes.latent), "{sizes:?}");
    assert!(sizes.structure > length("ss_flow.safetensors"));
    assert!(sizes.condition > 0 && sizes.gaussians > 0);
    let planned = bench.trellis.parts().sizes_on_gpu().unwrap();
    assert!(
        (stored / 2..stored).contains(&planned.latent),
        "{planned:?}"
    );
}

#[test]
fn names_the_file_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path(), Keep::NONE).unwrap_err().to_string();
    assert!(error.contains("pipeline.json"), "{error}");

    let expect = |file: &str, change: fn(Vec<u8>) -> Vec<u8>, words: &str| {
        let mut bench = Bench::new(Keep::NONE);
        bench.spoil(file, change);
        let seed = (0..20).map(|seed| bench.positions(seed));
        let error = seed
            .filter_map(Result::err)
            .find(|error| !matches!(error, TrellisError::Empty))
            .expect("an error");
        let error = error.to_string();
        assert!(error.contains(words), "{file}: {error}");
        assert!(!error.contains('\n'), "{file}: {error}");
    };
    let half = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() / 2);
        bytes
    };
    expect("ckpts/ss_flow.safetensors", half, "ss_flow.safetensors");
    expect("ckpts/slat_flow.json", half, "slat_flow.json");
    let renamed = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.replace("SparseStructureDecoder", "SparseStructureEncoder")
            .into_bytes()
    };
    expect("ckpts/ss_dec.json", renamed, "SparseStructureEncoder");
    let deeper = |bytes: Vec<u8>| {
        let mut json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        json["args"]["num_blocks"] = 9.into();
        json.to_string().into_bytes()
    };
    expect("ckpts/ss_flow.json", deeper, "sparse structure flow");
    let wider = |bytes: Vec<u8>| {
        let mut json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        json["args"]["latent_channels"] = 4_000_000_000_u64.into();
        json.to_string().into_bytes()
    };
    expect(
        "ckpts/slat_dec_gs.json",
        wider,
        "latent_channels = 4000000000",
    );
}
