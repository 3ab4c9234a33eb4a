//! The encoder of T5 1.1 XXL, which reads FLUX' prompts.
//!
//! transformers `models/t5/modeling_t5.py`, under its names; llama.cpp's names are turned into these by
//! [`t5_name`]. The network must not run in `f16`: its last layers leave that type's range. It runs in
//! `f32` or `bf16`, with norms and shares of attention in `f32`, as the reference does.
//! candle-transformers' packed T5 takes its weights from nothing but a file under transformers' names.

use candle_core::{DType, Result, Tensor};

use super::error::FluxError;
use super::layers::{Layers, Linear};
use super::transformer::count;
use crate::open_clip::embed;
use crate::ops;
use crate::store::Weights;

/// Added to means of squares.
const EPS: f64 = 1e-6;

/// Distances from here on are all the same to attention.
const FARTHEST: f32 = 128.0;

/// How the encoder is built, in the words of transformers' configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct T5Config {
    /// Tokens there are.
    pub vocab_size: usize,
    /// Width of a token.
    pub d_model: usize,
    /// Width of a head.
    pub d_kv: usize,
    /// Width of the hidden layer of a block.
    pub d_ff: usize,
    /// Blocks.
    pub num_layers: usize,
    /// Heads of attention.
    pub num_heads: usize,
    /// Distances that attention tells apart.
    pub relative_attention_num_buckets: usize,
}

impl T5Config {
    /// `google/t5-v1_1-xxl`.
    pub const XXL: Self = Self {
        vocab_size: 32_128,
        d_model: 4096,
        d_kv: 64,
        d_ff: 10_240,
        num_layers: 24,
        num_heads: 64,
        relative_attention_num_buckets: 32,
    };

    /// Reads it off the weights, which are under transformers' names.
    ///
    /// # Errors
    /// When they are of another network.
    pub fn of(weights: &Weights) -> std::result::Result<Self, FluxError> {
        let unfit = |why: String| FluxError::unfit("the T5 encoder", why);
        let size = |name: &str, dimension: usize| {
            let shape = weights.shape(name).map(|(shape, _)| shape);
            let size = shape.and_then(|shape| shape.get(dimension)).copied();
            size.filter(|size| *size > 0)
                .ok_or_else(|| unfit(format!("it has no {name}")))
        };
        let first = "encoder.block.0.layer";
        let distances = format!("{first}.0.SelfAttention.relative_attention_bias.weight");
        let num_heads = size(&distances, 1)?;
        let inner = size(&format!("{first}.0.SelfAttention.q.weight"), 0)?;
        if !inner.is_multiple_of(num_heads) {
            return Err(unfit(format!("{num_heads} heads do not share {inner}")));
        }
        let embedding = [SHARED, TIED]
            .into_iter()
            .find(|name| weights.shape(name).is_some())
            .unwrap_or(SHARED);
        Ok(Self {
            vocab_size: size(embedding, 0)?,
            d_model: size(embedding, 1)?,
            d_kv: inner / num_heads,
            d_ff: size(&format!("{first}.1.DenseReluDense.wi_0.weight"), 0)?,
            num_layers: count(weights, "encoder.block"),
            num_heads,
            relative_attention_num_buckets: size(&distances, 0)?,
        })
    }
}

/// The embedding's two names, of which files hold either.
const SHARED: &str = "shared.weight";
const TIED: &str = "encoder.embed_tokens.weight";

/// Root mean square normalisation, in single precision.
#[derive(Debug, Clone)]
struct RmsNorm(Tensor);

impl RmsNorm {
    fn load(width: usize, layers: &Layers) -> Result<Self> {
        Ok(Self(layers.precise(width, "weight")?))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let dtype = x.dtype();
        let x = x.to_dtype(DType::F32)?.contiguous()?;
        candle_nn::ops::rms_norm(&x, &self.0, EPS as f32)?.to_dtype(dtype)
    }
}

/// A block: attention, then a gated network, each after a norm and beside a shortcut.
#[derive(Debug, Clone)]
struct Block {
    norm1: RmsNorm,
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    heads: usize,
    norm2: RmsNorm,
    wi_0: Linear,
    wi_1: Linear,
    wo: Linear,
}

impl Block {
    fn load(config: &T5Config, layers: &Layers) -> Result<Self> {
        let (first, second) = (layers.pp("layer").pp(0), layers.pp("layer").pp(1));
        let (attention, dense) = (first.pp("SelfAttention"), second.pp("DenseReluDense"));
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        Ok(Self {
            norm1: RmsNorm::load(width, &first.pp("layer_norm"))?,
            q: attention.pp("q").linear_no_bias(width, inner)?,
            k: attention.pp("k").linear_no_bias(width, inner)?,
            v: attention.pp("v").linear_no_bias(width, inner)?,
            o: attention.pp("o").linear_no_bias(inner, width)?,
            heads: config.num_heads,
            norm2: RmsNorm::load(width, &second.pp("layer_norm"))?,
            wi_0: dense.pp("wi_0").linear_no_bias(width, config.d_ff)?,
            wi_1: dense.pp("wi_1").linear_no_bias(width, config.d_ff)?,
            wo: dense.pp("wo").linear_no_bias(config.d_ff, width)?,
        })
    }

    /// `x` is `(batch, tokens, d_model)`, `bias` is `(1, heads, tokens, tokens)`.
    fn forward(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let x = (x + self.attend(&self.norm1.forward(x)?, bias)?)?;
        let normal = self.norm2.forward(&x)?;
        let gate = ops::gelu_tanh(&self.wi_0.forward(&normal)?)?;
        &x + self.wo.forward(&(gate * self.wi_1.forward(&normal)?)?)?
    }

