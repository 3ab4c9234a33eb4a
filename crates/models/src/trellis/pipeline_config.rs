//! `pipeline.json`: which networks a published pipeline is made of, and how it samples.
//!
//! microsoft/TRELLIS `trellis/pipelines/{base,trellis_image_to_3d,trellis_text_to_3d}.py`.

use serde::Deserialize;

use super::sampler::{SamplerSettings, SamplerSettingsError};

/// Channels of a structured latent: more than this cannot be meant.
const MOST_CHANNELS: usize = 1024;

/// Why a `pipeline.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PipelineConfigError {
    /// It is no JSON, or something is missing or of the wrong kind.
    #[error("{0}")]
    Form(#[from] serde_json::Error),
    /// A sampler nobody here knows.
    #[error(
        "{stage} is {name}: this version knows FlowEulerGuidanceIntervalSampler, FlowEulerCfgSampler and FlowEulerSampler"
    )]
    Sampler {
        /// `sparse_structure_sampler` or `slat_sampler`.
        stage: &'static str,
        /// Its name.
        name: String,
    },
    /// Settings that make no sense.
    #[error("{stage}: {error}")]
    Settings {
        /// `sparse_structure_sampler` or `slat_sampler`.
        stage: &'static str,
        /// What is wrong.
        error: SamplerSettingsError,
    },
    /// Means and deviations do not belong together.
    #[error("slat_normalization has {means} means and {deviations} deviations")]
    Normalisation {
        /// How many means.
        means: usize,
        /// How many deviations.
        deviations: usize,
    },
    /// Neither images nor text, or both.
    #[error("it must name one of image_cond_model and text_cond_model")]
    Condition,
    /// A network's place is no plain path.
    #[error("{0:?} names no network: a path such as ckpts/name is expected")]
    Place(String),
}

/// What a pipeline is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionModel {
    /// Images, seen by a network of this name (`dinov2_vitl14_reg`).
    Image(String),
    /// Words, read by a network of this name (`openai/clip-vit-large-patch14`).
    Text(String),
}

/// Where a network's `.json` and `.safetensors` lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPlace {
    /// The repository (`owner/name`), if it is another than the pipeline's own.
    pub repository: Option<String>,
    /// The path in it, without extension: `ckpts/ss_dec_conv3d_16l8_fp16`.
    pub path: String,
}

/// The networks of a pipeline, by what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks {
    /// Noise and condition to the latent of the structure.
    pub sparse_structure_flow: NetworkPlace,
    /// That latent to which voxels are occupied.
    pub sparse_structure_decoder: NetworkPlace,
    /// Noise on the voxels and condition to the structured latent.
    pub slat_flow: NetworkPlace,
    /// The structured latent to Gaussians.
    pub slat_decoder_gs: NetworkPlace,
}

/// What a `pipeline.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineConfig {
    /// The networks.
    pub networks: Networks,
    /// What it is asked with.
    pub condition: ConditionModel,
    /// How the structure is sampled unless told otherwise.
    pub sparse_structure_sampler: SamplerSettings,
    /// How the structured latent is sampled unless told otherwise.
    pub slat_sampler: SamplerSettings,
    /// Added to each channel of the structured latent after sampling.
    pub slat_mean: Vec<f32>,
    /// What each channel is multiplied by before.
    pub slat_std: Vec<f32>,
}

