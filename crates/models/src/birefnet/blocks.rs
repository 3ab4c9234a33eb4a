//! The parts of the decoder: convolutions with their norms folded in, and the block they make.
//!
//! ZhengPeng7/BiRefNet `models/modules/decoder_blocks.py`, and `SimpleConvs` of `models/birefnet.py`.

use candle_core::{DType, Result, Tensor};
use candle_nn::VarBuilder;

use super::aspp::Aspp;
use crate::ops::Convolution;

/// Of PyTorch's batch norms.
const EPS: f64 = 1e-5;
/// Channels within a block (`inter_channels`).
pub(super) const INNER: usize = 64;

/// A batch norm at rest: a factor and an addend for each channel, in single precision.
pub(super) struct BatchNorm {
    scale: Tensor,
    shift: Tensor,
}

impl BatchNorm {
    pub(super) fn load(channels: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let read = |name| vb.get(channels, name)?.to_dtype(DType::F32);
        let deviation = (read("running_var")? + EPS)?.sqrt()?;
        let scale = (read("weight")? / deviation)?;
        let shift = (read("bias")? - (read("running_mean")? * &scale)?)?;
        Ok(Self { scale, shift })
    }

    /// The weight, `(out, …)`, and bias of a layer followed by this norm.
    pub(super) fn folded(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let dtype = weight.dtype();
        let mut shape = vec![1; weight.rank()];
        shape[0] = weight.dim(0)?;
        let scaled = weight
            .to_dtype(DType::F32)?
            .broadcast_mul(&self.scale.reshape(shape)?)?;
        let shift = match bias {
            Some(bias) => ((bias.to_dtype(DType::F32)? * &self.scale)? + &self.shift)?,
            None => self.shift.clone(),
        };
        Ok((scaled.to_dtype(dtype)?, shift.to_dtype(dtype)?))
    }
}

/// A convolution over 3×3 pixels and the norm after it.
pub(super) fn convolution_with_norm(
    [inputs, outputs]: [usize; 2],
    convolution: &VarBuilder<'_>,
    norm: &VarBuilder<'_>,
) -> Result<Convolution> {
    let weight = convolution.get((outputs, inputs, 3, 3), "weight")?;
    let bias = convolution.get(outputs, "bias")?;
    let (weight, bias) = BatchNorm::load(outputs, norm)?.folded(&weight, Some(&bias))?;
    Convolution::new(&weight, Some(&bias))
}

/// `BasicDecBlk`: to a few channels, a look around at several distances, and to the channels wanted.
#[derive(Debug, Clone)]
pub(super) struct DecoderBlock {
    conv_in: Convolution,
    dec_att: Aspp,
    conv_out: Convolution,
}

impl DecoderBlock {
    pub(super) fn load(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let normed = |sizes, name: &str, norm: &str| {
            convolution_with_norm(sizes, &vb.pp(name), &vb.pp(norm))
        };
        Ok(Self {
            conv_in: normed([inputs, INNER], "conv_in", "bn_in")?,
            dec_att: Aspp::load(INNER, &vb.pp("dec_att"))?,
            conv_out: normed([INNER, outputs], "conv_out", "bn_out")?,
        })
    }

    /// `(batch, height, width, in)` to `(batch, height, width, out)`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.conv_in.forward(x)?.relu()?;
        self.conv_out.forward(&self.dec_att.forward(&x)?)
    }
}
