//! What was typed. One struct per subsystem; nothing here is checked beyond its type: that is
//! [`crate::config`]'s work, so that all problems are shown at once.

mod asset;
mod camera;
mod generation;
mod judging;
mod layers;
mod limits;
mod mine;
mod models;
mod native;
mod network;
mod rehearse;
mod serve;
mod source;
mod status;
mod wallet;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use asset::{ConvertArgs, GenerateArgs, InspectArgs, JudgeArgs};
pub(crate) use camera::RenderArgs;
pub(crate) use generation::GenerationArgs;
pub(crate) use judging::JudgingArgs;
pub(crate) use layers::{ParseError, parse};
pub(crate) use limits::LimitArgs;
pub(crate) use mine::MineArgs;
pub(crate) use models::{
    CategoriesArgs, ListArgs, ModelsArgs, ModelsCommand, PlanArgs, PullArgs, StoreArgs, VerifyArgs,
};
pub(crate) use native::{FilesArgs, NativeArgs};
pub(crate) use network::NetworkArgs;
pub(crate) use rehearse::RehearseArgs;
pub(crate) use serve::ServeArgs;
pub(crate) use source::SourceArgs;
pub(crate) use status::StatusArgs;
pub(crate) use wallet::WalletArgs;

/// Gaussian splats from prompts: generated, judged as a 404-GEN validator would, and mined with.
///
/// Every flag can also stand in the environment (--wallet.name is SPLATSMITH_WALLET_NAME) or in
/// splatsmith.toml (`wallet.name = "…"`); the command line wins over the environment, and the
/// environment over the file.
#[derive(Debug, Parser)]
#[command(
    name = "splatsmith",
    version,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// Read settings from this file instead of ./splatsmith.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// What to log, such as `debug` or `miner=trace,info`
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, each in its own file under `commands/`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a splat cloud from a text or image prompt
    Generate(GenerateArgs),
    /// Render a splat cloud to pictures, as the validator sees it
    Render(RenderArgs),
    /// Show what is in a splat cloud, and what is wrong with it
    Inspect(InspectArgs),
    /// Convert between PLY and SPZ, and between frames
    Convert(ConvertArgs),
    /// Judge a splat cloud as the validator would: exit code 0 pass, 1 fail, 2 cannot be judged
    Judge(JudgeArgs),
    /// Answer over HTTP: as a generation endpoint, a pod, or a validator's validation service
    Serve(ServeArgs),
    /// Mine: pull tasks from validators, answer them, learn from the feedback
    Mine(Box<MineArgs>),
    /// Show how mining stands: what each validator waits for and said, what was accepted by category
    Status(StatusArgs),
    /// Mine a local test network of validators that keep the real rules
    Rehearse(RehearseArgs),
    /// The weights of the networks: what there is, getting it, checking it
    Models(ModelsArgs),
}
