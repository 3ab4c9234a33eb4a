//! Small networks, with the weights and inputs of their goldens: on a device, in single precision and in the
//! half that it is used in, against the CPU in single precision.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use models::flux::{
    AutoencoderConfig, Decoder, Layers, T5Config, T5Encoder, Transformer, TransformerConfig,
};
use models::trellis::{
    GaussianDecoder, GaussianDecoderConfig, SparseStructureDecoder, SparseStructureDecoderConfig,
    SparseStructureFlow, SparseTensor, StructuredLatentFlow, StructuredLatentFlowConfig, Voxels,
};
use models::{
    Activation, BiRefNet, ClipText, ClipTextConfig, ClipVision, ClipVisionConfig, ConvNext,
    ConvNextConfig, Dinov2, Dinov2Config, Lpips, TextTower, TextTowerConfig,
};

use crate::files::{formula_weights, is_autoencoders, opened, packed};
use crate::formula::picture;
use crate::golden::{Golden, data};
use crate::twins::{TYPES, assert_near, device, lacks, noise};

/// How far a whole small network may be from the CPU's single precision, as a share of the length.
fn bar(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => 1e-4,
        DType::F16 => 1e-2,
        _ => 8e-2,
    }
}

/// Where a network is run, and in what.
struct Place {
    golden: Golden,
    device: Device,
    dtype: DType,
}

impl Place {
    fn weights(&self) -> VarBuilder<'static> {
        let names = self.golden.names("w.").into_iter();
        let named = names.map(|name| {
            let tensor = self.golden.tensor(&format!("w.{name}"));
            (name, tensor)
        });
        VarBuilder::from_tensors(named.collect(), self.dtype, &self.device)
    }

    fn config<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.golden.config.clone()).unwrap()
    }

    /// An input as it is.
    fn input(&self, key: &str) -> Tensor {
        self.put(&self.golden.tensor(key))
    }

    /// An input in the type that the network computes in.
    fn image(&self, key: &str) -> Tensor {
        self.input(key).to_dtype(self.dtype).unwrap()
    }

    fn put(&self, x: &Tensor) -> Tensor {
        x.to_device(&self.device).unwrap()
    }
}

/// Runs a golden's network on the CPU and in each of `types` on the device, and compares.
fn hold(folder: &str, name: &str, types: &[DType], run: impl Fn(&Place) -> Result<Vec<Tensor>>) {
    let Some(device) = device() else { return };
    let at = |device: &Device, dtype| Place {
        golden: Golden::read(&data().join(folder), name),
        device: device.clone(),
        dtype,
    };
    crate::watch::at(&format!("{name} on the CPU"));
    let expected = run(&at(&Device::Cpu, DType::F32)).unwrap();
    for &dtype in types {
        let what = format!("{name} in {dtype:?}");
        crate::watch::at(&format!("{what} on the device"));
        let found = match run(&at(&device, dtype)) {
            Ok(found) => found,
            Err(error) if lacks(&device, &error) => {
                println!("skipped: {what} on the CPU");
                continue;
            }
            Err(error) => panic!("{what}: {error}"),
        };
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(found.device().same_device(&device), "{what}");
            assert_near(found, expected, bar(dtype), &what);
        }
    }
}

const SINGLE_AND_F16: [DType; 2] = [DType::F32, DType::F16];
const SINGLE_AND_BF16: [DType; 2] = [DType::F32, DType::BF16];

#[test]
fn dinov2() {
    for name in [
        "dinov2_reg4",
        "dinov2_quality",
        "dinov2_sizes",
        "dinov2_registers_sizes",
    ] {
        hold("", name, &TYPES, |place| {
            let mut config: Dinov2Config = place.config();
            let mut weights = place.weights();
            match name {
                "dinov2_reg4" => config.num_register_tokens = 4,
                "dinov2_quality" => weights = weights.pp("backbone"),
                _ => {}
            }
            let net = Dinov2::load(&config, &weights)?;
            let image = if name.ends_with("sizes") {
                "in.wide"
            } else {
                "in.image"
            };
            Ok(vec![net.forward(&place.image(image))?])
        });
    }
}

