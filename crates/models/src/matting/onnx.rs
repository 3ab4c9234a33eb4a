//! Matting networks in ONNX files, run by rten: on the CPU, with nothing to install.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use candle_core::{Device, Tensor};
use rten::{Dimension, Model, NodeId, RunOptions, Value, ValueType};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor as Array};

use super::settings::{MattingOutput, OnnxSettings};
use super::{MattingError, colours, failed, grown, shrunk};

/// A file may be as large as BiRefNet in single precision and then some.
const MOST_BYTES: u64 = 2 << 30;
/// The network sees at most so many pixels each way.
const MOST_SIDE: usize = 2048;
/// As large as the text of settings may be.
const MOST_SETTINGS: u64 = 64 * 1024;
/// What is outside 0 to 1 by more than this is no alpha.
const SLACK: f32 = 0.01;

/// A network and how it is used.
pub struct OnnxMatting {
    name: String,
    model: Model,
    input: NodeId,
    output: NodeId,
    /// `[width, height]` of what it sees.
    size: [usize; 2],
    settings: OnnxSettings,
}

impl fmt::Debug for OnnxMatting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OnnxMatting")
            .field("name", &self.name)
            .field("size", &self.size)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl OnnxMatting {
    /// See [`Matting::onnx`](super::Matting::onnx).
    ///
    /// # Errors
    /// When the file cannot be used, or nothing is known of it.
    pub fn open(path: &Path, settings: Option<OnnxSettings>) -> Result<Self, MattingError> {
        let unusable = |reason: String| MattingError::File {
            path: path.to_owned(),
            reason,
        };
        let name = path.file_name().unwrap_or(path.as_os_str());
        let settings = match settings {
            Some(settings) => settings,
            None => settings_of(path)?,
        };
        let bytes = read(path, MOST_BYTES).map_err(unusable)?;
        let model = Model::load(bytes).map_err(|error| unusable(one_line(&error)))?;
        let (input, size) = input_of(&model, &settings).map_err(unusable)?;
        let output = model.output_ids().first().copied();
        let output = output.ok_or_else(|| unusable("nothing comes out of it".to_owned()))?;
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            model,
            input,
            output,
            size,
            settings,
        })
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// See [`Matting::alpha`](super::Matting::alpha); `rgb` has as many bytes as `[width, height]` says.
    pub(super) fn alpha(&self, picture: [usize; 2], rgb: &[u8]) -> Result<Vec<f32>, MattingError> {
        let seen = self
            .seen(picture, rgb)
            .map_err(|error| failed(&self.name, &error))?;
        let alpha = self.run(seen)?;
        let [width, height] = self.size;
        Tensor::from_vec(alpha, (1, 1, height, width), &Device::Cpu)
            .and_then(|alpha| grown(&alpha, picture))
            .map_err(|error| failed(&self.name, &error))
    }

    /// The picture as the network sees it: `(3, height, width)`.
    fn seen(&self, picture: [usize; 2], rgb: &[u8]) -> candle_core::Result<Vec<f32>> {
        let colours = colours(picture, rgb, &Device::Cpu)?;
        let mut seen: Vec<f32> = shrunk(&colours, self.size)?.flatten_all()?.to_vec1()?;
        let plane = (self.size[0] * self.size[1]).max(1);
        for (channel, values) in seen.chunks_exact_mut(plane).enumerate() {
            let (mean, deviation) = (
                self.settings.mean[channel],
                self.settings.deviation[channel],
            );
            for value in values {
                *value = (*value * 255.0 - mean) / deviation;
            }
        }
        Ok(seen)
    }

    /// Alpha in the size the network sees.
    fn run(&self, seen: Vec<f32>) -> Result<Vec<f32>, MattingError> {
        let network = |reason: String| MattingError::Network {
            name: self.name.clone(),
            reason,
        };
        let [width, height] = self.size;
        let input = NdTensor::from_data([1, 3, height, width], seen);
        let found = self
            .model
            .run(
                vec![(self.input, input.into())],
                &[self.output],
                Some(RunOptions::default()),
            )
            .map_err(|error| network(one_line(&error)))?;
        let found: Option<Value> = found.into_iter().next();
        let found: Option<Array<f32>> = found.and_then(|value| value.try_into().ok());
        let found = found.ok_or_else(|| network("what comes out is no f32".to_owned()))?;
        let shape = found.shape().to_vec();
        let is_plane = shape.ends_with(&[height, width]) && found.len() == width * height;
        if !is_plane {
            let reason = format!(
                "what comes out is {shape:?}, not one value for each pixel of {width}×{height}"
            );
            return Err(network(reason));
        }
        self.meant(found.to_vec()).map_err(network)
    }

    /// What the values mean as alpha.
    fn meant(&self, mut values: Vec<f32>) -> Result<Vec<f32>, String> {
        if values.iter().any(|value| !value.is_finite()) {
            return Err("what comes out is no number everywhere".to_owned());
        }
        let least = values.iter().copied().fold(f32::INFINITY, f32::min);
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        match self.settings.output {
            MattingOutput::Alpha if least < -SLACK || most > 1.0 + SLACK => {
                return Err(format!(
                    "what comes out goes from {least:.2} to {most:.2}, so it is no alpha: say output = \"logits\" or \"stretched\" in its settings"
                ));
            }
            MattingOutput::Alpha => {}
            MattingOutput::Logits => {
                for value in &mut values {
                    *value = 1.0 / (1.0 + (-*value).exp());
                }
            }
            MattingOutput::Stretched => {
                let range = (most - least).max(f32::EPSILON);
                for value in &mut values {
                    *value = (*value - least) / range;
                }
            }
        }
        Ok(values)
    }
}

