//! The blocks of FLUX' transformer.
//!
//! black-forest-labs/flux `src/flux/modules/layers.py`, under the names of its checkpoints.

use candle_core::{D, DType, IndexOp, Result, Tensor};

use super::layers::{Layers, Linear};
use super::positions::Rotations;
use super::transformer::TransformerConfig;
use crate::ops::{self, Activation};

/// Added to variances and to means of squares.
pub(super) const EPS: f64 = 1e-6;

/// Width of the sinusoids of the time.
const TIME_WIDTH: usize = 256;

/// Linear, SiLU, Linear: makes the time or the pooled text as wide as the network.
#[derive(Debug, Clone)]
pub(super) struct MlpEmbedder {
    in_layer: Linear,
    out_layer: Linear,
}

impl MlpEmbedder {
    pub(super) fn load(inputs: usize, width: usize, layers: &Layers) -> Result<Self> {
        Ok(Self {
            in_layer: layers.pp("in_layer").linear(inputs, width)?,
            out_layer: layers.pp("out_layer").linear(width, width)?,
        })
    }

    /// That of the time.
    pub(super) fn of_time(width: usize, layers: &Layers) -> Result<Self> {
        Self::load(TIME_WIDTH, width, layers)
    }

    /// `(batch, inputs)` to `(batch, width)`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.out_layer.forward(&self.in_layer.forward(x)?.silu()?)
    }
}

/// Sinusoids of `(batch)` times from 0 to 1: `(batch, 256)`, cosines first, of 1000 times the time, in
/// single precision.
pub(super) fn time_embedding(t: &Tensor) -> Result<Tensor> {
    let half = TIME_WIDTH / 2;
    let frequencies: Vec<f32> = (0..half)
        .map(|index| (-(10_000_f64.ln()) * index as f64 / half as f64).exp() as f32)
        .collect();
    let frequencies = Tensor::from_vec(frequencies, (1, half), t.device())?;
    let angles = (t.to_dtype(DType::F32)? * 1000.0)?
        .unsqueeze(1)?
        .broadcast_mul(&frequencies)?;
    Tensor::cat(&[angles.cos()?, angles.sin()?], D::Minus1)
}

/// What the time and the text do to one part of a block: `(width)` each.
struct Modulated {
    shift: Tensor,
    scale: Tensor,
    gate: Tensor,
}

impl Modulated {
    /// The normalised `x`, scaled and shifted.
    fn of(&self, x: &Tensor) -> Result<Tensor> {
        modulate(x, &self.shift, &self.scale)
    }

    /// `x` and what `layer` makes of `input`.
    fn onto(&self, x: &Tensor, layer: &Linear, input: &Tensor) -> Result<Tensor> {
        layer.forward_onto(input, &self.gate, x)
    }
}

/// Layer normalisation without weights, then `(1 + scale) · x + shift`.
pub(super) fn modulate(x: &Tensor, shift: &Tensor, scale: &Tensor) -> Result<Tensor> {
    ops::layer_norm(x, Some(&(scale + 1.0)?), Some(shift), EPS)
}

/// Makes the modulations of a block of `(1, width)`.
#[derive(Debug, Clone)]
struct Modulation {
    lin: Linear,
    parts: usize,
}

impl Modulation {
    fn load(width: usize, parts: usize, layers: &Layers) -> Result<Self> {
        let lin = layers.pp("lin").linear(width, 3 * parts * width)?;
        Ok(Self { lin, parts })
    }

    fn forward(&self, vec: &Tensor) -> Result<Vec<Modulated>> {
        let all = self.lin.forward(&vec.silu()?)?.squeeze(0)?;
        let width = all.dim(D::Minus1)? / (3 * self.parts);
        let part = |index: usize| all.narrow(D::Minus1, index * width, width);
        (0..self.parts)
            .map(|index| {
                Ok(Modulated {
                    shift: part(3 * index)?,
                    scale: part(3 * index + 1)?,
                    gate: part(3 * index + 2)?,
                })
            })
            .collect()
    }
}

