//! The published network: what its file holds, and what is asked of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use models::{BiRefNet, BiRefNetConfig};

type Shapes = BTreeMap<String, Vec<usize>>;

/// The names and shapes of the file's tensors, written down by `birefnet.py`.
fn published() -> Shapes {
    include_str!("../data/birefnet_keys.txt")
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().unwrap().to_owned();
            let sizes = words.next().unwrap_or_default().split('×');
            let sizes = sizes.filter(|size| !size.is_empty());
            (name, sizes.map(|size| size.parse().unwrap()).collect())
        })
        .collect()
}

/// Says yes to everything, and remembers it.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Shapes>>);

impl SimpleBackend for Asked {
    fn get(&self, shape: Shape, name: &str, _: Init, _: DType, _: &Device) -> Result<Tensor> {
        let dims = shape.dims().to_vec();
        let twice = self.0.lock().unwrap().insert(name.to_owned(), dims);
        assert_eq!(twice, None, "{name} is read twice");
        // Large ones need no memory: in half precision they stay as they are.
        let nothing = Tensor::zeros(1, DType::F16, &Device::Cpu)?;
        let all = nothing.broadcast_as(shape.clone())?;
        if shape.elem_count() < 100_000 {
            all.contiguous()
        } else {
            Ok(all)
        }
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("{name} without a shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

#[test]
fn exactly_what_the_forward_pass_needs_is_asked_of_the_file() {
    let asked = Asked::default();
    let weights = VarBuilder::from_backend(Box::new(asked.clone()), DType::F16, Device::Cpu);
    BiRefNet::load(&BiRefNetConfig::GENERAL, &weights).unwrap();
    let asked = asked.0.lock().unwrap().clone();
    let unneeded = |name: &str| {
        name.ends_with("num_batches_tracked")
            || name.ends_with("relative_position_index")
            || name.starts_with("decoder.conv_ms_spvn_")
            || name.starts_with("decoder.gdt_convs_pred_")
    };
    let mut expected = published();
    expected.retain(|name, _| !unneeded(name));
    assert_eq!(asked, expected);
}

#[test]
fn the_list_of_tensors_is_as_long_as_the_published_files() {
    // Sizes of `model.safetensors` in models.toml: half and single precision.
    for (width, size) in [(2, 444_473_596), (4, 884_878_856)] {
        let whole = |name: &str| {
            name.ends_with("num_batches_tracked") || name.ends_with("relative_position_index")
        };
        let bytes: usize = published()
            .iter()
            .map(|(name, shape)| {
                let count: usize = shape.iter().product();
                count * if whole(name) { 8 } else { width }
            })
            .sum();
        // What is left is the file's index: about a hundred bytes for each tensor.
        let index = size - bytes as i64;
        let each = index / published().len() as i64;
        println!("{index} bytes of index, {each} a tensor");
        assert!((90..150).contains(&each), "{index} bytes of index");
    }
}
