//! The parts of the autoencoder's decoder: from the latent's size up to the picture's.
//!
//! black-forest-labs/flux `src/flux/modules/autoencoder.py`, with channels last. candle-transformers has it
//! too, but lays out the patches of a whole picture for each convolution: 3 GB at 512 × 512, four times as
//! much at twice the side. Here convolutions and norms go through a picture band by band.

use candle_core::{DType, Result, Tensor};
use rayon::prelude::*;

use super::layers::Layers;
use crate::ops::{self, Convolution};

/// Groups of channels that are normalised together, and what is added to their variances.
const GROUPS: usize = 32;
const EPS: f64 = 1e-6;

/// Values of a picture that are normalised at a time: 64 MB in single precision.
const MOST_VALUES: usize = 1 << 24;

/// A convolution over 3 × 3 pixels.
pub(super) fn convolution(inputs: usize, outputs: usize, layers: &Layers) -> Result<Convolution> {
    Convolution::load(inputs, outputs, 3, &layers.builder())
}

/// A convolution over single pixels.
fn pointwise(inputs: usize, outputs: usize, layers: &Layers) -> Result<Convolution> {
    Convolution::load(inputs, outputs, 1, &layers.builder())
}

/// Group normalisation in single precision, and where it says so SiLU after it.
#[derive(Debug, Clone)]
pub(super) struct GroupNorm {
    /// One for each channel: `(1, 1, 1, channels)`, as is `bias`.
    weight: Tensor,
    bias: Tensor,
    is_curved: bool,
}

impl GroupNorm {
    fn load(channels: usize, is_curved: bool, layers: &Layers) -> Result<Self> {
        if !channels.is_multiple_of(GROUPS) {
            candle_core::bail!("{channels} channels are not {GROUPS} groups");
        }
        let read = |name| layers.precise(channels, name)?.reshape((1, 1, 1, channels));
        Ok(Self {
            weight: read("weight")?,
            bias: read("bias")?,
            is_curved,
        })
    }

    /// With SiLU after it.
    pub(super) fn curved(channels: usize, layers: &Layers) -> Result<Self> {
        Self::load(channels, true, layers)
    }

    /// Of `(batch, height, width, channels)`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mean = group_means(x, Ok)?;
        let variance = group_means(x, |x| x.broadcast_sub(&mean)?.sqr())?;
        let scale = (variance + EPS)?.sqrt()?.recip()?;
        let scale = scale.broadcast_mul(&self.weight)?;
        let shift = self.bias.broadcast_sub(&(mean * &scale)?)?;
        let parts = by_bands(x, |band| {
            let y = band.broadcast_mul(&scale)?.broadcast_add(&shift)?;
            let y = if self.is_curved { ops::silu(&y)? } else { y };
            y.to_dtype(x.dtype())
        })?;
        Tensor::cat(&parts, 1)
    }
}

/// The mean of what `of` makes of the values in each group, for each of its channels: `(batch, 1, 1,
/// channels)`.
fn group_means(x: &Tensor, of: impl Fn(Tensor) -> Result<Tensor> + Sync) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    // Summed up by a product, which reads memory in its order.
    let sums = by_bands(x, |band| {
        let places = band.dim(1)? * width;
        let values = of(band)?.reshape((batch, places, channels))?;
        Tensor::ones((batch, 1, places), DType::F32, x.device())?.matmul(&values)
    })?;
    let members = channels / GROUPS;
    let sums = Tensor::cat(&sums, 1)?.sum_keepdim(1)?;
    let sums = sums
        .reshape((batch, GROUPS, members))?
        .sum_keepdim(2)?
        .broadcast_as((batch, GROUPS, members))?;
    let means = (sums.contiguous()? / (height * width * members) as f64)?;
    means.reshape((batch, 1, 1, channels))
}

/// What `work` makes of some rows after others, in single precision; on the CPU on all processors at once.
fn by_bands(x: &Tensor, work: impl Fn(Tensor) -> Result<Tensor> + Sync) -> Result<Vec<Tensor>> {
    let (batch, height, width, channels) = x.dims4()?;
    let most = (MOST_VALUES / (batch * width * channels).max(1)).max(1);
    let on_cpu = x.device().is_cpu();
    let rows = if on_cpu {
        most.min(height.div_ceil(rayon::current_num_threads()))
    } else {
        most
    };
    let band = |begin: usize| {
        let band = x.narrow(1, begin, rows.min(height - begin))?;
        work(band.to_dtype(DType::F32)?.contiguous()?)
    };
    let begins: Vec<usize> = (0..height).step_by(rows.max(1)).collect();
    if on_cpu {
        begins.into_par_iter().map(band).collect()
    } else {
        begins.into_iter().map(band).collect()
    }
}

/// Two convolutions, each after a norm, beside a shortcut.
#[derive(Debug, Clone)]
pub(super) struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Convolution,
    norm2: GroupNorm,
    conv2: Convolution,
    nin_shortcut: Option<Convolution>,
}