/// The settings beside a file, or those known by its name.
fn settings_of(path: &Path) -> Result<OnnxSettings, MattingError> {
    let beside = path.with_extension("toml");
    if beside.exists() {
        let unusable = |reason| MattingError::File {
            path: beside.clone(),
            reason,
        };
        let bytes = read(&beside, MOST_SETTINGS).map_err(unusable)?;
        let text = String::from_utf8(bytes).map_err(|_| unusable("it is no text".to_owned()))?;
        return OnnxSettings::parse(&text).map_err(unusable);
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    OnnxSettings::known(&stem).ok_or_else(|| MattingError::File {
        path: path.to_owned(),
        reason: format!(
            "nothing is known of a network of this name; put what it takes into {}: side, mean, deviation, output",
            beside.display()
        ),
    })
}

/// The content of a file that is not too large.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size > most {
        return Err(format!("it has {size} bytes; at most {most} are taken"));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The one input, and the size of the pictures it takes.
fn input_of(model: &Model, settings: &OnnxSettings) -> Result<(NodeId, [usize; 2]), String> {
    let [input] = model.input_ids() else {
        return Err(format!(
            "it takes {} inputs, not one picture",
            model.input_ids().len()
        ));
    };
    let info = model.node_info(*input);
    let dtype = info.as_ref().and_then(rten::NodeInfo::dtype);
    if !matches!(dtype, None | Some(ValueType::Tensor(rten::DataType::Float))) {
        return Err(format!("it takes {dtype:?}, not f32"));
    }
    let Some(shape) = model.input_shape(0) else {
        return settled([None; 2], settings).map(|size| (*input, size));
    };
    let sizes: Vec<Option<usize>> = shape
        .iter()
        .map(|dimension| match dimension {
            Dimension::Fixed(size) => Some(*size),
            Dimension::Symbolic(_) => None,
        })
        .collect();
    match sizes.as_slice() {
        [None | Some(1), None | Some(3), height, width] => {
            settled([*width, *height], settings).map(|size| (*input, size))
        }
        _ => Err(format!(
            "it takes {sizes:?}, not one picture of three colours"
        )),
    }
}

/// The size the file says, or else the settings.
fn settled(said: [Option<usize>; 2], settings: &OnnxSettings) -> Result<[usize; 2], String> {
    let [width, height] = said.map(|side| side.or(settings.side));
    let (Some(width), Some(height)) = (width, height) else {
        return Err("it takes pictures of any size: say side in its settings".to_owned());
    };
    if [width, height]
        .iter()
        .any(|side| !(1..=MOST_SIDE).contains(side))
    {
        return Err(format!(
            "it sees {width}×{height} pixels; at most {MOST_SIDE} each way are taken"
        ));
    }
    Ok([width, height])
}

fn one_line(error: &dyn fmt::Display) -> String {
    let words = error.to_string();
    let lines: Vec<&str> = words.lines().map(str::trim).collect();
    lines.join("; ")
}
