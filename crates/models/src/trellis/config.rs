//! The `.json` beside a checkpoint: `{"name": …, "args": {…}}`.

use candle_core::{DType, Device};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a checkpoint's configuration can't be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is no JSON of the expected form.
    #[error("not a TRELLIS configuration: {0}")]
    Json(#[from] serde_json::Error),
    /// It describes another network.
    #[error("this is the configuration of a {found}, not of a {expected}")]
    Name {
        /// What is wanted.
        expected: String,
        /// What it says.
        found: String,
    },
    /// It asks for something that is not implemented, or that makes no sense.
    #[error("{key} = {value} isn't supported: {wanted}")]
    Unsupported {
        /// The key under `args`.
        key: &'static str,
        /// What it says.
        value: String,
        /// What would do.
        wanted: &'static str,
    },
}

impl ConfigError {
    /// That `key` can't be `value`.
    pub(crate) fn unsupported(
        key: &'static str,
        value: impl ToString,
        wanted: &'static str,
    ) -> Self {
        Self::Unsupported {
            key,
            value: value.to_string(),
            wanted,
        }
    }
}

/// Reads the `args` of a configuration whose `name` is one of `names`.
///
/// # Errors
/// When it is no such JSON or describes another network.
pub(crate) fn parse<Args: DeserializeOwned>(
    json: &str,
    names: &[&str],
) -> Result<Args, ConfigError> {
    #[derive(Deserialize)]
    struct Outer {
        name: String,
        args: serde_json::Value,
    }
    let outer: Outer = serde_json::from_str(json)?;
    if !names.contains(&outer.name.as_str()) {
        return Err(ConfigError::Name {
            expected: names.join(" or "),
            found: outer.name,
        });
    }
    Ok(serde_json::from_value(outer.args)?)
}

/// The type that blocks run in: half precision where the network was made for it, but on a processor,
/// where that is slower, single precision.
pub fn block_dtype(use_fp16: bool, device: &Device) -> DType {
    if use_fp16 && !device.is_cpu() {
        DType::F16
    } else {
        DType::F32
    }
}

/// How positions are told, as the configurations name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionMode {
    /// Added once, before the blocks.
    #[default]
    Ape,
    /// Turned into queries and keys; no published network does.
    Rope,
}

impl PositionMode {
    /// Refuses what is not implemented.
    pub(crate) fn check(self) -> Result<(), ConfigError> {
        match self {
            Self::Ape => Ok(()),
            Self::Rope => Err(ConfigError::unsupported("pe_mode", "rope", "only ape is")),
        }
    }
}

/// Refuses what no network has: none, or more than 65,536 channels.
///
/// # Errors
/// When it is one of these.
pub(crate) fn channels(key: &'static str, count: usize) -> Result<(), ConfigError> {
    if (1..=1 << 16).contains(&count) {
        Ok(())
    } else {
        Err(ConfigError::unsupported(
            key,
            count,
            "a layer has 1 to 65536 channels",
        ))
    }
}

/// The heads of a network that may name their number or their width.
///
/// # Errors
/// When they don't divide the width of its tokens.
pub(crate) fn heads(
    width: usize,
    num_heads: Option<usize>,
    num_head_channels: Option<usize>,
) -> Result<usize, ConfigError> {
    let heads = match (num_heads, num_head_channels) {
        (Some(heads), _) if heads > 0 => heads,
        (_, Some(channels)) if channels > 0 => width / channels,
        _ => 0,
    };
    if heads == 0 || !width.is_multiple_of(heads) {
        let value = num_heads.map_or_else(|| "null".to_owned(), |heads| heads.to_string());
        return Err(ConfigError::unsupported(
            "num_heads",
            value,
            "heads must divide model_channels",
        ));
    }
    Ok(heads)
}

/// Width of the hidden layer of a block, as Python's `int(width * ratio)` has it.
///
/// # Errors
/// When that is none.
pub(crate) fn hidden(width: usize, mlp_ratio: f64) -> Result<usize, ConfigError> {
    let hidden = width as f64 * mlp_ratio;
    if !(1.0..1e6).contains(&hidden) {
        return Err(ConfigError::unsupported(
            "mlp_ratio",
            mlp_ratio,
            "it must give the blocks a hidden layer",
        ));
    }
    Ok(hidden as usize)
}
