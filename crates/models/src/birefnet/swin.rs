//! The Swin transformer: attention within windows, shifted by half a window in every other block.
//!
//! ZhengPeng7/BiRefNet `models/backbones/swin_v1.py`. Padding to whole windows, the cyclic shift and the
//! cutting into windows are one gathering of tokens here, and so is the way back.

use candle_core::{DType, Device, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use crate::layers::{Activation, Linear, Mlp, Norm, patches};
use crate::ops;

/// Of PyTorch's layer norms, unless said otherwise.
const EPS: f64 = 1e-5;
/// Side of a patch, in pixels.
const PATCH: usize = 4;

/// How a Swin transformer is built.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SwinConfig {
    /// Width of a token in the first stage; each further one doubles it.
    pub embed_dim: usize,
    /// Blocks of each stage.
    pub depths: [usize; 4],
    /// Heads of attention of each stage.
    pub num_heads: [usize; 4],
    /// Side of a window, in tokens.
    pub window_size: usize,
}

impl SwinConfig {
    /// `swin_v1_l`.
    pub const LARGE: Self = Self {
        embed_dim: 192,
        depths: [2, 2, 18, 2],
        num_heads: [6, 12, 24, 48],
        window_size: 12,
    };

    /// Width of a token in a stage, counted from 0.
    pub(super) fn width(&self, stage: usize) -> usize {
        self.embed_dim << stage
    }
}

/// The transformer, with a norm after each of its four stages.
#[derive(Debug, Clone)]
pub(super) struct Swin {
    patch_embed: Linear,
    patch_norm: Norm,
    layers: Vec<Stage>,
}

impl Swin {
    pub(super) fn load(config: &SwinConfig, vb: &VarBuilder<'_>) -> Result<Self> {
        let width = config.embed_dim;
        let patch = vb.pp("patch_embed");
        let (weight, bias) = (
            patch.get((width, 3, PATCH, PATCH), "proj.weight")?,
            patch.get(width, "proj.bias")?,
        );
        let layers: Result<Vec<_>> = (0..4).map(|stage| Stage::load(config, stage, vb)).collect();
        Ok(Self {
            patch_embed: Linear::of_convolution(&weight, Some(&bias))?,
            patch_norm: Norm::load(width, EPS, &patch.pp("norm"))?,
            layers: layers?,
        })
    }

    /// The normed features of each stage of `(batch, height, width, 3)`, from 1/4 of its size to 1/32:
    /// `(batch, height, width, channels)` each.
    pub(super) fn forward(&self, picture: &Tensor) -> Result<Vec<Tensor>> {
        let patches = patches(picture, PATCH)?;
        let mut x = self
            .patch_norm
            .forward(&self.patch_embed.forward(&patches)?)?;
        let mut features = Vec::with_capacity(self.layers.len());
        for stage in &self.layers {
            x = stage.forward(&x)?;
            features.push(stage.norm.forward(&x)?);
            if let Some(downsample) = &stage.downsample {
                x = downsample.forward(&x)?;
            }
        }
        Ok(features)
    }
}

/// Blocks on tokens of one size.
#[derive(Debug, Clone)]
struct Stage {
    blocks: Vec<Block>,
    downsample: Option<PatchMerging>,
    /// Of what leaves the transformer here; what goes on is not normed.
    norm: Norm,
    window: usize,
    heads: usize,
}

impl Stage {
    fn load(config: &SwinConfig, stage: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let (width, heads) = (config.width(stage), config.num_heads[stage]);
        if heads == 0 || !width.is_multiple_of(heads) || config.window_size == 0 {
            candle_core::bail!("{heads} heads cannot share a width of {width}");
        }
        let layer = vb.pp(format!("layers.{stage}"));
        let blocks: Result<Vec<_>> = (0..config.depths[stage])
            .map(|block| {
                let vb = layer.pp(format!("blocks.{block}"));
                Block::load(width, heads, config.window_size, &vb)
            })
            .collect();
        let downsample = (stage < 3)
            .then(|| PatchMerging::load(width, &layer.pp("downsample")))
            .transpose()?;
        Ok(Self {
            blocks: blocks?,
            downsample,
            norm: Norm::load(width, EPS, &vb.pp(format!("norm{stage}")))?,
            window: config.window_size,
            heads,
        })
    }

