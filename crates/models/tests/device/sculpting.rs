//! TRELLIS whole: in half precision on a device, stage by stage, against the CPU.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use models::trellis::{Condition, Gaussians, Keep, Origin, SparseTensor, Stage, Trellis, Voxels};

use crate::formula::{CutOut, cut_out};
use crate::golden::{Golden, data};
use crate::lay_out::lay_out;
use crate::twins::{assert_near, device};
use crate::watch::at;

/// A pipeline in a folder and what its golden asks for.
struct Bench {
    golden: Golden,
    trellis: Trellis,
    device: Device,
}

impl Bench {
    fn new(folder: &Path, name: &str, device: &Device, keep: Keep) -> Self {
        Self {
            golden: Golden::read(&data().join("trellis"), name),
            trellis: Trellis::open(Origin::Folder(folder.to_owned()), device, keep).unwrap(),
            device: device.clone(),
        }
    }

    fn condition(&mut self) -> Condition {
        if let Some(text) = self.golden.config["text"].as_str() {
            return self.trellis.condition_text(text).unwrap();
        }
        let image: CutOut = serde_json::from_value(self.golden.config["image"].clone()).unwrap();
        let rgba = cut_out(image, self.golden.seed);
        let (width, height) = (image.0 as u32, image.1 as u32);
        self.trellis.condition_image(width, height, &rgba).unwrap()
    }

    fn input(&self, key: &str) -> Tensor {
        self.golden.tensor(key).to_device(&self.device).unwrap()
    }

    fn structure(&mut self, condition: &Condition) -> Voxels {
        let (noise, settings) = (self.input("in.noise_structure"), self.trellis.settings());
        let made = self
            .trellis
            .structure(condition, &noise, &settings.structure, &mut go_on);
        made.unwrap()
    }

    fn latent(&mut self, condition: &Condition, voxels: &Arc<Voxels>) -> SparseTensor {
        let noise = self.input("in.noise_latent").unsqueeze(0).unwrap();
        let settings = self.trellis.settings();
        let made = self
            .trellis
            .latent(condition, voxels, &noise, &settings.latent, &mut go_on);
        made.unwrap()
    }

    fn gaussians(&mut self, latent: &SparseTensor) -> Gaussians {
        let features = latent.features().to_device(&self.device).unwrap();
        let latent = latent.with(features).unwrap();
        self.trellis.gaussians(&latent, &mut go_on).unwrap()
    }
}

fn go_on(_: Stage, _: u32, _: u32) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn rows<const WIDTH: usize>(rows: &[[f32; WIDTH]]) -> Tensor {
    Tensor::from_slice(rows.as_flattened(), (rows.len(), WIDTH), &Device::Cpu).unwrap()
}

fn compare(name: &str) {
    let Some(device) = device() else { return };
    at(name);
    let folder = tempfile::tempdir().unwrap();
    let golden = Golden::read(&data().join("trellis"), name);
    lay_out(&golden, &data(), folder.path());
    let [mut cpu, mut gpu] =
        [&Device::Cpu, &device].map(|device| Bench::new(folder.path(), name, device, Keep::NONE));
    let [on_cpu, on_gpu] = [&mut cpu, &mut gpu].map(Bench::condition);
    assert_near(on_gpu.asked(), on_cpu.asked(), 1e-4, "the condition");
    let [expected, found] =
        [(&mut cpu, &on_cpu), (&mut gpu, &on_gpu)].map(|(bench, asked)| bench.structure(asked));
    let [ours, theirs] = [&found, &expected].map(|voxels| {
        voxels
            .cells()
            .iter()
            .copied()
            .collect::<HashSet<[u16; 3]>>()
    });
    let shared = ours.intersection(&theirs).count() as f64 / ours.union(&theirs).count() as f64;
    println!("{name}: {:.1} % of the voxels are the same", 100.0 * shared);
    assert!(shared > 0.95, "{shared}");
    // From here on on the same voxels.
    at("the latent");
    let voxels = Arc::new(expected);
    let expected = cpu.latent(&on_cpu, &voxels);
    let found = gpu.latent(&on_gpu, &voxels);
    assert_near(found.features(), expected.features(), 3e-2, "the latent");
    at("the Gaussians");
    let (found, expected) = (gpu.gaussians(&expected), cpu.gaussians(&expected));
    let near = |found: Tensor, expected: Tensor, what: &str| {
        assert_near(&found, &expected, 1e-2, what);
    };
    near(
        rows(&found.positions),
        rows(&expected.positions),
        "positions",
    );
    near(rows(&found.colours), rows(&expected.colours), "colours");
    near(rows(&found.scales), rows(&expected.scales), "scales");
    near(rows(&found.rotations), rows(&expected.rotations), "turns");
}

#[test]
fn an_image_becomes_the_same_gaussians() {
    compare("pipeline_image");
}

#[test]
fn words_become_the_same_gaussians() {
    compare("pipeline_text");
}

/// A seed is an asset there too, whatever stays on the device between two.
#[test]
fn a_seed_is_an_asset_however_networks_stay() {
    let Some(device) = device() else { return };
    let folder = tempfile::tempdir().unwrap();
    let golden = Golden::read(&data().join("trellis"), "pipeline_image");
    lay_out(&golden, &data(), folder.path());
    let made = [Keep::ALL, Keep::NONE].map(|keep| {
        let mut bench = Bench::new(folder.path(), "pipeline_image", &device, keep);
        let (condition, settings) = (bench.condition(), bench.trellis.settings());
        let mut made = (0..20).filter_map(|seed| {
            let made = bench
                .trellis
                .generate(&condition, seed, &settings, &mut go_on);
            Some((seed, made.ok()?))
        });
        made.next().expect("a seed with a structure")
    });
    let [(seed, first), (other, second)] = made;
    assert_eq!(seed, other);
    assert!(!first.is_empty());
    assert_eq!(first, second);
}
