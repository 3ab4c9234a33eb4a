//! Our own networks: where they run and how they sample.

use std::path::PathBuf;

use clap::Args;

/// What the native backend works with, where that is not what was pulled.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Native generation")]
pub(crate) struct FilesArgs {
    /// Cut objects out with this, in the order given: birefnet, rmbg-2.0 (its licence forbids mining), or an
    /// ONNX file of a matting network, such as one from scripts/fetch-isnet [default: birefnet where it
    /// is pulled]
    #[arg(long, value_name = "NAME|FILE", value_delimiter = ',')]
    pub(crate) cutout: Vec<String>,

    /// Generate with the TRELLIS pipeline in this folder, laid out as its published repository with
    /// dinov2_vitl14_reg.safetensors or clip-vit-large-patch14/ beside it [default: the models pulled]
    #[arg(long = "trellis.folder", id = "trellis.folder", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,

    /// Paint with the FLUX in this folder: flux.gguf, t5.gguf (or .safetensors), ae.safetensors,
    /// clip.safetensors, t5.tokenizer.json, clip.tokenizer.json [default: the models pulled]
    #[arg(long = "flux.folder", id = "flux.folder", value_name = "DIR")]
    pub(crate) flux_folder: Option<PathBuf>,
}

/// The native backend.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Native generation")]
pub(crate) struct NativeArgs {
    /// GPUs to generate on, by number: give it several times, or `all`; `cpu` is for trying things out
    /// [default: all there are]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(crate) gpu: Vec<String>,

    /// Use each GPU as if it had so many gigabytes, such as 12, 16, 24 or 48 [default: what is free]
    #[arg(long, value_name = "GB")]
    pub(crate) vram: Option<u64>,

    /// A table (TOML) that says how each category of prompts is made, where otherwise than built in
    #[arg(long, value_name = "FILE")]
    pub(crate) categories: Option<PathBuf>,

    /// What it works with, where that is not what was pulled.
    #[command(flatten)]
    pub(crate) files: FilesArgs,

    /// Pixels of what FLUX paints, each way, a multiple of 16; TRELLIS sees 518 [default: 512]
    #[arg(long = "flux.side", id = "flux.side", value_name = "PIXELS")]
    pub(crate) flux_side: Option<u32>,

    /// Steps of both flows of TRELLIS [default: what the models were published with]
    #[arg(long = "trellis.steps", id = "trellis.steps", value_name = "N")]
    pub(crate) steps: Option<u32>,

    /// Steps of the flow that finds the structure
    #[arg(
        long = "trellis.structure.steps",
        id = "trellis.structure.steps",
        value_name = "N"
    )]
    pub(crate) structure_steps: Option<u32>,

    /// How closely the structure follows the prompt; 0 is not guided
    #[arg(
        long = "trellis.structure.guidance",
        id = "trellis.structure.guidance",
        value_name = "STRENGTH"
    )]
    pub(crate) structure_guidance: Option<f64>,

    /// From which to which time the structure is guided, such as 0.5..1; 1 is noise
    #[arg(
        long = "trellis.structure.interval",
        id = "trellis.structure.interval",
        value_name = "FROM..TO"
    )]
    pub(crate) structure_interval: Option<String>,

    /// How much of the structure's steps go to noisy times; 1 spreads them evenly
    #[arg(
        long = "trellis.structure.rescale-t",
        id = "trellis.structure.rescale-t",
        value_name = "FACTOR"
    )]
    pub(crate) structure_rescale_t: Option<f64>,

    /// Steps of the flow that details the structure
    #[arg(
        long = "trellis.latent.steps",
        id = "trellis.latent.steps",
        value_name = "N"
    )]
    pub(crate) latent_steps: Option<u32>,

    /// How closely details follow the prompt; 0 is not guided
    #[arg(
        long = "trellis.latent.guidance",
        id = "trellis.latent.guidance",
        value_name = "STRENGTH"
    )]
    pub(crate) latent_guidance: Option<f64>,

    /// From which to which time details are guided
    #[arg(
        long = "trellis.latent.interval",
        id = "trellis.latent.interval",
        value_name = "FROM..TO"
    )]
    pub(crate) latent_interval: Option<String>,

    /// How much of the details' steps go to noisy times
    #[arg(
        long = "trellis.latent.rescale-t",
        id = "trellis.latent.rescale-t",
        value_name = "FACTOR"
    )]
    pub(crate) latent_rescale_t: Option<f64>,
}
