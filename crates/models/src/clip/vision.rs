//! CLIP's image half.

use candle_core::{DType, Device, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;

use super::{BlockForm, EPS, blocks};
use crate::layers::{Activation, Block, Linear, Norm, patches};
use crate::normalise::CLIP;
use crate::resize::{Filter, resize};
use crate::store::Weights;

/// How an image half is built, in the words of transformers' `vision_config`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ClipVisionConfig {
    /// Width of a token.
    pub hidden_size: usize,
    /// Width of the hidden layer of a block.
    pub intermediate_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Heads of attention.
    pub num_attention_heads: usize,
    /// Side of the images it takes, in pixels.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// Between the linear layers of a block.
    pub hidden_act: Activation,
    /// Width of the embedding.
    pub projection_dim: usize,
}

impl ClipVisionConfig {
    /// `openai/clip-vit-large-patch14`.
    pub const LARGE_14: Self = Self {
        hidden_size: 1024,
        intermediate_size: 4096,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        image_size: 224,
        patch_size: 14,
        hidden_act: Activation::QuickGelu,
        projection_dim: 768,
    };

    /// The image half of `microsoft/LLM2CLIP-Openai-L-14-336`: CLIP's ViT-L/14 at 336 pixels with a
    /// wider projection. Its `get_image_features` is CLIP's: the projected class token. Its text
    /// half is a language model, which image prompts do not need.
    pub const LLM2CLIP_336: Self = Self {
        image_size: 336,
        projection_dim: 1280,
        ..Self::LARGE_14
    };

    /// The configuration of OpenAI's kind of network in `weights`, as far as it shows in their shapes; a
    /// head of attention is 64 wide in every published one. `None` where there is no image half.
    #[must_use]
    pub fn found_in(weights: &Weights) -> Option<Self> {
        let shape = |name: &str| weights.shape(name).map(|(shape, _)| shape);
        let embedding = shape("vision_model.embeddings.patch_embedding.weight")?;
        let &[width, _, patch_size, _] = embedding else {
            return None;
        };
        let places = *shape("vision_model.embeddings.position_embedding.weight")?.first()?;
        // One of them is the class's; the others make a square.
        let across = places.checked_sub(1)?.isqrt();
        let hidden = *shape("vision_model.encoder.layers.0.mlp.fc1.weight")?.first()?;
        let projection = *shape("visual_projection.weight")?.first()?;
        let layers = (0..).take_while(|index| {
            shape(&format!(
                "vision_model.encoder.layers.{index}.mlp.fc1.weight"
            ))
            .is_some()
        });
        Some(Self {
            hidden_size: width,
            intermediate_size: hidden,
            num_hidden_layers: layers.count(),
            num_attention_heads: (width / 64).max(1),
            image_size: across.checked_mul(patch_size)?,
            patch_size,
            hidden_act: Activation::QuickGelu,
            projection_dim: projection,
        })
    }
}

/// The image half and its projection.
#[derive(Debug, Clone)]
pub struct ClipVision {
    config: ClipVisionConfig,
    patch_embedding: Linear,
    class_embedding: Tensor,
    position_embedding: Tensor,
    pre_layrnorm: Norm,
    layers: Vec<Block>,
    post_layernorm: Norm,
    visual_projection: Linear,
}

impl ClipVision {
    /// Reads `vision_model` and `visual_projection` from the root of a checkpoint.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn load(config: &ClipVisionConfig, weights: &VarBuilder<'_>) -> Result<Self> {
        let model = weights.pp("vision_model");
        let embeddings = model.pp("embeddings");
        let (width, side) = (config.hidden_size, config.patch_size);
        let places = 1 + (config.image_size / side) * (config.image_size / side);
        let form = BlockForm {
            width,
            hidden: config.intermediate_size,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
            causal: false,
        };
        let kernel = embeddings.get((width, 3, side, side), "patch_embedding.weight")?;
        Ok(Self {
            config: config.clone(),
            patch_embedding: Linear::of_convolution(&kernel, None)?,
            class_embedding: embeddings.get(width, "class_embedding")?,
            position_embedding: embeddings.get((places, width), "position_embedding.weight")?,
            // The name is spelt so in every published file.
            pre_layrnorm: Norm::load(width, EPS, &model.pp("pre_layrnorm"))?,
            layers: blocks(&form, config.num_hidden_layers, &model.pp("encoder"))?,
            post_layernorm: Norm::load(width, EPS, &model.pp("post_layernorm"))?,
            visual_projection: Linear::load_no_bias(
                width,
                config.projection_dim,
                &weights.pp("visual_projection"),
            )?,
        })
    }

    /// How it is built.
    #[must_use]
    pub const fn config(&self) -> &ClipVisionConfig {
        &self.config
    }

    /// The embedding of each image: `(batch, 3, image_size, image_size)`, normalised, to `(batch,
    /// projection_dim)`, not of unit length.
    ///
    /// # Errors
    /// When `images` has another form.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let squares = patches(&images.permute((0, 2, 3, 1))?, self.config.patch_size)?;
        let batch = squares.dim(0)?;
        let x = self.patch_embedding.forward(&squares)?.flatten(1, 2)?;
        let class = self
            .class_embedding
            .broadcast_as((batch, 1, self.config.hidden_size))?;
        let x = Tensor::cat(&[&class, &x], 1)?.broadcast_add(&self.position_embedding)?;
        let mut x = self.pre_layrnorm.forward(&x)?;
        for layer in &self.layers {
            x = layer.forward(&x)?;
        }
        let class = self.post_layernorm.forward(&x.i((.., 0))?.contiguous()?)?;
        self.visual_projection.forward(&class)
    }

    /// The embedding of one picture, `projection_dim` values, in the space it shares with texts; not of
    /// unit length. `rgb` is 8-bit RGB, rows from the top; `device` is where the weights are.
    ///
    /// The picture is made ready as transformers' `CLIPImageProcessor` does it: its shorter side becomes
    /// `image_size`, and the middle of the longer one is taken. What lies far outside is cut off before, so
    /// that a hair of a picture does not become a hall.
    ///
    /// # Errors
    /// When there are not `3 · width · height` bytes, or none, or the device fails.
    pub fn embed(&self, width: u32, height: u32, rgb: &[u8], device: &Device) -> Result<Vec<f32>> {
        let (columns, rows) = (width as usize, height as usize);
        let size = columns.saturating_mul(rows).saturating_mul(3);
        if size == 0 || rgb.len() != size {
            candle_core::bail!("{} bytes are no picture of {width}×{height}", rgb.len());
        }
        let side = self.config.image_size;
        let shorter = columns.min(rows).max(1);
        let near = |length: usize| length.min(8 * shorter);
        let pixels = Tensor::from_slice(rgb, (1, rows, columns, 3), device)?
            .narrow(1, (rows - near(rows)) / 2, near(rows))?
            .narrow(2, (columns - near(columns)) / 2, near(columns))?;
        let (columns, rows) = (near(columns), near(rows));
        let colours = (pixels.permute((0, 3, 1, 2))?.to_dtype(DType::F32)? / 255.0)?;
        let scaled = |length: usize| (length * side / shorter).max(side);
        let (columns, rows) = (scaled(columns), scaled(rows));
        let small = resize(&colours, rows, columns, Filter::BicubicAntialias)?.clamp(0.0, 1.0)?;
        let middle =
            small
                .narrow(2, (rows - side) / 2, side)?
                .narrow(3, (columns - side) / 2, side)?;
        let embedding = self.forward(&CLIP.apply(&middle.contiguous()?)?)?;
        embedding.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
    }
}