    /// `x` is `(batch, height, width, channels)`, and so is what comes out.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, height, width, channels) = x.dims4()?;
        let size = [height, width];
        let windows = [0, self.window / 2]
            .map(|shift| Windows::new(size, self.window, shift, batch, x.device()));
        let [still, shifted] = windows;
        let windows = [still?, shifted?];
        let mask = apart(self.window, x.dtype(), x.device())?;
        let mut x = x.reshape((batch, height * width, channels))?;
        for (index, block) in self.blocks.iter().enumerate() {
            let shifted = index % 2;
            let mask = (shifted == 1).then_some(&mask);
            x = block.forward(&x, &windows[shifted], mask, self.heads)?;
        }
        x.reshape((batch, height, width, channels))
    }
}

/// Attention within windows and a small network, each after a norm and beside a shortcut.
#[derive(Debug, Clone)]
struct Block {
    norm1: Norm,
    qkv: Linear,
    proj: Linear,
    /// What is added to the scores of each pair of places in a window: `(heads, tokens, tokens)`.
    bias: Tensor,
    norm2: Norm,
    mlp: Mlp,
}

impl Block {
    fn load(width: usize, heads: usize, window: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let attention = vb.pp("attn");
        let across = 2 * window - 1;
        let table = attention.get((across * across, heads), "relative_position_bias_table")?;
        let tokens = window * window;
        let pairs = Tensor::new(relative_positions(window), vb.device())?;
        let bias = table
            .index_select(&pairs, 0)?
            .reshape((tokens, tokens, heads))?
            .permute((2, 0, 1))?
            .contiguous()?;
        Ok(Self {
            norm1: Norm::load(width, EPS, &vb.pp("norm1"))?,
            qkv: Linear::load(width, 3 * width, &attention.pp("qkv"))?,
            proj: Linear::load(width, width, &attention.pp("proj"))?,
            bias,
            norm2: Norm::load(width, EPS, &vb.pp("norm2"))?,
            mlp: Mlp {
                fc1: Linear::load(width, 4 * width, &vb.pp("mlp.fc1"))?,
                activation: Activation::Gelu,
                fc2: Linear::load(4 * width, width, &vb.pp("mlp.fc2"))?,
            },
        })
    }

    /// `x` is `(batch, tokens, width)`; `mask` is what [`apart`] gives, where windows are shifted.
    fn forward(
        &self,
        x: &Tensor,
        windows: &Windows,
        mask: Option<&Tensor>,
        heads: usize,
    ) -> Result<Tensor> {
        let seen = windows.cut(&self.norm1.forward(x)?)?;
        let (count, tokens, width) = seen.dims3()?;
        let qkv = self
            .qkv
            .forward(&seen)?
            .reshape((count, tokens, 3, heads, width / heads))?
            .permute((2, 0, 3, 1, 4))?;
        let bias = self.bias.unsqueeze(0)?;
        let bias = match mask {
            Some(mask) => bias.broadcast_add(&mask.unsqueeze(1)?)?,
            None => bias,
        };
        let kinds: &[u32] = if mask.is_some() {
            &windows.kinds
        } else {
            &windows.alike
        };
        let (q, k, v) = (qkv.i(0)?, qkv.i(1)?, qkv.i(2)?);
        let seen = ops::biased_attention(&q, &k, &v, &bias, kinds)?
            .transpose(1, 2)?
            .reshape((count, tokens, width))?;
        let x = self.proj.forward_onto(&windows.join(&seen)?, None, x)?;
        self.mlp.forward_onto(&self.norm2, &x, None, &x)
    }
}

/// For each pair of places in a window the row of the table of biases: a row for each distance, down
/// before across, both from `1 − window` on.
fn relative_positions(window: usize) -> Vec<u32> {
    let across = 2 * window - 1;
    let places = || (0..window).flat_map(move |y| (0..window).map(move |x| (y, x)));
    places()
        .flat_map(|(y, x)| {
            places().map(move |(other_y, other_x)| {
                let (down, right) = (y + window - 1 - other_y, x + window - 1 - other_x);
                (down * across + right) as u32
            })
        })
        .collect()
}

