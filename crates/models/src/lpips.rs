//! LPIPS on AlexNet: how differently two pictures strike the eye.
//!
//! torchmetrics `functional/image/lpips.py` (`_LPIPS`, `net="alex"`), after richzhang's
//! PerceptualSimilarity. The backbone is torchvision's AlexNet under its names (`features.0`, …) or
//! torchmetrics' (`net.slice1.0`, …); the linear heads are `lin0.model.1`, ….

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use crate::normalise::LPIPS;

/// The convolutions: number in torchvision's `features`, channels in and out, side of the kernel,
/// stride, padding, and whether a pooling stands before it.
const CONVOLUTIONS: [Form; 5] = [
    Form::new(0, 3, 64, 11, 4, 2, false),
    Form::new(3, 64, 192, 5, 1, 2, true),
    Form::new(6, 192, 384, 3, 1, 1, true),
    Form::new(8, 384, 256, 3, 1, 1, false),
    Form::new(10, 256, 256, 3, 1, 1, false),
];

struct Form {
    number: usize,
    channels: usize,
    out: usize,
    side: usize,
    stride: usize,
    padding: usize,
    pooled: bool,
}

impl Form {
    const fn new(
        number: usize,
        channels: usize,
        out: usize,
        side: usize,
        stride: usize,
        padding: usize,
        pooled: bool,
    ) -> Self {
        Self {
            number,
            channels,
            out,
            side,
            stride,
            padding,
            pooled,
        }
    }
}

/// Keeps a pixel without features from being divided by 0.
const EPS: f64 = 1e-8;

/// The network.
#[derive(Debug, Clone)]
pub struct Lpips {
    slices: Vec<Slice>,
}

#[derive(Debug, Clone)]
struct Slice {
    weight: Tensor,
    bias: Tensor,
    /// Share of each channel in the distance, `(1, channels, 1, 1)`.
    head: Tensor,
}

/// What the network sees in some pictures, ready to be compared: per layer `(batch, channels,
/// height, width)`, of unit length at every pixel.
#[derive(Debug, Clone)]
pub struct Impressions(Vec<Tensor>);

impl Lpips {
    /// Reads the convolutions from `backbone` and the heads from `heads`; one file may hold both.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than AlexNet's.
    pub fn load(backbone: &VarBuilder<'_>, heads: &VarBuilder<'_>) -> Result<Self> {
        let slice = |(index, form): (usize, &Form)| {
            let plain = backbone.pp("features").pp(form.number);
            let sliced = backbone.pp(format!("net.slice{}.{}", index + 1, form.number));
            let weights = if plain.contains_tensor("weight") || !sliced.contains_tensor("weight") {
                plain
            } else {
                sliced
            };
            let head = heads.pp(format!("lin{index}.model.1"));
            Ok(Slice {
                weight: weights.get((form.out, form.channels, form.side, form.side), "weight")?,
                bias: weights
                    .get(form.out, "bias")?
                    .reshape((1, form.out, 1, 1))?,
                head: head.get((1, form.out, 1, 1), "weight")?,
            })
        };
        Ok(Self {
            slices: CONVOLUTIONS
                .iter()
                .enumerate()
                .map(slice)
                .collect::<Result<_>>()?,
        })
    }

    /// What the network sees in `(batch, 3, height, width)`, colours from 0 to 1.
    ///
    /// # Errors
    /// When `images` has another form, or has a side below 31 pixels.
    pub fn impressions(&self, images: &Tensor) -> Result<Impressions> {
        let mut x = LPIPS.apply(&((images * 2.0)? - 1.0)?)?;
        let mut seen = Vec::with_capacity(self.slices.len());
        for (slice, form) in self.slices.iter().zip(&CONVOLUTIONS) {
            if form.pooled {
                x = x.max_pool2d_with_stride(3, 2)?;
            }
            x = x
                .conv2d(&slice.weight, form.padding, form.stride, 1, 1)?
                .broadcast_add(&slice.bias)?
                .relu()?;
            let length = (x.sqr()?.sum_keepdim(1)? + EPS)?.sqrt()?;
            seen.push(x.broadcast_div(&length)?);
        }
        Ok(Impressions(seen))
    }

    /// The distance of each picture of one batch from its twin in another, `(batch)`: 0 for equal
    /// ones.
    ///
    /// # Errors
    /// When the batches differ in form.
    pub fn distances(&self, left: &Impressions, right: &Impressions) -> Result<Tensor> {
        let layers = self.layer_distances(left, right)?;
        Tensor::stack(&layers, 0)?.sum(0)
    }

    /// The share of each layer in [`Self::distances`], `(batch)` each.
    ///
    /// # Errors
    /// As [`Self::distances`].
    pub fn layer_distances(&self, left: &Impressions, right: &Impressions) -> Result<Vec<Tensor>> {
        let layers = self.slices.iter().zip(left.0.iter().zip(&right.0));
        layers
            .map(|(slice, (left, right))| {
                let apart = (left - right)?.sqr()?;
                apart.broadcast_mul(&slice.head)?.sum(1)?.mean((1, 2))
            })
            .collect()
    }
}

impl Impressions {
    /// The same pictures, each in the place of the one before it, the first in the last's.
    ///
    /// # Errors
    /// When a tensor cannot be cut.
    pub fn next(&self) -> Result<Self> {
        let turned = |x: &Tensor| {
            let count = x.dim(0)?;
            Tensor::cat(&[&x.narrow(0, 1, count - 1)?, &x.narrow(0, 0, 1)?], 0)
        };
        Ok(Self(self.0.iter().map(turned).collect::<Result<_>>()?))
    }
}
