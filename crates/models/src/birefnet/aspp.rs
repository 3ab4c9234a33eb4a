//! A look around at several distances, each by a deformable convolution, and at the whole.
//!
//! ZhengPeng7/BiRefNet `models/modules/aspp.py` (`ASPPDeformable`) and `models/modules/deform_conv.py`.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use super::blocks::BatchNorm;
use crate::layers::Linear;
use crate::ops::{Convolution, mean};

/// Channels of each look (`in_channelster`).
const LOOK: usize = 256;
/// Sides of the kernels: `aspp1` and `aspp_deforms`.
const SIDES: [usize; 4] = [1, 1, 3, 7];

/// All looks, joined to as many channels as went in.
#[derive(Debug, Clone)]
pub(super) struct Aspp {
    looks: Vec<Look>,
    /// The mean of the whole picture, seen as one more look.
    whole: Linear,
    /// What the joining convolution makes of the whole, with its bias ...
    join_whole: Linear,
    /// ... and of each look: the joined channels are the sum, and all looks never lie side by side.
    join_looks: Vec<Linear>,
}

impl Aspp {
    pub(super) fn load(channels: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let mut looks = vec![Look::load(channels, SIDES[0], &vb.pp("aspp1"))?];
        for (index, side) in SIDES[1..].iter().enumerate() {
            let vb = vb.pp(format!("aspp_deforms.{index}"));
            looks.push(Look::load(channels, *side, &vb)?);
        }
        let whole = vb.get((LOOK, channels, 1, 1), "global_avg_pool.1.weight")?;
        let norm = BatchNorm::load(LOOK, &vb.pp("global_avg_pool.2"))?;
        let (whole, shift) = norm.folded(&whole, None)?;
        let whole = Linear::new(&whole.flatten_from(1)?, Some(&shift))?;
        let inputs = LOOK * (SIDES.len() + 1);
        let join = vb.get((channels, inputs, 1, 1), "conv1.weight")?;
        let (join, shift) = BatchNorm::load(channels, &vb.pp("bn1"))?.folded(&join, None)?;
        let join = join.flatten_from(1)?;
        let part = |index: usize| join.narrow(1, index * LOOK, LOOK)?.contiguous();
        let join_looks: Result<Vec<_>> = (0..SIDES.len())
            .map(|index| Linear::new(&part(index)?, None))
            .collect();
        Ok(Self {
            looks,
            whole,
            join_whole: Linear::new(&part(SIDES.len())?, Some(&shift))?,
            join_looks: join_looks?,
        })
    }

    /// `(batch, height, width, channels)`, and so is what comes out.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, height, width, channels) = x.dims4()?;
        let places = x.reshape((batch, height * width, channels))?;
        let mean = mean(&places, 1)?.unsqueeze(1)?;
        let whole = self.whole.forward(&mean)?.relu()?;
        let mut joined = self
            .join_whole
            .forward(&whole)?
            .broadcast_as((batch, height, width, channels))?
            .contiguous()?;
        for (look, join) in self.looks.iter().zip(&self.join_looks) {
            joined = join.forward_onto(&look.forward(x)?, None, &joined)?;
        }
        joined.relu()
    }
}

/// A deformable convolution that says itself where to look and what it counts, a norm, and a ReLU.
#[derive(Debug, Clone)]
struct Look {
    /// `offset_conv` and `modulator_conv` in one.
    place: Convolution,
    regular: Convolution,
    taps: usize,
}

impl Look {
    fn load(channels: usize, side: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let taps = side * side;
        let conv = vb.pp("atrous_conv");
        let shape = |outputs| (outputs, channels, side, side);
        let weights = [
            conv.get(shape(2 * taps), "offset_conv.weight")?,
            conv.get(shape(taps), "modulator_conv.weight")?,
        ];
        let biases = [
            conv.get(2 * taps, "offset_conv.bias")?,
            conv.get(taps, "modulator_conv.bias")?,
        ];
        let regular = conv.get(shape(LOOK), "regular_conv.weight")?;
        let (regular, shift) = BatchNorm::load(LOOK, &vb.pp("bn"))?.folded(&regular, None)?;
        Ok(Self {
            place: Convolution::new(&Tensor::cat(&weights, 0)?, Some(&Tensor::cat(&biases, 0)?))?,
            regular: Convolution::new(&regular, Some(&shift))?,
            taps,
        })
    }

    /// `(batch, height, width, channels)` to `(batch, height, width, 256)`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let place = self.place.forward(x)?;
        let offsets = place.narrow(3, 0, 2 * self.taps)?.contiguous()?;
        let shares = place.narrow(3, 2 * self.taps, self.taps)?.contiguous()?;
        let shares = (candle_nn::ops::sigmoid(&shares)? * 2.0)?;
        self.regular.forward_at(x, &offsets, &shares)?.relu()
    }
}