/// Makes queries and keys of one length: root mean square over a head, in single precision.
#[derive(Debug, Clone)]
struct QkNorm {
    query: Tensor,
    key: Tensor,
}

impl QkNorm {
    fn load(head: usize, layers: &Layers) -> Result<Self> {
        Ok(Self {
            query: layers.precise(head, "query_norm.scale")?,
            key: layers.precise(head, "key_norm.scale")?,
        })
    }

    /// `(batch, heads, tokens, head)` each, turned as their places say.
    fn forward(&self, q: &Tensor, k: &Tensor, rotations: &Rotations) -> Result<(Tensor, Tensor)> {
        Ok((
            rotations.turn(q, &self.query, EPS)?,
            rotations.turn(k, &self.key, EPS)?,
        ))
    }
}

/// Queries and keys, normalised and turned, and values: `(batch, heads, tokens, head)`.
struct Heads {
    q: Tensor,
    k: Tensor,
    v: Tensor,
}

impl Heads {
    /// Of `(batch, tokens, 3 · width)`.
    fn of(qkv: &Tensor, heads: usize, norm: &QkNorm, rotations: &Rotations) -> Result<Self> {
        let (batch, tokens, width) = qkv.dims3()?;
        let parts = qkv
            .reshape((batch, tokens, 3, heads, width / (3 * heads)))?
            .permute((2, 0, 3, 1, 4))?;
        let (q, k) = norm.forward(&parts.i(0)?, &parts.i(1)?, rotations)?;
        let v = parts.i(2)?;
        Ok(Self { q, k, v })
    }

    /// These tokens, and then others.
    fn then(&self, others: &Self) -> Result<Self> {
        // Token by token, as they lie in memory.
        let join = |first: &Tensor, second: &Tensor| {
            Tensor::cat(&[first.transpose(1, 2)?, second.transpose(1, 2)?], 1)?.transpose(1, 2)
        };
        Ok(Self {
            q: join(&self.q, &others.q)?,
            k: join(&self.k, &others.k)?,
            v: join(&self.v, &others.v)?,
        })
    }

    /// What every token takes from all others: `(batch, tokens, width)`.
    fn attend(&self) -> Result<Tensor> {
        let x = ops::attention(&self.q, &self.k, &self.v, false)?;
        x.transpose(1, 2)?.flatten_from(2)
    }
}

/// The half of a double block that is the picture's or the text's own.
#[derive(Debug, Clone)]
struct Half {
    modulation: Modulation,
    qkv: Linear,
    norm: QkNorm,
    proj: Linear,
    mlp_in: Linear,
    mlp_out: Linear,
    heads: usize,
}

impl Half {
    /// `img` or `txt`.
    fn load(name: &str, config: &TransformerConfig, layers: &Layers) -> Result<Self> {
        let part = |part: &str| layers.pp(format!("{name}_{part}"));
        let (width, hidden) = (config.hidden_size, config.mlp_size);
        let attention = part("attn");
        Ok(Self {
            modulation: Modulation::load(width, 2, &part("mod"))?,
            qkv: attention.pp("qkv").linear(width, 3 * width)?,
            norm: QkNorm::load(config.head_size(), &attention.pp("norm"))?,
            proj: attention.pp("proj").linear(width, width)?,
            mlp_in: part("mlp").pp(0).linear(width, hidden)?,
            mlp_out: part("mlp").pp(2).linear(hidden, width)?,
            heads: config.num_heads,
        })
    }

    /// What it brings to attention, and how the time changes it.
    fn heads(
        &self,
        x: &Tensor,
        vec: &Tensor,
        rotations: &Rotations,
    ) -> Result<(Heads, [Modulated; 2])> {
        let modulated: [Modulated; 2] = self
            .modulation
            .forward(vec)?
            .try_into()
            .map_err(|_| candle_core::Error::Msg("a half has two modulations".to_owned()))?;
        let qkv = self.qkv.forward(&modulated[0].of(x)?)?;
        let heads = Heads::of(&qkv, self.heads, &self.norm, rotations)?;
        Ok((heads, modulated))
    }

