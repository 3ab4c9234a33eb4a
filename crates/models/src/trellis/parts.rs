//! The networks of a pipeline: loaded when they are needed, kept or let go.

use std::fmt;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use super::conditioner::{Conditioner, LoadError};
use super::config::block_dtype;
use super::error::{TrellisError, failed};
use super::files::{FileError, Origin};
use super::pipeline_config::{NetworkPlace, PipelineConfig};
use super::{
    GaussianDecoder, GaussianDecoderConfig, SparseStructureDecoder, SparseStructureDecoderConfig,
    SparseStructureFlow, SparseStructureFlowConfig, StructuredLatentFlow,
    StructuredLatentFlowConfig,
};
use crate::store::{Precision, Weights};

/// Which networks stay on the device after they were used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The one that sees or reads what is asked for.
    pub condition: bool,
    /// The structure's flow and decoder.
    pub structure: bool,
    /// The structured latent's flow.
    pub latent: bool,
    /// The Gaussian decoder.
    pub gaussians: bool,
}

impl Keep {
    /// All of them: nothing is loaded twice.
    pub const ALL: Self = Self {
        condition: true,
        structure: true,
        latent: true,
        gaussians: true,
    };
    /// None of them: one at a time is on the device.
    pub const NONE: Self = Self {
        condition: false,
        structure: false,
        latent: false,
        gaussians: false,
    };
}

/// How many bytes the weights of the networks take on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartSizes {
    /// The one that sees or reads what is asked for.
    pub condition: u64,
    /// The structure's flow and decoder.
    pub structure: u64,
    /// The structured latent's flow.
    pub latent: u64,
    /// The Gaussian decoder.
    pub gaussians: u64,
}

/// The networks of a pipeline.
pub struct Parts {
    origin: Origin,
    config: PipelineConfig,
    device: Device,
    keep: Keep,
    conditioner: Option<Conditioner>,
    structure_flow: Option<SparseStructureFlow>,
    structure_decoder: Option<SparseStructureDecoder>,
    latent_flow: Option<StructuredLatentFlow>,
    gaussian_decoder: Option<GaussianDecoder>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Parts")
            .field("origin", &self.origin)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

impl Parts {
    pub(super) fn new(origin: Origin, config: PipelineConfig, device: Device, keep: Keep) -> Self {
        Self {
            origin,
            config,
            device,
            keep,
            conditioner: None,
            structure_flow: None,
            structure_decoder: None,
            latent_flow: None,
            gaussian_decoder: None,
        }
    }

    /// How many bytes their weights take on the device, known without loading them.
    ///
    /// # Errors
    /// When a file is not here or cannot be read.
    pub fn sizes(&self) -> Result<PartSizes, FileError> {
        self.sizes_as(if self.device.is_cpu() {
            Precision::As(DType::F32)
        } else {
            Precision::Stored
        })
    }

    /// As [`Self::sizes`], on a GPU, which computes with what is stored in half precision in it: for plans,
    /// which are made before there is anything on one.
    ///
    /// # Errors
    /// When a file is not here or cannot be read.
    pub fn sizes_on_gpu(&self) -> Result<PartSizes, FileError> {
        self.sizes_as(Precision::Stored)
    }

    fn sizes_as(&self, precision: Precision) -> Result<PartSizes, FileError> {
        let networks = &self.config.networks;
        let size = |place| {
            let weights = self.origin.weights(place)?;
            Ok::<_, FileError>(bytes(&weights, precision))
        };
        let structure = size(&networks.sparse_structure_flow)?;
        let condition = self.origin.condition_weights(&self.config.condition)?;
        Ok(PartSizes {
            condition: bytes(&condition, Precision::As(DType::F32)),
            structure: structure + size(&networks.sparse_structure_decoder)?,
            latent: size(&networks.slat_flow)?,
            gaussians: size(&networks.slat_decoder_gs)?,
        })
    }

    pub(super) fn keep(&mut self, keep: Keep) {
        self.keep = keep;
        self.let_go();
    }

    /// Lets go of what is not to stay.
    fn let_go(&mut self) {
        let keep = self.keep;
        drop(self.conditioner.take_if(|_| !keep.condition));
        drop(self.structure_flow.take_if(|_| !keep.structure));
        drop(self.structure_decoder.take_if(|_| !keep.structure));
        drop(self.latent_flow.take_if(|_| !keep.latent));
        drop(self.gaussian_decoder.take_if(|_| !keep.gaussians));
    }

    /// Channels and side of the structure's latent.
    pub(super) fn structure_shape(&self) -> Result<(usize, usize), TrellisError> {
        let config = self.structure_flow_config()?;
        Ok((config.in_channels, config.resolution))
    }

    fn structure_flow_config(&self) -> Result<SparseStructureFlowConfig, FileError> {
        let place = &self.config.networks.sparse_structure_flow;
        self.origin.config(place, SparseStructureFlowConfig::parse)
    }