impl ResnetBlock {
    pub(super) fn load(inputs: usize, outputs: usize, layers: &Layers) -> Result<Self> {
        let shortcut = || pointwise(inputs, outputs, &layers.pp("nin_shortcut"));
        Ok(Self {
            norm1: GroupNorm::curved(inputs, &layers.pp("norm1"))?,
            conv1: convolution(inputs, outputs, &layers.pp("conv1"))?,
            norm2: GroupNorm::curved(outputs, &layers.pp("norm2"))?,
            conv2: convolution(outputs, outputs, &layers.pp("conv2"))?,
            nin_shortcut: (inputs != outputs).then(shortcut).transpose()?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.conv1.forward(&self.norm1.forward(x)?)?;
        let y = self.conv2.forward(&self.norm2.forward(&y)?)?;
        match &self.nin_shortcut {
            Some(shortcut) => shortcut.forward(x)? + y,
            None => x + y,
        }
    }
}

/// Attention of one head to the whole picture.
#[derive(Debug, Clone)]
pub(super) struct AttentionBlock {
    norm: GroupNorm,
    q: Convolution,
    k: Convolution,
    v: Convolution,
    proj_out: Convolution,
}

impl AttentionBlock {
    pub(super) fn load(channels: usize, layers: &Layers) -> Result<Self> {
        let part = |name: &str| pointwise(channels, channels, &layers.pp(name));
        Ok(Self {
            norm: GroupNorm::load(channels, false, &layers.pp("norm"))?,
            q: part("q")?,
            k: part("k")?,
            v: part("v")?,
            proj_out: part("proj_out")?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, height, width, channels) = x.dims4()?;
        let y = self.norm.forward(x)?;
        let tokens = |part: &Convolution| {
            let part = part.forward(&y)?;
            part.reshape((batch, 1, height * width, channels))
        };
        let y = ops::attention(
            &tokens(&self.q)?,
            &tokens(&self.k)?,
            &tokens(&self.v)?,
            false,
        )?;
        let y = y.contiguous()?.reshape((batch, height, width, channels))?;
        self.proj_out.forward(&y)? + x
    }
}

/// Blocks of one size, and the step to the next where there is one.
#[derive(Debug, Clone)]
pub(super) struct Level {
    block: Vec<ResnetBlock>,
    upsample: Option<Convolution>,
}

impl Level {
    /// `blocks` blocks from `inputs` to `outputs` channels.
    pub(super) fn load(
        [inputs, outputs]: [usize; 2],
        blocks: usize,
        goes_up: bool,
        layers: &Layers,
    ) -> Result<Self> {
        let block = |index: usize| {
            let inputs = if index == 0 { inputs } else { outputs };
            ResnetBlock::load(inputs, outputs, &layers.pp("block").pp(index))
        };
        let upsample = || convolution(outputs, outputs, &layers.pp("upsample.conv"));
        Ok(Self {
            block: (0..blocks).map(block).collect::<Result<_>>()?,
            upsample: goes_up.then(upsample).transpose()?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for block in &self.block {
            x = block.forward(&x)?;
        }
        match &self.upsample {
            Some(convolution) => convolution.forward(&doubled(&x)?),
            None => Ok(x),
        }
    }
}

/// Each pixel as 2 × 2.
fn doubled(x: &Tensor) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    x.reshape((batch, height, 1, width, 1, channels))?
        .broadcast_as((batch, height, 2, width, 2, channels))?
        .contiguous()?
        .reshape((batch, 2 * height, 2 * width, channels))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use candle_core::Device;
    use candle_nn::{Module, VarBuilder};

    use super::*;

    const CPU: Device = Device::Cpu;

    fn wave(shape: &[usize], mean: f64) -> Tensor {
        let count = shape.iter().product::<usize>() as f32;
        let places = Tensor::arange(0.0_f32, count, &CPU).unwrap();
        let values = ((places * 12.9898).unwrap().sin().unwrap() + mean).unwrap();
        values.reshape(shape).unwrap()
    }

    fn apart(found: &Tensor, expected: &Tensor) -> f32 {
        let apart = (found - expected).unwrap().abs().unwrap();
        apart.max_all().unwrap().to_scalar().unwrap()
    }

    /// In bands as on a whole, and far from zero too.
    #[test]
    fn norms_are_candles() {
        let (weight, bias) = (wave(&[64], 1.0), wave(&[64], 0.0));
        let named = [("weight", weight.clone()), ("bias", bias.clone())];
        let named: HashMap<_, _> = named.map(|(name, it)| (name.to_owned(), it)).into();
        let layers = Layers::new(VarBuilder::from_tensors(named, DType::F32, &CPU));
        let x = wave(&[2, 37, 5, 64], 20.0);
        let candles = candle_nn::GroupNorm::new(weight, bias, 64, GROUPS, EPS).unwrap();
        let first = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        let expected = candles.forward(&first).unwrap();
        let expected = expected.permute((0, 2, 3, 1)).unwrap();
        let plain = GroupNorm::load(64, false, &layers).unwrap();
        let off = apart(&plain.forward(&x).unwrap(), &expected);
        assert!(off < 1e-4, "{off}");
        let curved = GroupNorm::curved(64, &layers).unwrap();
        let off = apart(&curved.forward(&x).unwrap(), &expected.silu().unwrap());
        assert!(off < 1e-4, "{off}");
        assert!(GroupNorm::curved(48, &layers).is_err());
    }

    #[test]
    fn pixels_are_doubled_as_candle_does_it() {
        let x = wave(&[2, 3, 5, 4], 0.0);
        let first = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        let expected = first.upsample_nearest2d(6, 10).unwrap();
        let expected = expected.permute((0, 2, 3, 1)).unwrap();
        assert_eq!(apart(&doubled(&x).unwrap(), &expected), 0.0);
    }
}