#[test]
fn clip() {
    hold("", "clip_vit", &TYPES, |place| {
        let part = |part: &str| place.golden.config[part].clone();
        let vision: ClipVisionConfig = serde_json::from_value(part("vision")).unwrap();
        let text: ClipTextConfig = serde_json::from_value(part("text")).unwrap();
        let weights = place.weights();
        let seen = ClipVision::load(&vision, &weights)?.forward(&place.image("in.image"))?;
        let read = ClipText::load(&text, &weights)?.forward(&place.input("in.tokens"))?;
        Ok(vec![seen, read])
    });
    hold("", "llm2clip", &TYPES, |place| {
        let net = ClipVision::load(&place.config(), &place.weights())?;
        Ok(vec![net.forward(&place.image("in.image"))?])
    });
}

#[test]
fn open_clip() {
    hold("", "clip_convnext", &SINGLE_AND_F16, |place| {
        let size = |name: &str| place.golden.config["text_cfg"][name].as_u64().unwrap() as usize;
        let embed_dim = place.golden.config["embed_dim"].as_u64().unwrap() as usize;
        let image = ConvNextConfig {
            depths: [1, 2, 4, 2],
            dims: [24, 32, 48, 64],
            norm_eps: 1e-5,
            activation: Activation::GeluTanh,
            embed_dim,
        };
        let text = TextTowerConfig {
            context_length: size("context_length"),
            vocab_size: size("vocab_size"),
            width: size("width"),
            heads: size("heads"),
            layers: size("layers"),
            embed_dim,
        };
        let weights = place.weights();
        let seen = ConvNext::load(&image, &weights.pp("visual"))?;
        let read = TextTower::load(&text, &weights)?;
        Ok(vec![
            seen.forward(&place.image("in.image"))?,
            read.forward(&place.input("in.tokens"))?,
        ])
    });
}

#[test]
fn lpips() {
    hold("", "lpips_256", &[DType::F32], |place| {
        let named = place.weights();
        let backbone = named
            .clone()
            .rename_f(|name| name.trim_start_matches("net.").to_owned());
        let net = Lpips::load(&backbone, &named)?;
        let look = |name| {
            let pictures = picture(name, &[2, 3, 256, 256], place.golden.seed);
            net.impressions(&place.put(&pictures))
        };
        Ok(vec![net.distances(&look("left")?, &look("right")?)?])
    });
}

#[test]
fn birefnet() {
    for name in ["birefnet_padded", "birefnet_columns"] {
        hold("", name, &SINGLE_AND_F16, |place| {
            let config = serde_json::from_value(place.golden.config.clone()).unwrap();
            let shape: Vec<usize> =
                serde_json::from_value(place.golden.config["shape"].clone()).unwrap();
            let colours = (picture("picture", &shape, place.golden.seed) * 4.0)? - 2.0;
            let net = BiRefNet::load(&config, &place.weights())?;
            let logits = net.forward(&place.put(&colours?).to_dtype(place.dtype)?)?;
            let alpha = candle_nn::ops::sigmoid(&logits.to_dtype(DType::F32)?)?;
            Ok(vec![alpha])
        });
    }
}

#[test]
fn flows_of_structures() {
    for (folder, name) in [
        ("", "ss_flow_img"),
        ("", "ss_flow_txt"),
        ("trellis", "flow_shared"),
    ] {
        hold(folder, name, &SINGLE_AND_F16, |place| {
            let flow = SparseStructureFlow::load(&place.config(), &place.weights())?;
            let [x, t, condition] = ["in.x", "in.t", "in.cond"].map(|key| place.input(key));
            Ok(vec![flow.forward(&x, &t, &condition)?])
        });
    }
}

#[test]
fn decoders_of_structures() {
    for (folder, name) in [("", "ss_decoder"), ("trellis", "structure_odd")] {
        hold(folder, name, &SINGLE_AND_F16, |place| {
            let config: SparseStructureDecoderConfig = place.config();
            let net = SparseStructureDecoder::load(&config, &place.weights())?;
            Ok(vec![net.forward(&place.input("in.z"))?])
        });
    }
}

/// The features of a golden on its voxels.
fn structure(place: &Place, resolution: usize) -> Result<SparseTensor> {
    let rows = place.golden.tensor("in.coords").to_vec2::<i32>()?;
    let cells = rows
        .iter()
        .map(|row| [row[1], row[2], row[3]].map(|at| at as u16));
    let voxels = Arc::new(Voxels::new(resolution, cells.collect())?);
    SparseTensor::new(place.input("in.feats").unsqueeze(0)?, voxels)
}

