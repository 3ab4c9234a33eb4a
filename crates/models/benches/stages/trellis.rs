//! BiRefNet and TRELLIS image-large.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use candle_core::{DType, Result, Tensor};
use models::trellis::sampler::{Conditioned, sample};
use models::trellis::{
    GaussianDecoder, GaussianDecoderConfig, SamplerSettings, SparseStructureDecoder,
    SparseStructureDecoderConfig, SparseStructureFlow, SparseStructureFlowConfig, SparseTensor,
    StructuredLatentFlow, StructuredLatentFlowConfig, Voxels, image_condition,
};
use models::{BiRefNet, BiRefNetConfig, Dinov2, Dinov2Config};
use serde_json::{Value, json};

use crate::random::Place;
use crate::turns::shell;
use crate::{Run, Stage};

/// Tokens of the condition that an image is.
const TOKENS: usize = 1374;

/// As `pipeline.json` of image-large has it for both flows.
const PUBLISHED: SamplerSettings = SamplerSettings {
    steps: 25,
    guidance: 5.0,
    interval: (0.5, 1.0),
    rescale_t: 3.0,
};

pub(crate) fn stages() -> Vec<Stage> {
    vec![
        ("cut out BiRefNet", Box::new(cutout)),
        ("condition DINOv2-L", Box::new(condition)),
        ("structure flow", Box::new(structure)),
        ("structure decoder", Box::new(structure_decoder)),
        ("latent flow", Box::new(latent)),
        ("gaussians", Box::new(gaussians)),
    ]
}

fn cutout(place: &Place) -> Result<Vec<Run>> {
    let mut config = BiRefNetConfig::GENERAL;
    if place.test {
        config.swin.embed_dim = 24;
        config.swin.depths = [1; 4];
        config.swin.num_heads = [1, 1, 2, 2];
        config.swin.window_size = 4;
    }
    let network = BiRefNet::load(&config, &place.weights(place.half()))?;
    let side = place.pick(1024, 64);
    let image = place.noise((1, 3, side, side))?.to_dtype(place.half())?;
    Ok(vec![Run::new("", move || network.forward(&image))])
}

/// In single precision on every device, as the pipeline runs it.
fn condition(place: &Place) -> Result<Vec<Run>> {
    let mut config = Dinov2Config::LARGE_REGISTERS;
    if place.test {
        (config.hidden_size, config.num_hidden_layers) = (64, 1);
        config.num_attention_heads = 1;
    }
    let network = Dinov2::load(&config, &place.weights(DType::F32))?;
    let pixels: Vec<u8> = (0..518 * 518 * 3)
        .map(|index| (index * 7 % 251) as u8)
        .collect();
    let device = place.device.clone();
    Ok(vec![Run::new("", move || {
        image_condition(&network, &pixels, &device)
    })])
}

/// The `.json` of a published checkpoint, made smaller by `small` to test.
fn published(checkpoint: &str, place: &Place, small: Value) -> String {
    let all = include_str!("../../tests/data/trellis/checkpoints.json");
    let mut all: Value = serde_json::from_str(all).unwrap();
    let mut config = all[checkpoint].take();
    if let (true, Value::Object(small)) = (place.test, small) {
        for (key, value) in small {
            config["args"][key.as_str()] = value;
        }
    }
    config.to_string()
}

/// What a flow is asked with.
struct Asked {
    image: Tensor,
    nothing: Tensor,
    time: Tensor,
}

impl Asked {
    fn new(place: &Place) -> Result<Self> {
        let image = place.noise((1, place.pick(TOKENS, 9), place.pick(1024, 64)))?;
        Ok(Self {
            nothing: image.zeros_like()?,
            image,
            time: Tensor::new(&[500f32], &place.device)?,
        })
    }
}

/// A flow's velocity of a state, a time and a condition.
type Velocity = dyn Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>;

