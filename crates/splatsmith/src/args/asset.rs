//! The commands about one asset: generate, inspect, convert, judge.

use std::path::PathBuf;

use clap::Args;

use super::{GenerationArgs, JudgingArgs};

/// What an asset is asked to look like: text or an image.
#[derive(Debug, Clone, Args)]
pub(crate) struct PromptArgs {
    /// A few words
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,

    /// A picture (PNG, JPEG or WebP)
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
}

/// `splatsmith generate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct GenerateArgs {
    /// What to make, in a few words; or give --image
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: Option<String>,

    /// What to make, as a picture (PNG, JPEG or WebP)
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,

    /// Where to write it, .ply or .spz [default: named after the prompt, .ply]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Also write a picture of it from four sides (PNG)
    #[arg(long, value_name = "FILE")]
    pub(crate) preview: Option<PathBuf>,

    /// The same seed and prompt make the same cloud
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Start no further candidate after this much time, such as 30s
    #[arg(long, value_name = "TIME", help_heading = "Generation")]
    pub(crate) budget: Option<String>,

    /// Whose frame and size to write: pull-2025 (validators; +Y up) or viewer (SuperSplat; −Y up)
    #[arg(long, value_name = "PROFILE", default_value = "pull-2025")]
    pub(crate) profile: String,

    /// Print the result as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// The generator.
    #[command(flatten)]
    pub(crate) generation: GenerationArgs,
}

/// `splatsmith inspect`.
#[derive(Debug, Clone, Args)]
pub(crate) struct InspectArgs {
    /// The splat cloud, PLY or SPZ
    pub(crate) file: PathBuf,

    /// Whose expectations to hold it against: pull-2025 or viewer
    #[arg(long, value_name = "PROFILE", default_value = "pull-2025")]
    pub(crate) profile: String,

    /// Print the result as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,
}

/// `splatsmith convert`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConvertArgs {
    /// What to read: splat clouds as PLY, SPZ (the subnet's or Niantic's) or .splat; meshes as GLB,
    /// glTF, OBJ or PLY with faces
    #[arg(value_name = "IN", required = true, num_args = 1..)]
    pub(crate) inputs: Vec<PathBuf>,

    /// The file to write; of several INs, the folder
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// What to write: ply, spz (the subnet's), spz-niantic, spz-niantic-v3 or splat [default: by
    /// OUT's extension]
    #[arg(long, value_name = "CONTAINER")]
    pub(crate) to: Option<String>,

    /// How hard to compress: 1 (fast) to 22 for spz, to 9 for spz-niantic [default: 1 and 6]
    #[arg(long, value_name = "N")]
    pub(crate) level: Option<i32>,

    /// Turn and size it for: pull-2025 or viewer [default: leave both as they are; a mesh is made
    /// for pull-2025]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,

    /// Which way up IN is: pull-2025 (+Y up) or viewer (−Y up); meshes are +Y up
    #[arg(
        long,
        value_name = "PROFILE",
        default_value = "pull-2025",
        requires = "profile"
    )]
    pub(crate) from: String,

    /// How many splats to cover a mesh with, at most [default: 200000]
    #[arg(long, value_name = "N", help_heading = "Meshes")]
    pub(crate) splats: Option<usize>,

    /// The same mesh, number of splats and seed make the same cloud
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Meshes")]
    pub(crate) seed: u64,

    /// Print what became of it as JSON on stdout: an object, or a list of them where OUT is a folder
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,
}

/// `splatsmith judge`.
#[derive(Debug, Clone, Args)]
pub(crate) struct JudgeArgs {
    /// The splat cloud, PLY or SPZ
    pub(crate) file: PathBuf,

    /// What it was asked to look like.
    #[command(flatten)]
    pub(crate) prompt: PromptArgs,

    /// Which way up and how large it is: pull-2025 (as it is submitted) or viewer
    #[arg(long, value_name = "PROFILE", default_value = "pull-2025")]
    pub(crate) profile: String,

    /// Print the verdict as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// How it is judged.
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
}