#[test]
fn flows_of_latents() {
    hold("", "slat_flow_img", &SINGLE_AND_F16, |place| {
        let args = &place.golden.config;
        let file = serde_json::json!({"name": "ElasticSLatFlowModel", "args": args});
        let config = StructuredLatentFlowConfig::parse(&file.to_string()).unwrap();
        let flow = StructuredLatentFlow::load(&config, &place.weights())?;
        let x = structure(place, config.resolution)?;
        let y = flow.forward(&x, &place.input("in.t"), &place.input("in.cond"))?;
        Ok(vec![y.features().clone()])
    });
}

#[test]
fn decoders_of_gaussians() {
    hold("", "gs_decoder", &SINGLE_AND_F16, |place| {
        let args = &place.golden.config;
        let file = serde_json::json!({"name": "ElasticSLatGaussianDecoder", "args": args});
        let config = GaussianDecoderConfig::parse(&file.to_string()).unwrap();
        let decoder = GaussianDecoder::load(&config, &place.weights())?;
        Ok(vec![
            decoder.forward(&structure(place, config.resolution)?)?,
        ])
    });
}

#[test]
fn t5() {
    hold("flux", "t5", &SINGLE_AND_BF16, |place| {
        let weights = opened(&formula_weights("t5", |_, _| true));
        let layers = Layers::open(&weights, place.dtype, &place.device);
        let net = T5Encoder::load(&T5Config::of(&weights).unwrap(), &layers)?;
        Ok(vec![net.forward(&place.input("in.tokens"))?])
    });
}

/// Plain, and out of every kind of block that published files are packed in.
#[test]
fn flows_of_pictures() {
    use candle_core::quantized::GgmlDType;
    let plain = formula_weights("flow", |name, _| !is_autoencoders(name));
    for kinds in [
        None,
        Some(&[GgmlDType::Q8_0][..]),
        Some(&[GgmlDType::Q4K, GgmlDType::Q4_0]),
        Some(&[GgmlDType::Q5K, GgmlDType::Q5_1]),
        Some(&[GgmlDType::Q6K, GgmlDType::Q5_0]),
    ] {
        println!("{kinds:?}:");
        let weights = match kinds {
            None => opened(&plain),
            Some(kinds) => {
                let (bytes, _) = packed(&plain, kinds);
                models::store::Weights::from_bytes("flow.gguf", bytes).unwrap()
            }
        };
        hold("flux", "flow", &SINGLE_AND_BF16, |place| {
            let layers = Layers::open(&weights, place.dtype, &place.device);
            let config = TransformerConfig::of(&weights).unwrap();
            let net = Transformer::load(&config, &layers)?;
            let (text, pooled) = (place.input("in.text"), place.input("in.pooled"));
            let surroundings = net.surroundings(&text, &pooled, 4, 6)?;
            let t = Tensor::new(&[0.75_f32], &place.device)?;
            let y = net.forward(&place.input("in.noise"), &t, &surroundings)?;
            Ok(vec![y])
        });
    }
}

#[test]
fn decoders_of_pictures() {
    let weights = opened(&formula_weights("flow", |name, _| is_autoencoders(name)));
    hold("flux", "flow", &SINGLE_AND_BF16, |place| {
        let layers = Layers::open(&weights, place.dtype, &place.device);
        let decoder = Decoder::load(&AutoencoderConfig::of(&weights).unwrap(), &layers)?;
        Ok(vec![
            decoder.forward(&place.put(&noise(&[1, 16, 8, 12], 80)))?,
        ])
    });
}

/// A number beyond the vocabulary is an error on a GPU too, where nothing else stops the reading.
#[test]
fn foreign_tokens_are_refused() {
    let Some(device) = device() else { return };
    let place = Place {
        golden: Golden::read(&data(), "clip_vit"),
        device: device.clone(),
        dtype: DType::F32,
    };
    let text: ClipTextConfig = serde_json::from_value(place.golden.config["text"].clone()).unwrap();
    let net = ClipText::load(&text, &place.weights()).unwrap();
    let tokens = Tensor::new(&[[1_u32, 2_000_000_000]], &device).unwrap();
    let refused = net.forward(&tokens).unwrap_err().to_string();
    assert!(refused.contains("2000000000"), "{refused}");
}
