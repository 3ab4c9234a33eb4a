//! What the published checkpoints hold: our networks, built from the published configurations, ask for
//! exactly that, in the precision it is stored in. `../goldens/trellis_checkpoints.py` makes the list of it
//! from the reference's own networks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use models::store::Manifest;
use models::trellis::{
    GaussianDecoder, GaussianDecoderConfig, SparseStructureDecoder, SparseStructureDecoderConfig,
    SparseStructureFlow, SparseStructureFlowConfig, StructuredLatentFlow,
    StructuredLatentFlowConfig,
};
use serde::Deserialize;

use crate::golden::data;

/// One checkpoint.
#[derive(Deserialize)]
struct Checkpoint {
    name: String,
    args: serde_json::Value,
    /// Of the whole file.
    bytes: u64,
    /// What the publisher says of that, where it is known.
    published: Option<u64>,
    tensors: Vec<(String, String, Vec<usize>)>,
}

/// A tensor's type and shape.
type Form = (DType, Vec<usize>);

impl Checkpoint {
    /// As the `.json` beside it.
    fn json(&self) -> String {
        serde_json::json!({"name": self.name, "args": self.args}).to_string()
    }

    /// Its tensors; `blocks.0-23.…` stands for 24.
    fn forms(&self) -> BTreeMap<String, Form> {
        let mut forms = BTreeMap::new();
        for (name, dtype, shape) in &self.tensors {
            let dtype = match dtype.as_str() {
                "F32" => DType::F32,
                "F16" => DType::F16,
                other => panic!("{name} is {other}"),
            };
            for name in unfolded(name) {
                let twice = forms.insert(name.clone(), (dtype, shape.clone()));
                assert!(twice.is_none(), "{name} twice");
            }
        }
        forms
    }
}

fn unfolded(name: &str) -> Vec<String> {
    let range = name.strip_prefix("blocks.").and_then(|rest| {
        let (range, rest) = rest.split_once('.')?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse::<u32>().ok()?, last.parse().ok()?, rest))
    });
    match range {
        Some((first, last, rest)) => (first..=last)
            .map(|index| format!("blocks.{index}.{rest}"))
            .collect(),
        None => vec![name.to_owned()],
    }
}

fn checkpoints() -> BTreeMap<String, Checkpoint> {
    let text = std::fs::read_to_string(data().join("trellis/checkpoints.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A checkpoint without its numbers, that notes what is taken from it.
#[derive(Clone)]
struct Hollow {
    forms: Arc<BTreeMap<String, Form>>,
    taken: Arc<Mutex<BTreeMap<String, Form>>>,
}

impl SimpleBackend for Hollow {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, _: &Device) -> Result<Tensor> {
        let asked = (dtype, shape.dims().to_vec());
        match self.forms.get(name) {
            None => candle_core::bail!("the checkpoint has no {name}"),
            Some(form) if *form != asked => {
                candle_core::bail!("{name} is {form:?}, but {asked:?} is asked for")
            }
            Some(_) => {}
        }
        self.taken.lock().unwrap().insert(name.to_owned(), asked);
        // One number for all: a checkpoint of gigabytes takes no room.
        Tensor::zeros((), dtype, &Device::Cpu)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("{name} is asked for without a shape")
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.forms.contains_key(name)
    }
}

fn load(checkpoint: &Checkpoint, weights: &VarBuilder<'_>) -> Result<()> {
    let json = checkpoint.json();
    match checkpoint.name.trim_start_matches("Elastic") {
        "SparseStructureFlowModel" => {
            let config = SparseStructureFlowConfig::parse(&json).unwrap();
            SparseStructureFlow::load(&config, weights).map(drop)
        }
        "SparseStructureDecoder" => {
            let config = SparseStructureDecoderConfig::parse(&json).unwrap();
            SparseStructureDecoder::load(&config, weights).map(drop)
        }
        "SLatFlowModel" => {
            let config = StructuredLatentFlowConfig::parse(&json).unwrap();
            StructuredLatentFlow::load(&config, weights).map(drop)
        }
        "SLatGaussianDecoder" => {
            let config = GaussianDecoderConfig::parse(&json).unwrap();
            GaussianDecoder::load(&config, weights).map(drop)
        }
        other => panic!("{other}"),
    }
}

/// Every name, shape and precision, of image-large, text-base, text-large and text-xlarge.
#[test]
fn networks_ask_for_what_the_published_checkpoints_hold() {
    let checkpoints = checkpoints();
    assert_eq!(checkpoints.len(), 10);
    for (file, checkpoint) in checkpoints {
        let hollow = Hollow {
            forms: Arc::new(checkpoint.forms()),
            taken: Arc::default(),
        };
        let weights = VarBuilder::from_backend(Box::new(hollow.clone()), DType::F16, Device::Cpu);
        load(&checkpoint, &weights).unwrap_or_else(|error| panic!("{file}: {error}"));
        let taken = hollow.taken.lock().unwrap();
        let left: Vec<&String> = hollow
            .forms
            .keys()
            .filter(|name| !taken.contains_key(*name))
            .collect();
        assert!(left.is_empty(), "{file}: nobody reads {left:?}");
        println!("{file}: {} tensors", taken.len());
    }
}

/// The file that the listed tensors make is as long as the published one, to the byte.
#[test]
fn the_list_is_as_large_as_the_published_files() {
    let manifest = Manifest::built_in().unwrap();
    let files: BTreeMap<&str, _> = manifest
        .models()
        .iter()
        .flat_map(|model| &model.files)
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut known = 0;
    for (name, checkpoint) in checkpoints() {
        let numbers: u64 = checkpoint
            .forms()
            .values()
            .map(|(dtype, shape)| (dtype.size_in_bytes() * shape.iter().product::<usize>()) as u64)
            .sum();
        // The rest is the header: a line of JSON for each tensor.
        let header = checkpoint.bytes - numbers;
        let lines = 8..=160 * checkpoint.forms().len() as u64;
        assert!(lines.contains(&header), "{name}: {header}");
        if let Some(published) = checkpoint.published {
            assert_eq!(checkpoint.bytes, published, "{name}");
            known += 1;
        }
        if let Some(file) = files.get(format!("ckpts/{name}.safetensors").as_str()) {
            if let Some(size) = file.size {
                assert_eq!(checkpoint.bytes, size, "{name} in the manifest");
            }
            let about = file.about.unwrap_or(checkpoint.bytes);
            assert!(about.abs_diff(checkpoint.bytes) < 10_000_000, "{name}");
            assert!(checkpoint.bytes <= file.limit(), "{name}");
        }
    }
    assert_eq!(known, 3);
}