impl PipelineConfig {
    /// Reads a `pipeline.json`.
    ///
    /// # Errors
    /// When something in it is missing or cannot be used.
    pub fn parse(json: &str) -> Result<Self, PipelineConfigError> {
        let Published { args } = serde_json::from_str(json)?;
        let condition = match (args.image_cond_model, args.text_cond_model) {
            (Some(name), None) => ConditionModel::Image(name),
            (None, Some(name)) => ConditionModel::Text(name),
            _ => return Err(PipelineConfigError::Condition),
        };
        let Normalisation { mean, std } = args.slat_normalization;
        if mean.is_empty() || mean.len() > MOST_CHANNELS || mean.len() != std.len() {
            return Err(PipelineConfigError::Normalisation {
                means: mean.len(),
                deviations: std.len(),
            });
        }
        let models = args.models;
        Ok(Self {
            networks: Networks {
                sparse_structure_flow: place(&models.sparse_structure_flow_model)?,
                sparse_structure_decoder: place(&models.sparse_structure_decoder)?,
                slat_flow: place(&models.slat_flow_model)?,
                slat_decoder_gs: place(&models.slat_decoder_gs)?,
            },
            condition,
            sparse_structure_sampler: args
                .sparse_structure_sampler
                .settings("sparse_structure_sampler")?,
            slat_sampler: args.slat_sampler.settings("slat_sampler")?,
            slat_mean: mean,
            slat_std: std,
        })
    }
}

/// `ckpts/name` or `owner/repository/ckpts/name`, of plain names only: it becomes a path.
fn place(text: &str) -> Result<NetworkPlace, PipelineConfigError> {
    let wrong = || PipelineConfigError::Place(text.to_owned());
    let is_plain = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
    };
    let names: Vec<&str> = text.split('/').collect();
    if !names.iter().all(|name| is_plain(name)) {
        return Err(wrong());
    }
    match names.as_slice() {
        [_, _] | [_] => Ok(NetworkPlace {
            repository: None,
            path: text.to_owned(),
        }),
        [owner, repository, path @ ..] => Ok(NetworkPlace {
            repository: Some(format!("{owner}/{repository}")),
            path: path.join("/"),
        }),
        [] => Err(wrong()),
    }
}

#[derive(Deserialize)]
struct Published {
    args: Arguments,
}

#[derive(Deserialize)]
struct Arguments {
    models: Models,
    sparse_structure_sampler: Sampler,
    slat_sampler: Sampler,
    slat_normalization: Normalisation,
    image_cond_model: Option<String>,
    text_cond_model: Option<String>,
}

#[derive(Deserialize)]
struct Models {
    sparse_structure_flow_model: String,
    sparse_structure_decoder: String,
    slat_flow_model: String,
    slat_decoder_gs: String,
}

#[derive(Deserialize)]
struct Normalisation {
    mean: Vec<f32>,
    std: Vec<f32>,
}

#[derive(Deserialize)]
struct Sampler {
    name: String,
    params: SamplerParameters,
}

/// Where one is missing, the reference's own default holds.
#[derive(Deserialize)]
struct SamplerParameters {
    #[serde(default = "fifty")]
    steps: u32,
    #[serde(default = "three")]
    cfg_strength: f64,
    #[serde(default = "always")]
    cfg_interval: (f64, f64),
    #[serde(default = "one")]
    rescale_t: f64,
}

fn fifty() -> u32 {
    50
}

fn three() -> f64 {
    3.0
}

fn always() -> (f64, f64) {
    (0.0, 1.0)
}

fn one() -> f64 {
    1.0
}

