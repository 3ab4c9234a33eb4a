//! Convolutions that cut a picture into patches.

use super::Dense;
use candle_core::{Result, Tensor};

/// A convolution whose step is the side of its kernel, without padding: every pixel is seen once, so
/// that it is one product over the patches.
#[derive(Clone, Debug)]
pub struct PatchConv {
    dense: Dense,
    channels: usize,
    side: usize,
}

impl PatchConv {
    /// From `weight` `(out, channels, side, side)` and `bias` `(out)`, as torch stores them.
    ///
    /// # Errors
    /// When the kernel is not square or the bias does not fit.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let (outputs, channels, side, across) = weight.dims4()?;
        if side != across || side == 0 {
            candle_core::bail!("a kernel of {side}×{across} cuts no square patches");
        }
        // A patch is gathered line by line, channels last.
        let weight = weight
            .permute((0, 2, 3, 1))?
            .reshape((outputs, side * side * channels))?;
        Ok(Self {
            dense: Dense::new(&weight, bias)?,
            channels,
            side,
        })
    }

    /// `(batch, channels, height, width)` to `(batch, out, height / side, width / side)`, channels last
    /// in memory; what remains at the right and at the bottom is not seen.
    ///
    /// # Errors
    /// When the channels do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        if channels != self.channels {
            candle_core::bail!(
                "a picture of {channels} channels meets kernels of {}",
                self.channels
            );
        }
        let (down, across) = (height / self.side, width / self.side);
        let x = x
            .narrow(2, 0, down * self.side)?
            .narrow(3, 0, across * self.side)?;
        let patches = x
            .permute((0, 2, 3, 1))?
            .contiguous()?
            .reshape((batch * down, self.side, across, self.side * channels))?
            .transpose(1, 2)?
            .reshape((batch * down * across, self.side * self.side * channels))?;
        self.dense
            .forward(&patches)?
            .reshape((batch, down, across, self.dense.outputs()))?
            .permute((0, 3, 1, 2))
    }
}
