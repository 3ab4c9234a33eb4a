//! DINOv2, a vision transformer, with or without register tokens.
//!
//! facebookresearch/dinov2 `dinov2/models/vision_transformer.py`, and transformers
//! `models/dinov2/modeling_dinov2.py` and `models/dinov2_with_registers`. The two publish the same
//! network under different names; [`Dinov2::load`] reads either, as the file has it.

use candle_core::{DType, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use crate::layers::{Activation, Attention, Block, Linear, Mlp, Norm, patches};
use crate::resize::{Filter, resize_by};
use crate::store::Weights;

/// How a DINOv2 is built, in the words of transformers' `config.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Dinov2Config {
    /// Width of a token.
    pub hidden_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Heads of attention.
    pub num_attention_heads: usize,
    /// Side of the images it was trained on, in pixels.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// Width of the hidden layer of a block, in widths of a token.
    pub mlp_ratio: usize,
    /// Register tokens beside the class token.
    pub num_register_tokens: usize,
    /// Added to variances.
    pub layer_norm_eps: f64,
    /// Added to the number of patches per side before the scale of the position embedding is taken;
    /// 0.1 in the hub's networks without registers, 0 in transformers since 4.45.
    pub interpolate_offset: f64,
}

impl Default for Dinov2Config {
    fn default() -> Self {
        Self::SMALL
    }
}

impl Dinov2Config {
    /// `facebook/dinov2-small`: ViT-S/14 at 518 pixels.
    pub const SMALL: Self = Self {
        hidden_size: 384,
        num_hidden_layers: 12,
        num_attention_heads: 6,
        image_size: 518,
        patch_size: 14,
        mlp_ratio: 4,
        num_register_tokens: 0,
        layer_norm_eps: 1e-6,
        interpolate_offset: 0.0,
    };

    /// `dinov2_vitl14_reg4`: ViT-L/14 with four registers at 518 pixels.
    pub const LARGE_REGISTERS: Self = Self {
        hidden_size: 1024,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        num_register_tokens: 4,
        ..Self::SMALL
    };

    /// The configuration of the network in `weights`, under the hub's names, as far as it shows in their
    /// shapes; a head of attention is 64 wide in every published one. `None` where that is no DINOv2.
    #[must_use]
    pub fn found_in(weights: &Weights) -> Option<Self> {
        let shape = |name: &str| weights.shape(name).map(|(shape, _)| shape.to_vec());
        let (patches, positions) = (shape("patch_embed.proj.weight")?, shape("pos_embed")?);
        let (width, patch) = (*patches.first()?, *patches.get(2)?);
        let grid = positions.get(1)?.checked_sub(1)?.isqrt();
        let hidden = *shape("blocks.0.mlp.fc1.weight")?.first()?;
        let blocks = (0..).take_while(|index| {
            let name = format!("blocks.{index}.norm1.weight");
            weights.shape(&name).is_some()
        });
        let registers = shape("register_tokens").and_then(|shape| shape.get(1).copied());
        Some(Self {
            hidden_size: width,
            num_hidden_layers: blocks.count(),
            num_attention_heads: (width / 64).max(1),
            image_size: grid.checked_mul(patch)?,
            patch_size: patch,
            mlp_ratio: hidden.checked_div(width)?,
            num_register_tokens: registers.unwrap_or(0),
            ..Self::SMALL
        })
    }
}

/// The network.
#[derive(Debug, Clone)]
pub struct Dinov2 {
    config: Dinov2Config,
    patch_embedding: Linear,
    class_token: Tensor,
    register_tokens: Option<Tensor>,
    position_embedding: Tensor,
    blocks: Vec<Block>,
    norm: Norm,
}

