//! The half of FLUX that paints.

use std::ops::ControlFlow;

use candle_core::{Device, Result as CandleResult, Tensor};

use super::autoencoder::{AutoencoderConfig, Decoder, bytes};
use super::error::FluxError;
use super::latent::{TOKEN_SIDE, schedule, start, unpack};
use super::layers::Layers;
use super::text::Encoded;
use super::transformer::{Transformer, TransformerConfig};
use super::{LARGEST_SIDE, MOST_STEPS, SMALLEST_SIDE};
use crate::store::Weights;

const FLOW: &str = "the flow transformer";
pub(super) const AUTOENCODER: &str = "the autoencoder";

/// How a picture is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FluxSettings {
    /// Steps of the flow; schnell was made for 4.
    pub steps: u32,
    /// Pixels across, a multiple of 16.
    pub width: u32,
    /// Pixels down, a multiple of 16.
    pub height: u32,
}

impl Default for FluxSettings {
    /// 4 steps, 512 × 512: TRELLIS sees 518 × 518.
    fn default() -> Self {
        Self {
            steps: 4,
            width: 512,
            height: 512,
        }
    }
}

impl FluxSettings {
    /// Tokens down and across.
    fn tokens(&self) -> Result<(usize, usize), FluxError> {
        let Self {
            steps,
            width,
            height,
        } = *self;
        let side = TOKEN_SIDE as u32;
        let painted = |side_length: u32| {
            (SMALLEST_SIDE..=LARGEST_SIDE).contains(&side_length)
                && side_length.is_multiple_of(side)
        };
        if !painted(width) || !painted(height) {
            return Err(FluxError::Size { width, height });
        }
        if !(1..=MOST_STEPS).contains(&steps) {
            return Err(FluxError::Steps(steps));
        }
        Ok(((height / side) as usize, (width / side) as usize))
    }
}

/// A picture without transparency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green and blue of each pixel, row by row.
    pub rgb: Vec<u8>,
}

/// The flow transformer and the autoencoder's decoder.
#[derive(Debug, Clone)]
pub struct Painter {
    flow: Transformer,
    decoder: Decoder,
    device: Device,
}

impl Painter {
    /// Reads both networks and puts them on `device`, to compute there in `bf16`, or in single precision
    /// on the CPU; the flow's weights stay in `bf16` or packed, as they are stored.
    ///
    /// # Errors
    /// When the weights are of other networks.
    pub fn load(flow: &Weights, decoder: &Weights, device: &Device) -> Result<Self, FluxError> {
        // Some conversions put a prefix before every name.
        let flow = flow.renamed(|name| {
            let bare = name.strip_prefix("model.diffusion_model.").unwrap_or(name);
            Some(bare.to_owned())
        })?;
        let computed = device.bf16_default_to_f32();
        let flow_config = TransformerConfig::of(&flow)?;
        let layers = Layers::open(&flow, computed, device);
        let decoder_layers = Layers::open(decoder, computed, device);
        Ok(Self {
            flow: Transformer::load(&flow_config, &layers).map_err(FluxError::of(FLOW))?,
            decoder: Decoder::load(&AutoencoderConfig::of(decoder)?, &decoder_layers)
                .map_err(FluxError::of(AUTOENCODER))?,
            device: device.clone(),
        })
    }

    /// Where they are.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// Paints a prompt. `watch` is told how many steps of how many are done, before the first and after
    /// each, the decoding being the last; it says whether to go on.
    ///
    /// # Errors
    /// When the settings are impossible, `watch` breaks off, or the device fails.
    pub fn paint(
        &self,
        prompt: &Encoded,
        seed: u64,
        settings: &FluxSettings,
        watch: &mut dyn FnMut(u32, u32) -> ControlFlow<()>,
    ) -> Result<Picture, FluxError> {
        let (rows, columns) = settings.tokens()?;
        let total = settings.steps + 1;
        let mut ask = |done: u32| match watch(done, total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(FluxError::Cancelled),
        };
        ask(0)?;
        let mut steps = self
            .begin(prompt, seed, settings)
            .map_err(FluxError::of(FLOW))?;
        let mut done = 0;
        while steps.step(&self.flow).map_err(FluxError::of(FLOW))? {
            done += 1;
            ask(done)?;
        }
        let rgb = unpack(&steps.latent, rows, columns)
            .and_then(|latent| self.decoder.forward(&latent))
            .and_then(|picture| bytes(&picture))
            .map_err(FluxError::of(AUTOENCODER))?
            .ok_or(FluxError::NotANumber)?;
        ask(total)?;
        Ok(Picture {
            width: settings.width,
            height: settings.height,
            rgb,
        })
    }

    fn begin(&self, prompt: &Encoded, seed: u64, settings: &FluxSettings) -> CandleResult<Steps> {
        let (rows, columns) = (
            settings.height as usize / TOKEN_SIDE,
            settings.width as usize / TOKEN_SIDE,
        );
        let text = prompt.text.to_device(&self.device)?;
        let pooled = prompt.pooled.to_device(&self.device)?;
        Ok(Steps {
            latent: start(seed, rows, columns, &self.device)?,
            surroundings: self.flow.surroundings(&text, &pooled, rows, columns)?,
            times: schedule(settings.steps),
            next: 0,
        })
    }
}

/// A picture on its way.
struct Steps {
    /// In single precision all the way: what a step adds is small beside it.
    latent: Tensor,
    surroundings: super::transformer::Surroundings,
    times: Vec<f64>,
    next: usize,
}

impl Steps {
    /// One step of Euler's; whether there was one left.
    fn step(&mut self, flow: &Transformer) -> CandleResult<bool> {
        let Some(&[now, then]) = self.times.get(self.next..self.next + 2) else {
            return Ok(false);
        };
        let t = Tensor::new(&[now as f32], self.latent.device())?;
        let direction = flow.forward(&self.latent, &t, &self.surroundings)?;
        self.latent = (&self.latent + (direction * (then - now))?)?;
        self.next += 1;
        Ok(true)
    }
}
