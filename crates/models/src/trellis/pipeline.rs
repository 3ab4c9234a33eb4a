//! The whole of TRELLIS: what is asked for to Gaussians, with its networks loaded as they are needed.
//!
//! microsoft/TRELLIS `trellis/pipelines/{trellis_image_to_3d,trellis_text_to_3d}.py`.

use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::conditioner::Conditioner;
use super::error::{TrellisError, failed};
use super::files::Origin;
use super::parts::{Keep, Parts};
use super::pipeline_config::{ConditionModel, PipelineConfig};
use super::sampler::{Conditioned, SamplerSettings, sample};
use super::{Gaussians, SparseTensor, Voxels, no_image_condition, prepare_image};
use crate::noise::noise;

/// The streams of noise of a seed.
const STRUCTURE_NOISE: u64 = 1;
const LATENT_NOISE: u64 = 2;

/// What a pipeline is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Seeing the image, or reading the words.
    Condition,
    /// Sampling which voxels are occupied.
    Structure,
    /// Sampling the latent on them.
    Latent,
    /// Making Gaussians of it.
    Gaussians,
}

impl Stage {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Structure => "structure",
            Self::Latent => "latent",
            Self::Gaussians => "gaussians",
        }
    }
}

/// Who is told about each step, and may end it.
pub trait Watch {
    /// `done` of `total` steps of a stage are finished; 0 when it begins. `Break` ends the generation.
    fn step(&mut self, stage: Stage, done: u32, total: u32) -> ControlFlow<()>;
}

impl<F: FnMut(Stage, u32, u32) -> ControlFlow<()>> Watch for F {
    fn step(&mut self, stage: Stage, done: u32, total: u32) -> ControlFlow<()> {
        self(stage, done, total)
    }
}

/// How one asset is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How the structure is sampled.
    pub structure: SamplerSettings,
    /// How the structured latent is sampled.
    pub latent: SamplerSettings,
    /// A structure of more voxels is refused: memory grows with it, and 32 Gaussians come of each.
    pub most_voxels: usize,
}

impl Settings {
    /// A structure of more voxels is no object, but filled space: published assets have 5 to 40
    /// thousand.
    pub const MOST_VOXELS: usize = 65_536;
}

/// What is asked for, as the flows take it: each `(1, tokens, width)`.
#[derive(Debug, Clone)]
pub struct Condition {
    asked: Tensor,
    nothing: Tensor,
}

impl Condition {
    /// A condition made elsewhere; both parts `(1, tokens, width)`.
    #[must_use]
    pub fn new(asked: Tensor, nothing: Tensor) -> Self {
        Self { asked, nothing }
    }

    /// What the flows follow.
    #[must_use]
    pub fn asked(&self) -> &Tensor {
        &self.asked
    }

    /// What guidance leads away from.
    #[must_use]
    pub fn nothing(&self) -> &Tensor {
        &self.nothing
    }

    fn tensor(&self, conditioned: Conditioned) -> &Tensor {
        match conditioned {
            Conditioned::Yes => &self.asked,
            Conditioned::No => &self.nothing,
        }
    }
}

/// A pipeline. Its networks are loaded when they are first needed, and stay or leave as [`Keep`] says.
#[derive(Debug)]
pub struct Trellis {
    config: PipelineConfig,
    device: Device,
    parts: Parts,
    /// The embedding of no words, once it is known.
    nothing: Option<Tensor>,
}

impl Trellis {
    /// Opens a pipeline: reads what it is made of, loads nothing yet.
    ///
    /// # Errors
    /// When `pipeline.json` is missing or cannot be used.
    pub fn open(origin: Origin, device: &Device, keep: Keep) -> Result<Self, TrellisError> {
        let (path, json) = origin.pipeline()?;
        let config = PipelineConfig::parse(&json).map_err(|error| TrellisError::Config {
            file: path.display().to_string(),
            error,
        })?;
        Ok(Self {
            parts: Parts::new(origin, config.clone(), device.clone(), keep),
            config,
            device: device.clone(),
            nothing: None,
        })
    }

    /// What `pipeline.json` says.
    #[must_use]
    pub fn config(&self) -> &PipelineConfig {
        &self.config
    }