impl Dinov2 {
    /// Reads the network under the hub's names (`blocks.0.attn.qkv.weight`), transformers' names
    /// before 5 (`encoder.layer.0.attention.attention.query.weight`), or those since
    /// (`encoder.layer.0.attention.q_proj.weight`).
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &Dinov2Config, weights: &VarBuilder<'_>) -> Result<Self> {
        if weights.contains_tensor("patch_embed.proj.weight") {
            Self::load_hub(config, weights)
        } else {
            Self::load_transformers(config, weights)
        }
    }

    fn load_hub(config: &Dinov2Config, weights: &VarBuilder<'_>) -> Result<Self> {
        let width = config.hidden_size;
        let block = |index: usize| {
            let weights = weights.pp("blocks").pp(index);
            let attention = weights.pp("attn");
            let parts = [attention.pp("qkv"), attention.pp("proj"), weights.pp("mlp")];
            Self::block(
                config,
                [weights.pp("norm1"), weights.pp("norm2")],
                Linear::load(width, 3 * width, &parts[0])?,
                &parts[1],
                &parts[2],
                [
                    weights.pp("ls1").get(width, "gamma")?,
                    weights.pp("ls2").get(width, "gamma")?,
                ],
            )
        };
        let blocks = (0..config.num_hidden_layers).map(block).collect();
        let (projection, norm) = (weights.pp("patch_embed.proj"), weights.pp("norm"));
        Self::assemble(config, weights, &projection, "pos_embed", blocks, &norm)
    }

    fn load_transformers(config: &Dinov2Config, weights: &VarBuilder<'_>) -> Result<Self> {
        let width = config.hidden_size;
        let block = |index: usize| {
            let weights = weights.pp("encoder.layer").pp(index);
            let attention = weights.pp("attention");
            let (names, out) = if attention.contains_tensor("q_proj.weight") {
                (["q_proj", "k_proj", "v_proj"], "o_proj")
            } else {
                let names = ["attention.query", "attention.key", "attention.value"];
                (names, "output.dense")
            };
            let layers = names.map(|name| attention.pp(name));
            Self::block(
                config,
                [weights.pp("norm1"), weights.pp("norm2")],
                Linear::load_joined(width, width, &layers)?,
                &attention.pp(out),
                &weights.pp("mlp"),
                [
                    weights.pp("layer_scale1").get(width, "lambda1")?,
                    weights.pp("layer_scale2").get(width, "lambda1")?,
                ],
            )
        };
        let blocks = (0..config.num_hidden_layers).map(block).collect();
        let embeddings = weights.pp("embeddings");
        let projection = embeddings.pp("patch_embeddings.projection");
        let norm = weights.pp("layernorm");
        Self::assemble(
            config,
            &embeddings,
            &projection,
            "position_embeddings",
            blocks,
            &norm,
        )
    }

    fn block(
        config: &Dinov2Config,
        [norm1, norm2]: [VarBuilder<'_>; 2],
        qkv: Linear,
        out: &VarBuilder<'_>,
        mlp: &VarBuilder<'_>,
        [scale1, scale2]: [Tensor; 2],
    ) -> Result<Block> {
        let (width, eps) = (config.hidden_size, config.layer_norm_eps);
        let hidden = width * config.mlp_ratio;
        Ok(Block {
            norm1: Norm::load(width, eps, &norm1)?,
            attention: Attention {
                qkv,
                out: Linear::load(width, width, out)?,
                heads: config.num_attention_heads,
                causal: false,
            },
            scale1: Some(scale1),
            norm2: Norm::load(width, eps, &norm2)?,
            mlp: Mlp {
                fc1: Linear::load(width, hidden, &mlp.pp("fc1"))?,
                activation: Activation::Gelu,
                fc2: Linear::load(hidden, width, &mlp.pp("fc2"))?,
            },
            scale2: Some(scale2),
        })
    }

    /// The network of its blocks and of what stands around them.
    fn assemble(
        config: &Dinov2Config,
        tokens: &VarBuilder<'_>,
        projection: &VarBuilder<'_>,
        positions: &str,
        blocks: Result<Vec<Block>>,
        norm: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (width, side) = (config.hidden_size, config.patch_size);
        let registers = config.num_register_tokens;
        let grid = config.image_size / side;
        let kernel = projection.get((width, 3, side, side), "weight")?;
        Ok(Self {
            config: config.clone(),
            patch_embedding: Linear::of_convolution(
                &kernel,
                Some(&projection.get(width, "bias")?),
            )?,
            class_token: tokens.get((1, 1, width), "cls_token")?,
            register_tokens: (registers > 0)
                .then(|| tokens.get((1, registers, width), "register_tokens"))
                .transpose()?,
            position_embedding: tokens.get((1, 1 + grid * grid, width), positions)?,
            blocks: blocks?,
            norm: Norm::load(width, config.layer_norm_eps, norm)?,
        })
    }

    /// The tokens before the last norm: `(batch, 3, height, width)`, normalised as
    /// [`IMAGENET`](crate::IMAGENET), to `(batch, 1 + registers + patches, hidden_size)`: the class
    /// token, the registers, and the patches row by row.
    ///
    /// # Errors
    /// When `images` has another form, or is smaller than one patch.
    pub fn features(&self, images: &Tensor) -> Result<Tensor> {
        let mut x = self.embed(images)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        Ok(x)
    }

    /// The tokens after the last norm; see [`Self::features`].
    ///
    /// # Errors
    /// As [`Self::features`].
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        self.norm.forward(&self.features(images)?)
    }

    /// The type it computes in, and wants its images in.
    pub fn dtype(&self) -> DType {
        self.class_token.dtype()
    }

    fn embed(&self, images: &Tensor) -> Result<Tensor> {
        let squares = patches(&images.permute((0, 2, 3, 1))?, self.config.patch_size)?;
        let (batch, rows, columns, _) = squares.dims4()?;
        let x = self.patch_embedding.forward(&squares)?.flatten(1, 2)?;
        let width = self.config.hidden_size;
        let class = self.class_token.broadcast_as((batch, 1, width))?;
        let x = Tensor::cat(&[&class, &x], 1)?.broadcast_add(&self.positions(rows, columns)?)?;
        let Some(registers) = &self.register_tokens else {
            return Ok(x);
        };
        let count = self.config.num_register_tokens;
        let registers = registers.broadcast_as((batch, count, width))?;
        Tensor::cat(&[&x.i((.., ..1))?, &registers, &x.i((.., 1..))?], 1)
    }

    /// The position embedding of a grid of patches: `(1, 1 + rows · columns, hidden_size)`.
    fn positions(&self, rows: usize, columns: usize) -> Result<Tensor> {
        let grid = self.config.image_size / self.config.patch_size;
        if (rows, columns) == (grid, grid) {
            return Ok(self.position_embedding.clone());
        }
        let class = self.position_embedding.i((.., ..1))?;
        let offset = self.config.interpolate_offset;
        let to = [rows, columns].map(|patches| {
            let scale = (patches as f64 + offset) / grid as f64;
            (patches, (offset != 0.0).then_some(scale))
        });
        // Networks with registers were trained with antialiasing (dinov2 `hub/backbones.py`).
        let filter = if self.register_tokens.is_some() {
            Filter::BicubicAntialias
        } else {
            Filter::Bicubic
        };
        let width = self.config.hidden_size;
        let patches = self
            .position_embedding
            .i((.., 1..))?
            .reshape((1, grid, grid, width))?
            .permute((0, 3, 1, 2))?;
        let patches = resize_by(&patches, to, filter)?
            .permute((0, 2, 3, 1))?
            .reshape((1, rows * columns, width))?;
        Tensor::cat(&[&class, &patches], 1)
    }
}