impl Sampler {
    fn settings(&self, stage: &'static str) -> Result<SamplerSettings, PipelineConfigError> {
        let given = &self.params;
        let (guidance, interval) = match self.name.as_str() {
            "FlowEulerGuidanceIntervalSampler" => (given.cfg_strength, given.cfg_interval),
            "FlowEulerCfgSampler" => (given.cfg_strength, always()),
            "FlowEulerSampler" => (0.0, always()),
            name => {
                let name = name.to_owned();
                return Err(PipelineConfigError::Sampler { stage, name });
            }
        };
        let settings = SamplerSettings {
            steps: given.steps,
            guidance,
            interval,
            rescale_t: given.rescale_t,
        };
        match settings.check() {
            Ok(()) => Ok(settings),
            Err(error) => Err(PipelineConfigError::Settings { stage, error }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn published() -> Value {
        let sampler = json!({
            "name": "FlowEulerGuidanceIntervalSampler",
            "args": {"sigma_min": 1e-5},
            "params": {"steps": 25, "cfg_strength": 5.0, "cfg_interval": [0.5, 1.0], "rescale_t": 3.0},
        });
        json!({
            "name": "TrellisImageTo3DPipeline",
            "args": {
                "models": {
                    "sparse_structure_decoder": "ckpts/ss_dec_conv3d_16l8_fp16",
                    "sparse_structure_flow_model": "ckpts/ss_flow_img_dit_L_16l8_fp16",
                    "slat_decoder_gs": "ckpts/slat_dec_gs_swin8_B_64l8gs32_fp16",
                    "slat_decoder_mesh": "ckpts/slat_dec_mesh_swin8_B_64l8m256c_fp16",
                    "slat_flow_model": "ckpts/slat_flow_img_dit_L_64l8p2_fp16",
                },
                "sparse_structure_sampler": sampler,
                "slat_sampler": sampler,
                "slat_normalization": {"mean": [0.0, 1.0], "std": [1.0, 2.0]},
                "image_cond_model": "dinov2_vitl14_reg",
            },
        })
    }

    fn parse(json: &Value) -> Result<PipelineConfig, PipelineConfigError> {
        PipelineConfig::parse(&json.to_string())
    }

    #[test]
    fn reads_what_is_published() {
        let config = parse(&published()).expect("a config");
        assert_eq!(config.slat_sampler.calls(), 44);
        assert_eq!(
            config.condition,
            ConditionModel::Image("dinov2_vitl14_reg".to_owned())
        );
        let decoder = config.networks.slat_decoder_gs;
        assert_eq!(decoder.path, "ckpts/slat_dec_gs_swin8_B_64l8gs32_fp16");
        assert_eq!(decoder.repository, None);
    }

    #[test]
    fn reads_networks_of_another_repository() {
        let mut json = published();
        let place = "microsoft/TRELLIS-image-large/ckpts/ss_dec_conv3d_16l8_fp16";
        json["args"]["models"]["sparse_structure_decoder"] = place.into();
        let decoder = parse(&json)
            .expect("a config")
            .networks
            .sparse_structure_decoder;
        assert_eq!(
            decoder.repository.as_deref(),
            Some("microsoft/TRELLIS-image-large")
        );
        assert_eq!(decoder.path, "ckpts/ss_dec_conv3d_16l8_fp16");
    }

    #[test]
    fn leads_nowhere_else() {
        for place in [
            "../../etc/passwd",
            "/etc/passwd",
            "ckpts/../x",
            "",
            "a//b",
            "c:\\x/y",
        ] {
            let mut json = published();
            json["args"]["models"]["slat_flow_model"] = place.into();
            let error = parse(&json).expect_err(place);
            assert!(matches!(error, PipelineConfigError::Place(_)), "{error}");
        }
    }

    #[test]
    fn guides_as_the_sampler_of_that_name_does() {
        let mut json = published();
        json["args"]["slat_sampler"]["name"] = "FlowEulerCfgSampler".into();
        assert_eq!(parse(&json).expect("a config").slat_sampler.calls(), 50);
        json["args"]["slat_sampler"]["name"] = "FlowEulerSampler".into();
        assert_eq!(parse(&json).expect("a config").slat_sampler.calls(), 25);
        json["args"]["slat_sampler"]["name"] = "Magic".into();
        let error = parse(&json).expect_err("an unknown sampler").to_string();
        assert!(error.starts_with("slat_sampler is Magic"), "{error}");
    }

    #[test]
    fn says_what_is_wrong() {
        let mut json = published();
        json["args"]["slat_normalization"]["std"] = json!([1.0]);
        let error = parse(&json).expect_err("too few").to_string();
        assert!(error.contains("2 means and 1 deviations"), "{error}");
        let mut json = published();
        json["args"]["sparse_structure_sampler"]["params"]["steps"] = 0.into();
        let error = parse(&json).expect_err("no steps").to_string();
        assert!(error.contains("0 steps"), "{error}");
        let mut json = published();
        json["args"]["text_cond_model"] = "x".into();
        assert!(parse(&json).is_err());
        json["args"].as_object_mut().expect("args").remove("models");
        let error = parse(&json).expect_err("no models").to_string();
        assert!(error.contains("models"), "{error}");
    }
}
