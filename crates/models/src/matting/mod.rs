//! Which pixels of a picture are its subject, by a network: BiRefNet out of the weights store, or any
//! matting network in an ONNX file.

mod onnx;
mod settings;

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use candle_nn::VarBuilder;

use crate::birefnet::{BiRefNet, BiRefNetConfig};
use crate::normalise::IMAGENET;
use crate::resize::{Filter, aligned, resize};
use crate::store::{Precision, Store, StoreError};
pub use onnx::OnnxMatting;
pub use settings::{MattingOutput, OnnxSettings};

/// Side of the square that BiRefNet sees, in pixels: what it was trained on.
const SIDE: usize = 1024;
/// Neither side of a picture may be longer.
const MOST_SIDE: usize = 8192;

/// Why there is no alpha.
#[derive(Debug, thiserror::Error)]
pub enum MattingError {
    /// The weights are not here, or cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No network for it is called so.
    #[error(
        "{0} is no network that cuts out: birefnet and rmbg-2.0 are, and so may be a file that ends in .onnx"
    )]
    Unknown(String),
    /// The weights do not fit, or the network failed.
    #[error("{name}: {reason}")]
    Network {
        /// Which.
        name: String,
        /// What happened, in one line.
        reason: String,
    },
    /// There was no memory left on the device.
    #[error("{name}: out of memory: {reason}")]
    Memory {
        /// Which network.
        name: String,
        /// What the device said.
        reason: String,
    },
    /// A file that cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why, and what to do about it.
        reason: String,
    },
    /// The picture is not one.
    #[error(
        "{bytes} bytes are no RGB picture of {width}×{height} pixels (at most {MOST_SIDE} each way)"
    )]
    Picture {
        /// How many there are.
        bytes: usize,
        /// The width it is said to have.
        width: u32,
        /// The height it is said to have.
        height: u32,
    },
}

/// A network that tells a picture's subject from its ground.
#[derive(Debug)]
pub struct Matting {
    name: String,
    net: Net,
}

#[derive(Debug)]
enum Net {
    BiRefNet {
        net: Box<BiRefNet>,
        dtype: DType,
        device: Device,
        side: usize,
    },
    Onnx(Box<OnnxMatting>),
}

impl Matting {
    /// Opens what is called `choice`: `birefnet` or `rmbg-2.0` out of the store onto `device`, in half
    /// precision on a GPU; or the ONNX file of that path, on the CPU.
    ///
    /// RMBG-2.0's licence forbids commercial use, which mining is: it is never chosen unless named, and
    /// the store's manifest has its licence to be shown.
    ///
    /// # Errors
    /// When there is no such network, or it cannot be loaded.
    pub fn open(choice: &str, store: &Store, device: &Device) -> Result<Self, MattingError> {
        if Path::new(choice)
            .extension()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("onnx"))
        {
            return Self::onnx(Path::new(choice), None);
        }
        let config = match choice {
            "birefnet" => BiRefNetConfig::GENERAL,
            "rmbg-2.0" => BiRefNetConfig::RMBG_2,
            _ => return Err(MattingError::Unknown(choice.to_owned())),
        };
        let dtype = if device.is_cpu() {
            DType::F32
        } else {
            DType::F16
        };
        let weights = store.weights(choice)?;
        Self::birefnet(
            choice,
            &config,
            &weights.builder(Precision::As(dtype), device),
            SIDE,
        )
    }

    /// A BiRefNet with these weights, in their precision and on their device, that sees squares of `side`
    /// pixels.
    ///
    /// # Errors
    /// When a weight is missing or has another shape than the configuration says.
    pub fn birefnet(
        name: &str,
        config: &BiRefNetConfig,
        weights: &VarBuilder<'_>,
        side: usize,
    ) -> Result<Self, MattingError> {
        let net = BiRefNet::load(config, weights).map_err(|error| failed(name, &error))?;
        Ok(Self {
            name: name.to_owned(),
            net: Net::BiRefNet {
                net: Box::new(net),
                dtype: weights.dtype(),
                device: weights.device().clone(),
                side,
            },
        })
    }

    /// The network in an ONNX file, with these settings; `None`: those of a TOML file of the same name
    /// beside it, or else what is known of networks named so (see [`OnnxSettings::known`]).
    ///
    /// # Errors
    /// When the file cannot be used, or nothing is known of it.
    pub fn onnx(path: &Path, settings: Option<OnnxSettings>) -> Result<Self, MattingError> {
        let net = OnnxMatting::open(path, settings)?;
        Ok(Self {
            name: net.name().to_owned(),
            net: Net::Onnx(Box::new(net)),
        })
    }

    /// What people call it, such as `birefnet` or `isnet.onnx`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much of each pixel is the subject, `0..1`, row by row from the top, of a picture of `width`×
    /// `height` pixels of red, green and blue.
    ///
    /// # Errors
    /// When the picture is none, or the network fails.
    pub fn alpha(&self, width: u32, height: u32, rgb: &[u8]) -> Result<Vec<f32>, MattingError> {
        let (across, down) = (width as usize, height as usize);
        let is_picture = (1..=MOST_SIDE).contains(&across)
            && (1..=MOST_SIDE).contains(&down)
            && rgb.len() == 3 * across * down;
        if !is_picture {
            return Err(MattingError::Picture {
                bytes: rgb.len(),
                width,
                height,
            });
        }
        match &self.net {
            Net::BiRefNet {
                net,
                dtype,
                device,
                side,
            } => {
                let colours = colours([across, down], rgb, device);
                let alpha = colours.and_then(|colours| {
                    let seen = IMAGENET.apply(&shrunk(&colours, [*side; 2])?)?;
                    let logits = net.forward(&seen.to_dtype(*dtype)?)?;
                    let alpha = candle_nn::ops::sigmoid(&logits.to_dtype(DType::F32)?)?;
                    grown(&alpha, [across, down])
                });
                alpha.map_err(|error| failed(&self.name, &error))
            }
            Net::Onnx(net) => net.alpha([across, down], rgb),
        }
    }
}

/// Colours from 0 to 1, `(1, 3, height, width)`.
fn colours([width, height]: [usize; 2], rgb: &[u8], device: &Device) -> CandleResult<Tensor> {
    let values: Vec<f32> = rgb.iter().map(|value| f32::from(*value) / 255.0).collect();
    Tensor::from_vec(values, (1, height, width, 3), device)?.permute((0, 3, 1, 2))
}

/// In the size that a network sees, `[width, height]`: Pillow's and torchvision's way.
fn shrunk(colours: &Tensor, [width, height]: [usize; 2]) -> CandleResult<Tensor> {
    resize(colours, height, width, Filter::BilinearAntialias)
}

/// Alpha `(1, 1, …)` in the picture's size, as BiRefNet's `inference.py` does it.
fn grown(alpha: &Tensor, [width, height]: [usize; 2]) -> CandleResult<Vec<f32>> {
    let alpha = aligned(&alpha.permute((0, 2, 3, 1))?.contiguous()?, height, width)?;
    alpha.clamp(0.0, 1.0)?.flatten_all()?.to_vec1()
}

/// Errors of devices in one line, without the backtrace that follows.
fn failed(name: &str, error: &candle_core::Error) -> MattingError {
    let words = error.to_string();
    let reason = words.lines().next().unwrap_or_default().to_owned();
    let name = name.to_owned();
    let lower = words.to_ascii_lowercase();
    if lower.contains("out of memory") || lower.contains("out_of_memory") {
        MattingError::Memory { name, reason }
    } else {
        MattingError::Network { name, reason }
    }
}