    /// Attention that does not divide by the width of a head, and adds something for each distance.
    fn attend(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let (batch, tokens, _) = x.dims3()?;
        let heads = |layer: &Linear| -> Result<Tensor> {
            layer
                .forward(x)?
                .reshape((batch, tokens, self.heads, ()))?
                .transpose(1, 2)?
                .contiguous()
        };
        let (q, k, v) = (heads(&self.q)?, heads(&self.k)?, heads(&self.v)?);
        let scores = q.matmul(&k.t()?)?.to_dtype(DType::F32)?;
        let shares = candle_nn::ops::softmax_last_dim(&scores.broadcast_add(bias)?)?;
        let x = shares.to_dtype(v.dtype())?.matmul(&v)?;
        self.o.forward(&x.transpose(1, 2)?.flatten_from(2)?)
    }
}

/// The encoder.
#[derive(Debug, Clone)]
pub struct T5Encoder {
    config: T5Config,
    embedding: Tensor,
    distances: Tensor,
    blocks: Vec<Block>,
    norm: RmsNorm,
    dtype: DType,
}

impl T5Encoder {
    /// Reads the encoder from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &T5Config, layers: &Layers) -> Result<Self> {
        let encoder = layers.pp("encoder");
        let embedding = if layers.has(SHARED) { SHARED } else { TIED };
        let first = encoder.pp("block.0.layer.0.SelfAttention.relative_attention_bias");
        let buckets = config.relative_attention_num_buckets;
        Ok(Self {
            embedding: layers.kept((config.vocab_size, config.d_model), embedding)?,
            distances: first.precise((buckets, config.num_heads), "weight")?,
            blocks: (0..config.num_layers)
                .map(|index| Block::load(config, &encoder.pp("block").pp(index)))
                .collect::<Result<_>>()?,
            norm: RmsNorm::load(config.d_model, &encoder.pp("final_layer_norm"))?,
            dtype: layers.dtype(),
            config: config.clone(),
        })
    }

    /// How it is built.
    #[must_use]
    pub const fn config(&self) -> &T5Config {
        &self.config
    }

    /// The hidden state after the final norm: `(batch, tokens)` of token numbers, to `(batch, tokens,
    /// d_model)`. Padding is read like any token, as FLUX was trained.
    ///
    /// # Errors
    /// When a number is none of the vocabulary's, or the device fails.
    pub fn forward(&self, tokens: &Tensor) -> Result<Tensor> {
        let (_, length) = tokens.dims2()?;
        let mut x = embed(&self.embedding, tokens)?.to_dtype(self.dtype)?;
        let bias = self.bias(length)?;
        for block in &self.blocks {
            x = block.forward(&x, &bias)?;
        }
        self.norm.forward(&x)
    }

    /// What attention adds for every distance between two of `length` tokens: `(1, heads, length, length)`.
    fn bias(&self, length: usize) -> Result<Tensor> {
        let buckets = self.config.relative_attention_num_buckets;
        let numbers: Vec<u32> = (0..length)
            .flat_map(|query| (0..length).map(move |key| bucket(query, key, buckets)))
            .collect();
        let numbers = Tensor::from_vec(numbers, length * length, self.distances.device())?;
        self.distances
            .index_select(&numbers, 0)?
            .reshape((length, length, self.config.num_heads))?
            .permute((2, 0, 1))?
            .unsqueeze(0)?
            .contiguous()
    }
}

/// Which of the distances that are told apart lies between two tokens: half of them are for what comes
/// after, and of each half the first half is exact and the rest logarithmic. In single precision, as the
/// reference does it.
fn bucket(query: usize, key: usize, buckets: usize) -> u32 {
    let half = buckets / 2;
    let (distance, after) = (key.abs_diff(query), if key > query { half } else { 0 });
    let exact = half / 2;
    let number = if distance < exact {
        distance
    } else {
        let share = (distance as f32 / exact as f32).ln() / (FARTHEST / exact as f32).ln();
        let beyond = (share * (half - exact) as f32) as usize;
        (exact + beyond).min(half - 1)
    };
    (after + number) as u32
}

/// The name that transformers gives to what a GGUF file of llama.cpp calls `name`
/// (gguf-py `gguf/tensor_mapping.py`, `MODEL_ARCH.T5ENCODER`); names that are transformers' already stay.
#[must_use]
pub fn t5_name(name: &str) -> String {
    match name {
        "token_embd.weight" => return SHARED.to_owned(),
        "enc.output_norm.weight" => return "encoder.final_layer_norm.weight".to_owned(),
        _ => {}
    }
    let renamed = || {
        let (block, part) = name.strip_prefix("enc.blk.")?.split_once('.')?;
        let part = match part {
            "attn_q.weight" => "0.SelfAttention.q.weight",
            "attn_k.weight" => "0.SelfAttention.k.weight",
            "attn_v.weight" => "0.SelfAttention.v.weight",
            "attn_o.weight" => "0.SelfAttention.o.weight",
            "attn_rel_b.weight" => "0.SelfAttention.relative_attention_bias.weight",
            "attn_norm.weight" => "0.layer_norm.weight",
            "ffn_gate.weight" => "1.DenseReluDense.wi_0.weight",
            "ffn_up.weight" => "1.DenseReluDense.wi_1.weight",
            "ffn_down.weight" => "1.DenseReluDense.wo.weight",
            "ffn_norm.weight" => "1.layer_norm.weight",
            _ => return None,
        };
        Some(format!("encoder.block.{block}.layer.{part}"))
    };
    renamed().unwrap_or_else(|| name.to_owned())
}
