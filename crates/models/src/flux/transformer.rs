//! FLUX.1's flow transformer.
//!
//! black-forest-labs/flux `src/flux/model.py`, under the names of its checkpoints; what the
//! configuration says there is read off the weights' shapes here, since the checkpoints bring none.
//! candle-transformers has this network twice, plain and packed, of which the plain one turns by
//! rounded angles in `bf16` and the packed one reads nothing but files under its own names; this one
//! serves both.

use candle_core::{DType, Result, Tensor};

use super::blocks::{DoubleStreamBlock, MlpEmbedder, SingleStreamBlock, modulate, time_embedding};
use super::error::FluxError;
use super::layers::{Layers, Linear};
use super::positions::Rotations;
use crate::store::Weights;

/// How the network is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransformerConfig {
    /// Values of a picture's token: 2 × 2 places of the latent.
    pub in_channels: usize,
    /// Width of the pooled text.
    pub vec_in_dim: usize,
    /// Width of the text's tokens.
    pub context_in_dim: usize,
    /// Width of the network.
    pub hidden_size: usize,
    /// Width of the hidden layer of a block.
    pub mlp_size: usize,
    /// Heads of attention.
    pub num_heads: usize,
    /// Double blocks.
    pub depth: usize,
    /// Single blocks.
    pub depth_single_blocks: usize,
}

impl TransformerConfig {
    /// `black-forest-labs/FLUX.1-schnell`.
    pub const SCHNELL: Self = Self {
        in_channels: 64,
        vec_in_dim: 768,
        context_in_dim: 4096,
        hidden_size: 3072,
        mlp_size: 12_288,
        num_heads: 24,
        depth: 19,
        depth_single_blocks: 38,
    };

    /// Reads it off the weights.
    ///
    /// # Errors
    /// When they are of another network, or of FLUX.1-dev, which wants guidance and forbids earning.
    pub fn of(weights: &Weights) -> std::result::Result<Self, FluxError> {
        if weights.shape("guidance_in.in_layer.weight").is_some() {
            return Err(FluxError::unfit(
                "the flow transformer",
                "it is FLUX.1-dev, whose licence forbids earning with it; take FLUX.1-schnell",
            ));
        }
        let size = |name: &str, dimension: usize| {
            let shape = weights.shape(name).map(|(shape, _)| shape);
            let size = shape.and_then(|shape| shape.get(dimension)).copied();
            size.filter(|size| *size > 0).ok_or_else(|| {
                FluxError::unfit("the flow transformer", format!("it has no {name}"))
            })
        };
        let hidden_size = size("img_in.weight", 0)?;
        let head = size("double_blocks.0.img_attn.norm.query_norm.scale", 0)?;
        if !head.is_multiple_of(16) || !hidden_size.is_multiple_of(head) {
            return Err(FluxError::unfit(
                "the flow transformer",
                format!("heads of {head} in a width of {hidden_size} are none of FLUX'"),
            ));
        }
        Ok(Self {
            in_channels: size("img_in.weight", 1)?,
            vec_in_dim: size("vector_in.in_layer.weight", 1)?,
            context_in_dim: size("txt_in.weight", 1)?,
            hidden_size,
            mlp_size: size("double_blocks.0.img_mlp.0.weight", 0)?,
            num_heads: hidden_size / head,
            depth: count(weights, "double_blocks"),
            depth_single_blocks: count(weights, "single_blocks"),
        })
    }

    pub(super) fn head_size(&self) -> usize {
        self.hidden_size / self.num_heads
    }

    /// Values of a head that turn with each axis: `[16, 56, 56]` of 128.
    fn axes(&self) -> [usize; 3] {
        let head = self.head_size();
        [head / 8, head / 16 * 7, head / 16 * 7]
    }
}

