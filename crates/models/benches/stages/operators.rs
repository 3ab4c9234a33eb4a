//! Single operators in the sizes they have in the published networks, in the type they have on the device.

use candle_core::{DType, Result, Tensor};
use models::ops::{
    self, Conv3d, Linear, RuleBook, SubmanifoldConvolution, plain, windowed_attention,
};
use models::trellis::{Voxels, shifted_windows};

use crate::random::Place;
use crate::turns::shell;
use crate::{Run, Stage};

pub(crate) fn stages() -> Vec<Stage> {
    vec![
        (
            "operators submanifold 64³ 128→128",
            Box::new(|place| submanifold(place, 64, 128)),
        ),
        (
            "operators submanifold 32³ 2048→128",
            Box::new(|place| submanifold(place, 32, 2048)),
        ),
        ("operators windowed", Box::new(windowed)),
        (
            "operators conv3d 16³ 512",
            Box::new(|place| convolution(place, 16, 512)),
        ),
        (
            "operators conv3d 64³ 32",
            Box::new(|place| convolution(place, 64, 32)),
        ),
        (
            "operators attention 16×4096×64",
            Box::new(|place| attention(place, 4096)),
        ),
        (
            "operators attention to 1374",
            Box::new(|place| attention(place, TOKENS)),
        ),
        ("operators layer norm 4096×1024", Box::new(norm)),
        ("operators head norm 4096×1024", Box::new(head_norm)),
        ("operators linear 4096×1024→4096", Box::new(linear)),
        ("operators GELU 4096×4096", Box::new(gelu)),
    ]
}

/// Tokens of the condition that an image is.
const TOKENS: usize = 1374;

fn noise(place: &Place, shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
    place.noise(shape)?.to_dtype(place.half())
}

fn submanifold(place: &Place, side: u16, inputs: usize) -> Result<Vec<Run>> {
    let side = place.pick(side, 8);
    let cells = shell(side);
    let rules = RuleBook::new(side.into(), &cells)?;
    let layer = SubmanifoldConvolution::load(inputs, 128, &place.weights(place.half()))?;
    let x = noise(place, (1, cells.len(), inputs))?;
    Ok(vec![Run::new("", move || layer.forward(&x, &rules))])
}

fn windowed(place: &Place) -> Result<Vec<Run>> {
    let side = place.pick(64, 16);
    let voxels = Voxels::new(side.into(), shell(side))?;
    let windows = shifted_windows(&voxels, 8, 4);
    let qkv = noise(place, (1, voxels.len(), 3, 12, 64))?.permute((2, 0, 3, 1, 4))?;
    let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
    Ok(vec![Run::new("", move || {
        windowed_attention(&q, &k, &v, &windows)
    })])
}

fn convolution(place: &Place, side: usize, channels: usize) -> Result<Vec<Run>> {
    let side = place.pick(side, 2);
    let layer = Conv3d::load(channels, channels, &place.weights(place.half()))?;
    let x = noise(place, (1, side, side, side, channels))?;
    Ok(vec![Run::new("", move || layer.forward(&x))])
}

/// Of all tokens of the structure to so many.
fn attention(place: &Place, keys: usize) -> Result<Vec<Run>> {
    let (queries, keys) = (place.pick(4096, 16), place.pick(keys, 16));
    let q = noise(place, (1, queries, 16, 64))?.transpose(1, 2)?;
    let kv = noise(place, (1, keys, 2, 16, 64))?.permute((2, 0, 3, 1, 4))?;
    let (k, v) = (kv.get(0)?, kv.get(1)?);
    let parts = (q.clone(), k.clone(), v.clone());
    Ok(vec![
        Run::new("", move || ops::attention(&q, &k, &v, false)),
        Run::new("plain", move || {
            plain::attention(&parts.0, &parts.1, &parts.2, false)
        }),
    ])
}

/// The tokens of the structure.
fn tokens(place: &Place, width: usize) -> Result<Tensor> {
    noise(place, (1, place.pick(4096, 16), width))
}

fn norm(place: &Place) -> Result<Vec<Run>> {
    let x = tokens(place, 1024)?;
    let other = x.clone();
    Ok(vec![
        Run::new("", move || ops::layer_norm(&x, None, None, 1e-6)),
        Run::new("plain", move || plain::layer_norm(&other, None, None, 1e-6)),
    ])
}

fn head_norm(place: &Place) -> Result<Vec<Run>> {
    let x = tokens(place, 1024)?
        .reshape((1, (), 16, 64))?
        .transpose(1, 2)?;
    let gamma = Tensor::ones((16, 64), DType::F32, &place.device)?;
    let (other, same) = (x.clone(), gamma.clone());
    Ok(vec![
        Run::new("", move || ops::head_norm(&x, &gamma)),
        Run::new("plain", move || plain::head_norm(&other, &same)),
    ])
}

fn linear(place: &Place) -> Result<Vec<Run>> {
    let x = tokens(place, 1024)?;
    let layer = Linear::load(1024, 4096, &place.weights(place.half()))?;
    Ok(vec![Run::new("", move || layer.forward(&x))])
}

fn gelu(place: &Place) -> Result<Vec<Run>> {
    let x = tokens(place, 4096)?;
    Ok(vec![Run::new("", move || ops::gelu_tanh(&x))])
}
