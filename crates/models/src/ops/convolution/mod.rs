//! Convolutions of pictures whose channels lie next to each other, and deformable ones.
//!
//! A convolution is a linear layer over patches: each pixel's neighbourhood, laid out line by line. Only
//! a band of the picture is laid out at a time, so that memory stays bounded whatever the picture.

pub(super) mod plain;

use std::ops::Range;

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use super::cpu::{self, Processor, Sampling};
use super::fast::{Values, fits};
use super::{Linear, fused};

/// Values of patches that are laid out at a time: 64 MB in single precision.
const MOST_VALUES: usize = 1 << 24;

/// A convolution with an odd square kernel, a step of one, and as many zeros around the picture as keep
/// its size.
#[derive(Clone, Debug)]
pub struct Convolution {
    layer: Linear,
    side: usize,
    inputs: usize,
}

impl Convolution {
    /// From `weight` `(out, in, side, side)` and `bias` `(out)`, as torch stores them.
    ///
    /// # Errors
    /// When the shapes do not fit each other, or the kernel has no middle.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let (_, inputs, side, across) = weight.dims4()?;
        if side != across || side % 2 == 0 {
            candle_core::bail!("a kernel of {side}×{across} is not odd and square");
        }
        Ok(Self {
            layer: Linear::of_convolution(weight, bias)?,
            side,
            inputs,
        })
    }

    /// From the tensors `weight`, `(outputs, inputs, side, side)`, and `bias`, `(outputs)`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(inputs: usize, outputs: usize, side: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let weight = vb.get((outputs, inputs, side, side), "weight")?;
        Self::new(&weight, Some(&vb.get(outputs, "bias")?))
    }

    /// `(batch, height, width, in)` to `(batch, height, width, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if self.side == 1 {
            return self.layer.forward(x);
        }
        let x = self.checked(x)?;
        if fits([&x]) {
            return self.by_bands(&x, |band| neighbourhoods(&x, self.side, band));
        }
        if fused::take_patches(&x) {
            let grid = x.unsqueeze(3)?;
            let sides = [self.side, self.side, 1];
            return self.by_bands(&x, |band| {
                let (batch, _, width, channels) = x.dims4()?;
                let seen = self.side * self.side * channels;
                let shape = (batch, band.len(), width, seen);
                fused::patches(&grid, sides, band)?.reshape(shape)
            });
        }
        let padded = plain::padded(&x, self.side)?;
        self.by_bands(&x, |band| plain::neighbourhoods(&padded, self.side, band))
    }

    /// The deformable convolution (version 2): each tap of the kernel looks `offsets` away from its
    /// place, between pixels where need be, and counts by its share. `offsets` is `(batch, height, width,
    /// 2·side²)`, for each tap how far down and how far right in pixels; `shares` is `(batch, height,
    /// width, side²)`. Beyond the picture there are zeros. torchvision `ops/deform_conv.py`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward_at(&self, x: &Tensor, offsets: &Tensor, shares: &Tensor) -> Result<Tensor> {
        let x = self.checked(x)?;
        let (batch, height, width, _) = x.dims4()?;
        let taps = self.side * self.side;
        let places = [batch, height, width];
        if offsets.dims() != [&places[..], &[2 * taps]].concat()
            || shares.dims() != [&places[..], &[taps]].concat()
        {
            candle_core::bail!(
                "offsets {:?} and shares {:?} for {taps} taps on {:?}",
                offsets.dims(),
                shares.dims(),
                x.dims()
            );
        }
        let (offsets, shares) = (offsets.contiguous()?, shares.contiguous()?);
        if fits([&x, &offsets, &shares]) {
            return self.by_bands(&x, |band| sampled(&x, &offsets, &shares, self.side, band));
        }
        if fused::take_patches(&x)
            && [&offsets, &shares]
                .iter()
                .all(|part| part.dtype() == x.dtype())
        {
            return self.by_bands(&x, |band| {
                fused::moved_patches(&x, &offsets, &shares, self.side, band)
            });
        }
        self.by_bands(&x, |band| {
            plain::sampled(&x, &offsets, &shares, self.side, band)
        })
    }

    fn checked(&self, x: &Tensor) -> Result<Tensor> {
        let (_, _, _, channels) = x.dims4()?;
        if channels != self.inputs {
            candle_core::bail!(
                "{:?} meets a convolution of {} inputs",
                x.dims(),
                self.inputs
            );
        }
        x.contiguous()
    }

    /// The layer over the patches of some rows at a time: `patches` gives `(batch, rows, width,
    /// side² · in)` for a range of rows.
    fn by_bands(
        &self,
        x: &Tensor,
        patches: impl Fn(Range<usize>) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let (batch, height, width, channels) = x.dims4()?;
        let row = batch * width * self.side * self.side * channels;
        let rows = (MOST_VALUES / row.max(1)).clamp(1, height.max(1));
        let bands: Result<Vec<Tensor>> = (0..height)
            .step_by(rows)
            .map(|first| {
                self.layer
                    .forward(&patches(first..height.min(first + rows))?)
            })
            .collect();
        let bands = bands?;
        match bands.as_slice() {
            [whole] => Ok(whole.clone()),
            bands => Tensor::cat(bands, 1),
        }
    }
}

/// See [`plain::neighbourhoods`], of a picture without its zeros.
fn neighbourhoods(x: &Tensor, side: usize, band: Range<usize>) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let values = Values::of(x)?;
    let extent = [height, width, channels];
    let patches = cpu::neighbourhoods(&values, extent, side, band.clone());
    let shape = (batch, band.len(), width, side * side * channels);
    Tensor::from_vec(patches, shape, x.device())
}

/// See [`plain::sampled`].
fn sampled(
    x: &Tensor,
    offsets: &Tensor,
    shares: &Tensor,
    side: usize,
    band: Range<usize>,
) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let (values, offsets, shares) = (Values::of(x)?, Values::of(offsets)?, Values::of(shares)?);
    let sampling = Sampling {
        offsets: &offsets,
        shares: &shares,
        side,
    };
    let extent = [height, width, channels];
    let patches = cpu::sampled(Processor::here(), &values, extent, sampling, band.clone());
    let shape = (batch, band.len(), width, side * side * channels);
    Tensor::from_vec(patches, shape, x.device())
}