/// How many parts `list.0`, `list.1`, … there are.
pub(super) fn count(weights: &Weights, list: &str) -> usize {
    let number = |name: &str| -> Option<usize> {
        let rest = name.strip_prefix(list)?.strip_prefix('.')?;
        rest.split('.').next()?.parse().ok()
    };
    let mut numbers: Vec<usize> = weights.names().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

/// The network.
#[derive(Debug, Clone)]
pub struct Transformer {
    config: TransformerConfig,
    img_in: Linear,
    txt_in: Linear,
    time_in: MlpEmbedder,
    vector_in: MlpEmbedder,
    double_blocks: Vec<DoubleStreamBlock>,
    single_blocks: Vec<SingleStreamBlock>,
    modulation: Linear,
    linear: Linear,
    dtype: DType,
}

/// What stays the same through all steps of one picture.
#[derive(Debug, Clone)]
pub struct Surroundings {
    text: Tensor,
    pooled: Tensor,
    rotations: Rotations,
}

impl Transformer {
    /// Reads the network from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &TransformerConfig, layers: &Layers) -> Result<Self> {
        let width = config.hidden_size;
        let last = layers.pp("final_layer");
        Ok(Self {
            img_in: layers.pp("img_in").linear(config.in_channels, width)?,
            txt_in: layers.pp("txt_in").linear(config.context_in_dim, width)?,
            time_in: MlpEmbedder::of_time(width, &layers.pp("time_in"))?,
            vector_in: MlpEmbedder::load(config.vec_in_dim, width, &layers.pp("vector_in"))?,
            double_blocks: (0..config.depth)
                .map(|index| DoubleStreamBlock::load(config, &layers.pp("double_blocks").pp(index)))
                .collect::<Result<_>>()?,
            single_blocks: (0..config.depth_single_blocks)
                .map(|index| SingleStreamBlock::load(config, &layers.pp("single_blocks").pp(index)))
                .collect::<Result<_>>()?,
            modulation: last.pp("adaLN_modulation.1").linear(width, 2 * width)?,
            linear: last.pp("linear").linear(width, config.in_channels)?,
            dtype: layers.dtype(),
            config: config.clone(),
        })
    }

    /// How it is built.
    #[must_use]
    pub const fn config(&self) -> &TransformerConfig {
        &self.config
    }

    /// What all steps of a picture of `rows` × `columns` tokens share: `text` is `(1, tokens,
    /// context_in_dim)`, `pooled` is `(1, vec_in_dim)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn surroundings(
        &self,
        text: &Tensor,
        pooled: &Tensor,
        rows: usize,
        columns: usize,
    ) -> Result<Surroundings> {
        let words = text.dim(1)?;
        let pooled = pooled.to_dtype(self.dtype)?;
        Ok(Surroundings {
            text: self.txt_in.forward(&text.to_dtype(self.dtype)?)?,
            pooled: self.vector_in.forward(&pooled)?,
            rotations: Rotations::new(self.config.axes(), words, rows, columns, text.device())?,
        })
    }

    /// Where the flow goes from `latent`, `(1, rows · columns, in_channels)`, at the time `t`, `(1)` from
    /// 1 to 0: of the latent's shape, in single precision.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(
        &self,
        latent: &Tensor,
        t: &Tensor,
        surroundings: &Surroundings,
    ) -> Result<Tensor> {
        let mut img = self.img_in.forward(&latent.to_dtype(self.dtype)?)?;
        let mut txt = surroundings.text.clone();
        let time = time_embedding(t)?.to_dtype(self.dtype)?;
        let vec = (self.time_in.forward(&time)? + &surroundings.pooled)?;
        let rotations = &surroundings.rotations;
        for block in &self.double_blocks {
            (img, txt) = block.forward(&img, &txt, &vec, rotations)?;
        }
        let (words, dots) = (txt.dim(1)?, img.dim(1)?);
        let mut both = Tensor::cat(&[&txt, &img], 1)?;
        for block in &self.single_blocks {
            both = block.forward(&both, &vec, rotations)?;
        }
        let img = both.narrow(1, words, dots)?.contiguous()?;
        let width = self.config.hidden_size;
        let changes = self.modulation.forward(&vec.silu()?)?.squeeze(0)?;
        let shift = changes.narrow(0, 0, width)?;
        let scale = changes.narrow(0, width, width)?;
        let img = modulate(&img, &shift, &scale)?;
        self.linear.forward(&img)?.to_dtype(DType::F32)
    }
}
