//! What has to be known of a network in an ONNX file: the file does not say it.

use serde::Deserialize;

/// What the first output of a network means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MattingOutput {
    /// Alpha from 0 to 1.
    Alpha,
    /// What alpha is the sigmoid of.
    Logits,
    /// Alpha but for its range: the least value is to become 0, the greatest 1.
    Stretched,
}

/// How a picture is put in, and what comes out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxSettings {
    /// Side of the square it sees, in pixels, where the file leaves it open.
    #[serde(default)]
    pub side: Option<usize>,
    /// Taken off red, green and blue, of colours from 0 to 255 …
    pub mean: [f32; 3],
    /// … and what the rest is divided by.
    pub deviation: [f32; 3],
    /// What comes out first.
    pub output: MattingOutput,
}

/// ImageNet's mean and deviation, of colours from 0 to 255.
const IMAGENET: [[f32; 3]; 2] = [[123.675, 116.28, 103.53], [58.395, 57.12, 57.375]];

impl OnnxSettings {
    /// What is known of networks by the beginning of their files' names, whatever follows it
    /// (`isnet-medium`):
    ///
    /// | name | side | put in | comes out |
    /// |---|---|---|---|
    /// | `isnet` | 1024 | (x − 128) / 256 | alpha (the files of `@imgly/background-removal-data`) |
    /// | `inspyrenet` | 1024 | ImageNet's | alpha, stretched (plemeri/InSPyReNet `lib/InSPyReNet.py`) |
    /// | `birefnet`, `rmbg-2` | 1024 | ImageNet's | logits (ZhengPeng7/BiRefNet `tutorials/BiRefNet_pth2onnx.ipynb`) |
    /// | `u2net` | 320 | ImageNet's | alpha, stretched (xuebinqin/U-2-Net `u2net_test.py`) |
    #[must_use]
    pub fn known(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (side, [mean, deviation], output) = match name.as_str() {
            name if name.starts_with("isnet") => {
                (1024, [[128.0; 3], [256.0; 3]], MattingOutput::Alpha)
            }
            name if name.starts_with("inspyrenet") => (1024, IMAGENET, MattingOutput::Stretched),
            name if name.starts_with("birefnet") || name.starts_with("rmbg-2") => {
                (1024, IMAGENET, MattingOutput::Logits)
            }
            name if name.starts_with("u2net") => (320, IMAGENET, MattingOutput::Stretched),
            _ => return None,
        };
        Some(Self {
            side: Some(side),
            mean,
            deviation,
            output,
        })
    }

    /// From TOML: `side` (optional), `mean`, `deviation` and `output` (`alpha`, `logits` or `stretched`).
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            let words: Vec<&str> = error.message().lines().map(str::trim).collect();
            words.join("; ")
        })?;
        let numbers = settings.mean.iter().chain(&settings.deviation);
        if numbers.clone().any(|value| !value.is_finite()) || settings.deviation.contains(&0.0) {
            return Err("mean and deviation have to be numbers, and no deviation 0".to_owned());
        }
        Ok(settings)
    }
}