    pub(super) fn with_conditioner<T>(
        &mut self,
        work: impl FnOnce(&Conditioner) -> candle_core::Result<T>,
    ) -> Result<T, TrellisError> {
        const PART: &str = "condition";
        if self.conditioner.is_none() {
            let loaded = Conditioner::load(&self.origin, &self.config.condition, &self.device);
            self.conditioner = Some(loaded.map_err(|error| match error {
                LoadError::File(error) => TrellisError::File(error),
                LoadError::Network(error) => failed(PART)(error),
                LoadError::Form(what) => failed(PART)(candle_core::Error::Msg(what)),
            })?);
        }
        let done = self.conditioner.as_ref().map(work);
        self.finished(PART, done)
    }

    pub(super) fn with_structure_flow<T>(
        &mut self,
        work: impl FnOnce(&SparseStructureFlow) -> candle_core::Result<T>,
    ) -> Result<T, TrellisError> {
        const PART: &str = "sparse structure flow";
        if self.structure_flow.is_none() {
            let place = &self.config.networks.sparse_structure_flow;
            let config = self
                .origin
                .config(place, SparseStructureFlowConfig::parse)?;
            let weights = self.builder(place)?;
            let network = SparseStructureFlow::load(&config, &weights).map_err(failed(PART))?;
            self.structure_flow = Some(network);
        }
        let done = self.structure_flow.as_ref().map(work);
        self.finished(PART, done)
    }

    pub(super) fn with_structure_decoder<T>(
        &mut self,
        work: impl FnOnce(&SparseStructureDecoder) -> candle_core::Result<T>,
    ) -> Result<T, TrellisError> {
        const PART: &str = "sparse structure decoder";
        if self.structure_decoder.is_none() {
            let place = &self.config.networks.sparse_structure_decoder;
            let config = self
                .origin
                .config(place, SparseStructureDecoderConfig::parse)?;
            let weights = self.builder(place)?;
            let network = SparseStructureDecoder::load(&config, &weights).map_err(failed(PART))?;
            self.structure_decoder = Some(network);
        }
        let done = self.structure_decoder.as_ref().map(work);
        self.finished(PART, done)
    }

    pub(super) fn with_latent_flow<T>(
        &mut self,
        work: impl FnOnce(&StructuredLatentFlow) -> candle_core::Result<T>,
    ) -> Result<T, TrellisError> {
        const PART: &str = "structured latent flow";
        if self.latent_flow.is_none() {
            let place = &self.config.networks.slat_flow;
            let config = self
                .origin
                .config(place, StructuredLatentFlowConfig::parse)?;
            let weights = self.builder(place)?;
            let network = StructuredLatentFlow::load(&config, &weights).map_err(failed(PART))?;
            self.latent_flow = Some(network);
        }
        let done = self.latent_flow.as_ref().map(work);
        self.finished(PART, done)
    }

    pub(super) fn with_gaussian_decoder<T>(
        &mut self,
        work: impl FnOnce(&GaussianDecoder) -> candle_core::Result<T>,
    ) -> Result<T, TrellisError> {
        const PART: &str = "gaussian decoder";
        if self.gaussian_decoder.is_none() {
            let place = &self.config.networks.slat_decoder_gs;
            let config = self.origin.config(place, GaussianDecoderConfig::parse)?;
            let weights = self.builder(place)?;
            let network = GaussianDecoder::load(&config, &weights).map_err(failed(PART))?;
            self.gaussian_decoder = Some(network);
        }
        let done = self.gaussian_decoder.as_ref().map(work);
        self.finished(PART, done)
    }

    /// The weights of a network. Blocks that are stored in half precision are computed with in it,
    /// except on a CPU.
    fn builder(&self, place: &NetworkPlace) -> Result<VarBuilder<'static>, FileError> {
        let weights = self.origin.weights(place)?;
        let stored = |name| weights.shape(name).map(|(_, dtype)| dtype);
        let halves = weights.names().any(|name| stored(name) == Some(DType::F16));
        let precision = Precision::As(block_dtype(halves, &self.device));
        Ok(weights.builder(precision, &self.device))
    }

    fn finished<T>(
        &mut self,
        part: &'static str,
        done: Option<candle_core::Result<T>>,
    ) -> Result<T, TrellisError> {
        self.let_go();
        done.unwrap_or_else(|| candle_core::bail!("it was not loaded"))
            .map_err(failed(part))
    }
}

fn bytes(weights: &Weights, precision: Precision) -> u64 {
    let sizes = weights.names().filter_map(|name| {
        let (shape, stored) = weights.shape(name)?;
        let dtype = match precision {
            Precision::Stored => stored,
            Precision::As(dtype) => dtype,
        };
        Some((shape.iter().product::<usize>() * dtype.size_in_bytes()) as u64)
    });
    sizes.sum()
}
