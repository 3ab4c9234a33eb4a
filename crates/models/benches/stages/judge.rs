//! The judge's networks for sixteen views, as the scorer loads them.

use candle_core::{DType, Result};
use models::{ClipVision, ClipVisionConfig, ConvNext, ConvNextConfig, Dinov2, Dinov2Config, Lpips};

use crate::random::Place;
use crate::{Run, Stage};

pub(crate) fn stages() -> Vec<Stage> {
    vec![
        ("judge DINOv2-S", Box::new(quality)),
        ("judge ConvNeXt-L-d", Box::new(alignment)),
        ("judge AlexNet", Box::new(distance)),
        ("judge CLIP-L", Box::new(gate)),
    ]
}

/// Pictures of a side, `(16, 3, side, side)`; to test, one of a smaller side.
fn views(place: &Place, side: usize, small: usize, dtype: DType) -> Result<candle_core::Tensor> {
    let side = place.pick(side, small);
    place
        .noise((place.pick(16, 1), 3, side, side))?
        .to_dtype(dtype)
}

fn quality(place: &Place) -> Result<Vec<Run>> {
    let mut config = Dinov2Config::SMALL;
    if place.test {
        (config.hidden_size, config.num_hidden_layers) = (24, 1);
        config.image_size = 56;
    }
    let network = Dinov2::load(&config, &place.weights(DType::F32))?;
    let views = views(place, 518, 56, DType::F32)?;
    Ok(vec![Run::new("16 × 518²", move || {
        network.forward(&views)
    })])
}

fn alignment(place: &Place) -> Result<Vec<Run>> {
    let mut config = ConvNextConfig::LARGE_D;
    if place.test {
        (config.depths, config.dims) = ([1; 4], [8, 16, 24, 32]);
    }
    let network = ConvNext::load(&config, &place.weights(place.half()))?;
    let views = views(place, 224, 56, place.half())?;
    Ok(vec![Run::new("16 × 224²", move || {
        network.forward(&views)
    })])
}

fn distance(place: &Place) -> Result<Vec<Run>> {
    let weights = place.weights(DType::F32);
    let network = Lpips::load(&weights, &weights)?;
    let views = views(place, 256, 64, DType::F32)?;
    Ok(vec![Run::new("16 × 256²", move || {
        let seen = network.impressions(&views)?;
        network.distances(&seen, &seen)
    })])
}

fn gate(place: &Place) -> Result<Vec<Run>> {
    let mut config = ClipVisionConfig::LARGE_14;
    if place.test {
        config.num_hidden_layers = 1;
    }
    let network = ClipVision::load(&config, &place.weights(place.half()))?;
    let views = views(place, 224, 224, place.half())?;
    Ok(vec![Run::new("16 × 224²", move || {
        network.forward(&views)
    })])
}