    /// What becomes of `x` after attention.
    fn finish(&self, x: &Tensor, attended: &Tensor, modulated: &[Modulated; 2]) -> Result<Tensor> {
        let [first, second] = modulated;
        let x = first.onto(x, &self.proj, &attended.contiguous()?)?;
        let wide = second.of(&x)?;
        let hidden = self.mlp_in.forward_activated(&wide, Activation::GeluTanh)?;
        second.onto(&x, &self.mlp_out, &hidden)
    }
}

/// A block in which picture and text have weights of their own and attend to each other.
#[derive(Debug, Clone)]
pub(super) struct DoubleStreamBlock {
    img: Half,
    txt: Half,
}

impl DoubleStreamBlock {
    pub(super) fn load(config: &TransformerConfig, layers: &Layers) -> Result<Self> {
        Ok(Self {
            img: Half::load("img", config, layers)?,
            txt: Half::load("txt", config, layers)?,
        })
    }

    /// `(1, tokens, width)` of picture and text, and `vec`, `(1, width)`; `rotations` are those of the text
    /// and then of the picture.
    pub(super) fn forward(
        &self,
        img: &Tensor,
        txt: &Tensor,
        vec: &Tensor,
        rotations: &Rotations,
    ) -> Result<(Tensor, Tensor)> {
        let (words, dots) = (txt.dim(1)?, img.dim(1)?);
        let (of_words, of_dots) = (rotations.of(0..words)?, rotations.of(words..words + dots)?);
        let (img_heads, img_modulated) = self.img.heads(img, vec, &of_dots)?;
        let (txt_heads, txt_modulated) = self.txt.heads(txt, vec, &of_words)?;
        let attended = txt_heads.then(&img_heads)?.attend()?;
        let img = self
            .img
            .finish(img, &attended.narrow(1, words, dots)?, &img_modulated)?;
        let txt = self
            .txt
            .finish(txt, &attended.narrow(1, 0, words)?, &txt_modulated)?;
        Ok((img, txt))
    }
}

/// A block for text and picture as one row of tokens, in which attention and the small network work
/// side by side.
#[derive(Debug, Clone)]
pub(super) struct SingleStreamBlock {
    modulation: Modulation,
    linear1: Linear,
    norm: QkNorm,
    linear2: Linear,
    heads: usize,
    width: usize,
    hidden: usize,
}

impl SingleStreamBlock {
    pub(super) fn load(config: &TransformerConfig, layers: &Layers) -> Result<Self> {
        let (width, hidden) = (config.hidden_size, config.mlp_size);
        Ok(Self {
            modulation: Modulation::load(width, 1, &layers.pp("modulation"))?,
            linear1: layers.pp("linear1").linear(width, 3 * width + hidden)?,
            norm: QkNorm::load(config.head_size(), &layers.pp("norm"))?,
            linear2: layers.pp("linear2").linear(width + hidden, width)?,
            heads: config.num_heads,
            width,
            hidden,
        })
    }

    /// `(1, tokens, width)`, and `vec`, `(1, width)`.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        vec: &Tensor,
        rotations: &Rotations,
    ) -> Result<Tensor> {
        let modulated = self.modulation.forward(vec)?;
        let Some(modulated) = modulated.first() else {
            candle_core::bail!("a single block has a modulation");
        };
        let both = self.linear1.forward(&modulated.of(x)?)?;
        let qkv = both.narrow(D::Minus1, 0, 3 * self.width)?;
        let hidden = both.narrow(D::Minus1, 3 * self.width, self.hidden)?;
        let attended = Heads::of(&qkv, self.heads, &self.norm, rotations)?.attend()?;
        let hidden = ops::gelu_tanh(&hidden.contiguous()?)?;
        let change = Tensor::cat(&[&attended, &hidden], D::Minus1)?;
        modulated.onto(x, &self.linear2, &change)
    }
}
