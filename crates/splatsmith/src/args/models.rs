//! The weights of the networks: what there is, getting it, checking it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::FilesArgs;

/// Where weights are kept.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Models")]
pub(crate) struct StoreArgs {
    /// Keep weights below this folder [default: where Hugging Face's and PyTorch's tools keep them]
    #[arg(long = "models-dir", value_name = "DIR")]
    pub(crate) models_dir: Option<PathBuf>,
}

/// `splatsmith models`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ModelsArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: ModelsCommand,
}

/// What can be done with models.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Show which models there are, their terms, and what of them is here
    List(ListArgs),
    /// Get models here; asks the Hugging Face hub (HF_ENDPOINT, HF_TOKEN, HF_HOME)
    Pull(PullArgs),
    /// Check sizes and hashes of what is here: exit code 1 when any file is bad
    Verify(VerifyArgs),
    /// Show what of the native pipeline stays on a GPU of a size, and what does not, by what is here and
    /// what can be pulled; loads nothing
    Plan(PlanArgs),
    /// Print how each category of prompts is made, as the table (TOML) that --categories takes
    Categories(CategoriesArgs),
}

/// `splatsmith models list`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// Only these: names of models, what they are for (quality, text, image, distance, gate, …),
    /// judge or all
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Print the list as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// Where they are kept.
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// `splatsmith models pull`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PullArgs {
    /// What to get: names of models, what they are for (quality, text, image, distance, gate, …),
    /// judge for all that judging needs, or all
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,

    /// Fetch nothing: only check that everything is here
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) offline: bool,

    /// How many files to fetch at a time
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) parallel: usize,

    /// Get models whose licence forbids commercial use too: mining with them breaks what a miner
    /// declares with each submission
    #[arg(long)]
    pub(crate) accept_non_commercial: bool,

    /// Print what became of each file as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// Where to keep them.
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// `splatsmith models verify`.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyArgs {
    /// Only these, and all of them must be here [default: whatever is here]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Print what was found as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// Where they are kept.
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// `splatsmith models plan`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlanArgs {
    /// The gigabytes of the card
    #[arg(long, value_name = "GB", default_value_t = 24)]
    pub(crate) vram: u64,

    /// Without FLUX: for image prompts alone
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) images_only: bool,

    /// Without the judge's networks on the same card
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) no_validation: bool,

    /// Print the plan as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// Where weights are kept.
    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// What else is worked with.
    #[command(flatten)]
    pub(crate) files: FilesArgs,
}

/// `splatsmith models categories`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CategoriesArgs {
    /// With the changes of this table (TOML) to what is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) categories: Option<PathBuf>,

    /// Print it as JSON on stdout instead
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,
}