/// One step as it is, one with guidance, and a whole sampling.
fn runs(place: &Place, start: Tensor, velocity: Rc<Velocity>) -> Result<Vec<Run>> {
    let asked = Rc::new(Asked::new(place)?);
    let single = {
        let (asked, start, velocity) = (Rc::clone(&asked), start.clone(), Rc::clone(&velocity));
        Run::new("one call", move || {
            velocity(&start, &asked.time, &asked.image)
        })
    };
    let guided = {
        let (asked, start, velocity) = (Rc::clone(&asked), start.clone(), Rc::clone(&velocity));
        Run::new("a guided step", move || {
            let towards = velocity(&start, &asked.time, &asked.image)?;
            let away = velocity(&start, &asked.time, &asked.nothing)?;
            (towards * 6.0)? - (away * 5.0)?
        })
    };
    let device = place.device.clone();
    let sampled = Run::new("25 steps, 44 calls", move || {
        let turn = |x: &Tensor, time: f64, conditioned| {
            let time = Tensor::new(&[time as f32], &device)?;
            let condition = match conditioned {
                Conditioned::Yes => &asked.image,
                Conditioned::No => &asked.nothing,
            };
            velocity(x, &time, condition)
        };
        let sampled = sample(&PUBLISHED, &start, turn, |_, _| ControlFlow::Continue(()))?;
        Ok(sampled.unwrap())
    });
    Ok(vec![single, guided, sampled.long()])
}

fn structure(place: &Place) -> Result<Vec<Run>> {
    let small = json!({"resolution": 4, "model_channels": 64, "cond_channels": 64, "num_blocks": 1, "num_heads": 1});
    let config = published("ss_flow_img_dit_L_16l8_fp16", place, small);
    let config = SparseStructureFlowConfig::parse(&config).unwrap();
    let flow = SparseStructureFlow::load(&config, &place.weights(place.half()))?;
    let side = config.resolution;
    let start = place.noise((1, config.in_channels, side, side, side))?;
    let velocity =
        move |x: &Tensor, time: &Tensor, condition: &Tensor| flow.forward(x, time, condition);
    runs(place, start, Rc::new(velocity))
}

fn structure_decoder(place: &Place) -> Result<Vec<Run>> {
    let small = json!({"channels": [16, 8, 4]});
    let config = published("ss_dec_conv3d_16l8_fp16", place, small);
    let config = SparseStructureDecoderConfig::parse(&config).unwrap();
    let decoder = SparseStructureDecoder::load(&config, &place.weights(place.half()))?;
    let side = place.pick(16, 4);
    let latent = place.noise((1, 8, side, side, side))?;
    let first = {
        let latent = latent.clone();
        Run::new("", move || decoder.forward(&latent))
    };
    Ok(vec![first])
}

/// About as many voxels as an asset has.
fn voxels(place: &Place) -> Result<Arc<Voxels>> {
    let side = place.pick(64, 16);
    Ok(Arc::new(Voxels::new(side.into(), shell(side))?))
}

fn latent(place: &Place) -> Result<Vec<Run>> {
    let small = json!({
        "resolution": 16, "model_channels": 64, "cond_channels": 64, "num_blocks": 1, "num_heads": 1,
        "io_block_channels": [32],
    });
    let config = published("slat_flow_img_dit_L_64l8p2_fp16", place, small);
    let config = StructuredLatentFlowConfig::parse(&config).unwrap();
    let flow = StructuredLatentFlow::load(&config, &place.weights(place.half()))?;
    let voxels = voxels(place)?;
    let start = place.noise((1, voxels.len(), 8))?;
    let velocity = move |x: &Tensor, time: &Tensor, condition: &Tensor| {
        let x = SparseTensor::new(x.clone(), Arc::clone(&voxels))?;
        Ok(flow.forward(&x, time, condition)?.features().clone())
    };
    runs(place, start, Rc::new(velocity))
}

fn gaussians(place: &Place) -> Result<Vec<Run>> {
    let small = json!({"resolution": 16, "model_channels": 48, "num_blocks": 2, "num_heads": 2});
    let config = published("slat_dec_gs_swin8_B_64l8gs32_fp16", place, small);
    let config = GaussianDecoderConfig::parse(&config).unwrap();
    let decoder = GaussianDecoder::load(&config, &place.weights(place.half()))?;
    let voxels = voxels(place)?;
    let x = SparseTensor::new(place.noise((1, voxels.len(), 8))?, voxels)?;
    Ok(vec![Run::new("", move || {
        let gaussians = decoder.gaussians(&x)?;
        Tensor::new(gaussians.opacities, &candle_core::Device::Cpu)
    })])
}