/// What is added to the scores in shifted windows, `(4, tokens, tokens)`: in a window that holds what the
/// shift brought around from the other side, −∞ between that and the rest. For a window inside, at the
/// right edge, at the lower edge, and at both.
fn apart(window: usize, dtype: DType, device: &Device) -> Result<Tensor> {
    let tokens = window * window;
    let kept = window - window / 2;
    // Which part of a window a token lies in.
    let part = |kind: usize, token: usize| {
        let (y, x) = (token / window, token % window);
        (kind >= 2 && y >= kept, kind % 2 == 1 && x >= kept)
    };
    let values: Vec<f32> = (0..4 * tokens * tokens)
        .map(|index| {
            let (kind, pair) = (index / (tokens * tokens), index % (tokens * tokens));
            if part(kind, pair / tokens) == part(kind, pair % tokens) {
                0.0
            } else {
                f32::NEG_INFINITY
            }
        })
        .collect();
    Tensor::from_vec(values, (4, tokens, tokens), device)?.to_dtype(dtype)
}

/// Which tokens of a picture lie in which window.
#[derive(Debug, Clone)]
struct Windows {
    /// The token at each place of each window; where there is none, the one after the last.
    cut: Tensor,
    /// The place of each token.
    join: Tensor,
    /// Whether places are left without a token.
    padded: bool,
    window: usize,
    /// The kind of each window of each picture, in the order of [`apart`].
    kinds: Vec<u32>,
    /// The same where all windows are alike.
    alike: Vec<u32>,
}

impl Windows {
    /// Of `height`×`width` tokens, moved up and left by `shift` tokens in a circle.
    fn new(
        [height, width]: [usize; 2],
        window: usize,
        shift: usize,
        batch: usize,
        device: &Device,
    ) -> Result<Self> {
        let (rows, columns) = (height.div_ceil(window), width.div_ceil(window));
        let (padded_height, padded_width) = (rows * window, columns * window);
        let mut cut = Vec::with_capacity(padded_height * padded_width);
        let mut join = vec![0u32; height * width];
        let mut kinds = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            for column in 0..columns {
                kinds.push(2 * u32::from(row + 1 == rows) + u32::from(column + 1 == columns));
                for place in 0..window * window {
                    let y = (row * window + place / window + shift) % padded_height;
                    let x = (column * window + place % window + shift) % padded_width;
                    let token = y * width + x;
                    if y < height && x < width {
                        join[token] = cut.len() as u32;
                        cut.push(token as u32);
                    } else {
                        cut.push((height * width) as u32);
                    }
                }
            }
        }
        let places = cut.len();
        Ok(Self {
            padded: places > height * width,
            cut: Tensor::from_vec(cut, places, device)?,
            join: Tensor::from_vec(join, height * width, device)?,
            window,
            alike: vec![0; batch * kinds.len()],
            kinds: kinds.repeat(batch),
        })
    }

    /// `(batch, tokens, width)` to `(batch · windows, tokens of a window, width)`.
    fn cut(&self, x: &Tensor) -> Result<Tensor> {
        let (_, _, width) = x.dims3()?;
        let x = if self.padded {
            x.pad_with_zeros(1, 0, 1)?
        } else {
            x.clone()
        };
        ops::rows(&x, &self.cut)?.reshape(((), self.window * self.window, width))
    }

    /// The way back.
    fn join(&self, x: &Tensor) -> Result<Tensor> {
        let (_, _, width) = x.dims3()?;
        let x = x.reshape(((), self.cut.elem_count(), width))?;
        ops::rows(&x, &self.join)
    }
}

/// Makes one token of each square of four.
#[derive(Debug, Clone)]
struct PatchMerging {
    norm: Norm,
    reduction: Linear,
}

impl PatchMerging {
    fn load(width: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            norm: Norm::load(4 * width, EPS, &vb.pp("norm"))?,
            reduction: Linear::load_no_bias(4 * width, 2 * width, &vb.pp("reduction"))?,
        })
    }

    /// `(batch, height, width, channels)` to half its size, rounded up, and twice its channels.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, height, width, channels) = x.dims4()?;
        let x = x
            .pad_with_zeros(1, 0, height % 2)?
            .pad_with_zeros(2, 0, width % 2)?;
        let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
        // The lower left comes before the upper right.
        let x = x
            .reshape((batch, rows, 2, columns, 2, channels))?
            .permute((0, 1, 3, 4, 2, 5))?
            .reshape((batch, rows, columns, 4 * channels))?;
        self.reduction.forward(&self.norm.forward(&x)?)
    }
}
