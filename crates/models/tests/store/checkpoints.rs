//! Files made by PyTorch and safetensors, read as they read them. See `goldens/checkpoints.py`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use models::store::{Precision, Weights};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Expected {
    dtype: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/checkpoints")
        .join(name)
}

fn expected(name: &str) -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(data("expected.json")).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, Expected>> =
        serde_json::from_str(&text).unwrap();
    all.remove(name).unwrap()
}

fn dtype(name: &str) -> DType {
    match name {
        "bool" | "uint8" => DType::U8,
        "int16" => DType::I16,
        "int32" => DType::I32,
        "int64" => DType::I64,
        "float16" => DType::F16,
        "bfloat16" => DType::BF16,
        "float32" => DType::F32,
        "float64" => DType::F64,
        other => panic!("{other}"),
    }
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor
        .to_dtype(DType::F64)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

fn same(file: &str, expected: &BTreeMap<String, Expected>) {
    let weights = Weights::open([data(file)]).unwrap();
    let mut names: Vec<&str> = weights.names().collect();
    names.sort_unstable();
    assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{file}");
    for (name, expected) in expected {
        let tensor = weights.tensor(name, &Device::Cpu).unwrap();
        assert_eq!(tensor.dims(), expected.shape, "{file}: {name}");
        assert_eq!(tensor.dtype(), dtype(&expected.dtype), "{file}: {name}");
        assert_eq!(
            weights.shape(name),
            Some((&expected.shape[..], tensor.dtype()))
        );
        assert_eq!(values(&tensor), expected.values, "{file}: {name}");
    }
}

#[test]
fn every_kind_of_element_and_layout_is_read() {
    let expected = expected("plain");
    for file in ["plain.safetensors", "plain.pt", "plain.legacy.pt"] {
        same(file, &expected);
    }
}

#[test]
fn weights_among_other_things_are_found() {
    let expected = expected("nested");
    for file in ["nested.pt", "nested.legacy.pt"] {
        same(file, &expected);
    }
}

#[test]
fn a_network_gets_them_by_its_own_names() {
    let weights = Weights::open([data("nested.pt")]).unwrap();
    let builder = weights.builder(Precision::As(DType::F32), &Device::Cpu);
    let convolution = builder.pp("state_dict").pp("0");
    assert!(convolution.contains_tensor("weight") && !convolution.contains_tensor("gamma"));
    assert_eq!(
        convolution.get((2, 1, 3, 3), "weight").unwrap().dims(),
        [2, 1, 3, 3]
    );
    let wrong = convolution
        .get((2, 1, 3, 4), "weight")
        .expect_err("another shape")
        .to_string();
    assert!(
        wrong.contains("state_dict.0.weight is [2, 1, 3, 3]"),
        "{wrong}"
    );
    let missing = convolution
        .get(3, "gamma")
        .expect_err("not there")
        .to_string();
    assert!(
        missing.contains("nested.pt: there is no tensor state_dict.0.gamma"),
        "{missing}"
    );
}

#[test]
fn precisions_are_kept_or_changed_as_asked() {
    let weights = Weights::open([data("plain.safetensors")]).unwrap();
    let kept = weights.builder(Precision::Stored, &Device::Cpu);
    let changed = weights.builder(Precision::As(DType::F32), &Device::Cpu);
    for (name, shape, stored) in [("half", (3, 2), DType::F16), ("double", (2, 2), DType::F64)] {
        assert_eq!(kept.get(shape, name).unwrap().dtype(), stored);
        assert_eq!(changed.get(shape, name).unwrap().dtype(), DType::F32);
    }
    let asked = changed.get_with_hints_dtype((3, 2), "half", Default::default(), DType::F64);
    assert_eq!(asked.unwrap().dtype(), DType::F64);
}

/// `SPLATSMITH_WEIGHTS=a.pth:b.safetensors cargo test -p models --test store -- --ignored real`
#[test]
#[ignore = "reads the files named in SPLATSMITH_WEIGHTS"]
fn real_files_are_read_to_the_last_tensor() {
    let files = std::env::var_os("SPLATSMITH_WEIGHTS").expect("SPLATSMITH_WEIGHTS names files");
    for file in std::env::split_paths(&files) {
        let weights = Weights::open([&file]).unwrap();
        let mut names: Vec<&str> = weights.names().collect();
        names.sort_unstable();
        println!("{}: {} tensors", file.display(), names.len());
        for name in names {
            let tensor = weights.tensor(name, &Device::Cpu).unwrap();
            println!("  {name} {:?} {:?}", tensor.dims(), tensor.dtype());
        }
    }
}

#[test]
fn several_files_are_one_set_of_weights() {
    let both = Weights::open([data("plain.pt"), data("nested.pt")]).unwrap();
    assert!(both.shape("scalar").is_some() && both.shape("state_dict.0.bias").is_some());
    let twice = Weights::open([data("plain.pt"), data("plain.safetensors")])
        .expect_err("the same names twice");
    assert!(
        twice.to_string().contains("there is another tensor"),
        "{twice}"
    );
}