    /// The networks and what stays of them.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Changes which networks stay, from now on.
    pub fn keep(&mut self, keep: Keep) {
        self.parts.keep(keep);
    }

    /// How the pipeline samples unless told otherwise.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            structure: self.config.sparse_structure_sampler,
            latent: self.config.slat_sampler,
            most_voxels: Settings::MOST_VOXELS,
        }
    }

    /// Sees an image: `rgba` holds the four bytes of each pixel row by row, its alpha cuts out the
    /// object.
    ///
    /// # Errors
    /// When the image shows nothing, the pipeline is asked with words, or the network is missing or
    /// fails.
    pub fn condition_image(
        &mut self,
        width: u32,
        height: u32,
        rgba: &[u8],
    ) -> Result<Condition, TrellisError> {
        if !matches!(self.config.condition, ConditionModel::Image(_)) {
            return Err(TrellisError::Kind("words"));
        }
        let prepared = prepare_image(width, height, rgba)?;
        let device = self.device.clone();
        let asked = self
            .parts
            .with_conditioner(|network| network.image(&prepared, &device))?;
        let nothing = no_image_condition(&asked).map_err(failed("condition"))?;
        Ok(Condition { asked, nothing })
    }

    /// Reads words.
    ///
    /// # Errors
    /// When the pipeline is asked with images, or the network is missing or fails.
    pub fn condition_text(&mut self, text: &str) -> Result<Condition, TrellisError> {
        if !matches!(self.config.condition, ConditionModel::Text(_)) {
            return Err(TrellisError::Kind("an image"));
        }
        let (device, known) = (self.device.clone(), self.nothing.clone());
        let (asked, nothing) = self.parts.with_conditioner(|network| {
            let nothing = known.map_or_else(|| network.text("", &device), Ok)?;
            Ok((network.text(text, &device)?, nothing))
        })?;
        self.nothing = Some(nothing.clone());
        Ok(Condition { asked, nothing })
    }

    /// Makes the Gaussians of a seed: structure, latent, decoding.
    ///
    /// # Errors
    /// When the settings cannot be used, a network is missing or fails, nothing or too much comes out,
    /// or `watch` ends it.
    pub fn generate(
        &mut self,
        condition: &Condition,
        seed: u64,
        settings: &Settings,
        watch: &mut dyn Watch,
    ) -> Result<Gaussians, TrellisError> {
        let structure = self.structure_noise(seed)?;
        let voxels = self.structure(condition, &structure, &settings.structure, watch)?;
        if voxels.len() > settings.most_voxels {
            return Err(TrellisError::TooLarge {
                voxels: voxels.len(),
                most: settings.most_voxels,
            });
        }
        let voxels = Arc::new(voxels);
        let latent = self.latent_noise(seed, &voxels)?;
        let latent = self.latent(condition, &voxels, &latent, &settings.latent, watch)?;
        self.gaussians(&latent, watch)
    }

    /// The noise that the structure of a seed begins with.
    ///
    /// # Errors
    /// When the flow's configuration cannot be read.
    pub fn structure_noise(&self, seed: u64) -> Result<Tensor, TrellisError> {
        let (channels, side) = self.parts.structure_shape()?;
        let shape = (1, channels, side, side, side);
        noise(seed, STRUCTURE_NOISE, shape, &self.device).map_err(failed("noise"))
    }

    /// The noise that the latent of a seed begins with, `(1, voxels, channels)`.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn latent_noise(&self, seed: u64, voxels: &Voxels) -> Result<Tensor, TrellisError> {
        let shape = (1, voxels.len(), self.config.slat_mean.len());
        noise(seed, LATENT_NOISE, shape, &self.device).map_err(failed("noise"))
    }

    /// Samples which voxels are occupied, from `noise` of the form [`Self::structure_noise`] has.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn structure(
        &mut self,
        condition: &Condition,
        noise: &Tensor,
        settings: &SamplerSettings,
        watch: &mut dyn Watch,
    ) -> Result<Voxels, TrellisError> {
        const PART: &str = "sparse structure flow";
        settings.check()?;
        begin(watch, Stage::Structure, settings.steps)?;
        let device = self.device.clone();
        let latent = self.parts.with_structure_flow(|flow| {
            sample(
                settings,
                noise,
                |x, time, conditioned| {
                    let time = Tensor::new(&[time as f32], &device)?;
                    flow.forward(x, &time, condition.tensor(conditioned))
                },
                |done, _| watch.step(Stage::Structure, done, settings.steps),
            )
        })?;
        let latent = finite(latent.ok_or(TrellisError::Cancelled)?, PART)?;
        let voxels = self.parts.with_structure_decoder(|decoder| {
            let logits = decoder.forward(&latent)?;
            Voxels::occupied(&logits.squeeze(0)?)
        })?;
        if voxels.is_empty() {
            return Err(TrellisError::Empty);
        }
        Ok(voxels)
    }

    /// Samples the latent of each voxel, from `noise` of the form [`Self::latent_noise`] has.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn latent(
        &mut self,
        condition: &Condition,
        voxels: &Arc<Voxels>,
        noise: &Tensor,
        settings: &SamplerSettings,
        watch: &mut dyn Watch,
    ) -> Result<SparseTensor, TrellisError> {
        const PART: &str = "structured latent flow";
        settings.check()?;
        begin(watch, Stage::Latent, settings.steps)?;
        let device = self.device.clone();
        let latent = self.parts.with_latent_flow(|flow| {
            sample(
                settings,
                noise,
                |x, time, conditioned| {
                    let time = Tensor::new(&[time as f32], &device)?;
                    let x = SparseTensor::new(x.clone(), Arc::clone(voxels))?;
                    let velocity = flow.forward(&x, &time, condition.tensor(conditioned))?;
                    Ok(velocity.features().clone())
                },
                |done, _| watch.step(Stage::Latent, done, settings.steps),
            )
        })?;
        let latent = finite(latent.ok_or(TrellisError::Cancelled)?, PART)?;
        self.denormalised(&latent)
            .and_then(|features| SparseTensor::new(features, Arc::clone(voxels)))
            .map_err(failed(PART))
    }

    /// Makes Gaussians of a latent.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn gaussians(
        &mut self,
        latent: &SparseTensor,
        watch: &mut dyn Watch,
    ) -> Result<Gaussians, TrellisError> {
        begin(watch, Stage::Gaussians, 1)?;
        let gaussians = self
            .parts
            .with_gaussian_decoder(|decoder| decoder.gaussians(latent))?;
        // What is finished is finished: nothing is left to be cancelled.
        let _ = watch.step(Stage::Gaussians, 1, 1);
        Ok(gaussians)
    }

    fn denormalised(&self, latent: &Tensor) -> candle_core::Result<Tensor> {
        let std = Tensor::new(self.config.slat_std.as_slice(), &self.device)?;
        let mean = Tensor::new(self.config.slat_mean.as_slice(), &self.device)?;
        latent.broadcast_mul(&std)?.broadcast_add(&mean)
    }
}

impl Conditioner {
    fn image(&self, rgb: &[u8], device: &Device) -> candle_core::Result<Tensor> {
        match self {
            Self::Image(network) => super::image_condition(network, rgb, device),
            Self::Text(..) => candle_core::bail!("it reads words"),
        }
    }

    fn text(&self, text: &str, device: &Device) -> candle_core::Result<Tensor> {
        match self {
            Self::Text(network, tokenizer) => {
                super::text_condition(network, tokenizer, text, device)
            }
            Self::Image(_) => candle_core::bail!("it sees images"),
        }
    }
}

fn begin(watch: &mut dyn Watch, stage: Stage, total: u32) -> Result<(), TrellisError> {
    match watch.step(stage, 0, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(TrellisError::Cancelled),
    }
}

/// One number that is not finite makes the sum so.
fn finite(x: Tensor, part: &'static str) -> Result<Tensor, TrellisError> {
    let sum = x
        .to_dtype(DType::F32)
        .and_then(|x| x.abs()?.sum_all()?.to_scalar::<f32>())
        .map_err(failed(part))?;
    if sum.is_finite() {
        Ok(x)
    } else {
        Err(TrellisError::NotFinite(part))
    }
}
