//! Goldens: a safetensors file with weights `w.*`, inputs `in.*`, outputs `out.*` of a reference
//! implementation, and its configuration as JSON in the metadata.
//!
//! They lie on the CPU, or where `SPLATSMITH_TEST_DEVICE` says: see [`device`].
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

#[path = "device.rs"]
mod place;

use crate::formula;
pub(crate) use place::{allowed, device};

/// Largest deviation allowed on the CPU, against the root mean square of what is expected.
pub(crate) const TOLERANCE: f32 = 1e-4;

/// A weight that follows from a formula: its name and shape, and `F16` where it is rounded to that.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum FormulaWeight {
    Single(String, Vec<usize>),
    Half(String, Vec<usize>, String),
}

impl FormulaWeight {
    fn name(&self) -> &str {
        let (Self::Single(name, _) | Self::Half(name, ..)) = self;
        name
    }

    fn tensor(&self, seed: u64) -> Tensor {
        match self {
            Self::Single(name, shape) => formula::weight(name, shape, seed),
            Self::Half(name, shape, kind) => {
                assert_eq!(kind, "F16", "{name}");
                let weight = formula::weight(name, shape, seed);
                weight.to_dtype(DType::F16).unwrap()
            }
        }
    }
}

pub(crate) struct Golden {
    name: String,
    tensors: HashMap<String, Tensor>,
    pub(crate) config: serde_json::Value,
    pub(crate) seed: u64,
}

/// Where the goldens of this crate lie.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

impl Golden {
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("{name}.safetensors"));
        let bytes =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = metadata.metadata().clone().unwrap_or_default();
        let config = metadata
            .get("config")
            .map_or(serde_json::Value::Null, |json| {
                serde_json::from_str(json).unwrap()
            });
        let seed = metadata.get("seed").map_or(0, |seed| seed.parse().unwrap());
        let mut tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
        // Weights that the file does not carry follow from a formula.
        let named: Vec<FormulaWeight> = metadata
            .get("weights")
            .map_or_else(Vec::new, |json| serde_json::from_str(json).unwrap());
        for named in named {
            tensors.insert(format!("w.{}", named.name()), named.tensor(seed));
        }
        for tensor in tensors.values_mut() {
            // Coordinates are read, not computed with.
            if tensor.dtype() != DType::I32 {
                *tensor = tensor.to_device(&device()).unwrap();
            }
        }
        Self {
            name: name.to_owned(),
            tensors,
            seed,
            config,
        }
    }

    pub(crate) fn tensor(&self, key: &str) -> Tensor {
        let tensor = self.tensors.get(key);
        tensor
            .unwrap_or_else(|| panic!("{} has no {key}", self.name))
            .clone()
    }

    /// The names of the tensors that begin with `prefix`, without it.
    #[allow(dead_code)]
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        self.tensors
            .keys()
            .filter_map(|key| Some(key.strip_prefix(prefix)?.to_owned()))
            .collect()
    }

    /// The weights, under the names of the checkpoint.
    pub(crate) fn weights(&self) -> VarBuilder<'static> {
        self.weights_under("w.")
    }

    /// The weights that begin with `prefix`, without it.
    pub(crate) fn weights_under(&self, prefix: &str) -> VarBuilder<'static> {
        let tensors = self
            .tensors
            .iter()
            .filter_map(|(key, tensor)| {
                Some((key.strip_prefix(prefix)?.to_owned(), tensor.clone()))
            })
            .collect();
        VarBuilder::from_tensors(tensors, DType::F32, &device())
    }

    /// Holds what was computed against the output of this name.
    pub(crate) fn expect(&self, key: &str, found: &Tensor) {
        let apart = self.apart(key, found);
        println!("{}: {key} is {apart:.1e} apart", self.name);
        // Not "greater", so that NaN fails.
        let near = apart <= allowed(TOLERANCE);
        assert!(near, "{}: {key} is {apart:.1e} apart", self.name);
    }

    /// How far what was computed is from the output of this name at most, as a part of the root mean
    /// square of what is expected.
    pub(crate) fn apart(&self, key: &str, found: &Tensor) -> f32 {
        let expected = self.tensor(&format!("out.{key}"));
        assert_eq!(found.dims(), expected.dims(), "{}: {key}", self.name);
        let flat = |tensor: &Tensor| -> Vec<f32> {
            tensor
                .to_dtype(DType::F32)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1()
                .unwrap()
        };
        let (found, expected) = (flat(found), flat(&expected));
        let square: f32 = expected.iter().map(|value| value * value).sum();
        let scale = (square / expected.len() as f32).sqrt();
        // NaN is greater than everything here.
        let apart = found
            .iter()
            .zip(&expected)
            .map(|(found, expected)| (found - expected).abs())
            .max_by(f32::total_cmp)
            .unwrap();
        apart / scale
    }
}
