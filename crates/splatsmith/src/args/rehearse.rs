//! `splatsmith rehearse`.

use std::path::PathBuf;

use clap::Args;

use super::{GenerationArgs, LimitArgs};

/// `splatsmith rehearse`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RehearseArgs {
    /// How many validators to start
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = "Network")]
    pub(crate) validators: u16,

    /// How many times faster than the real one their clock rules run
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 20.0,
        help_heading = "Network"
    )]
    pub(crate) speed: f64,

    /// Which prompts they hand out, and which faults happen when
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Network")]
    pub(crate) seed: u64,

    /// Let the network misbehave: timeouts, refused connections, broken answers, restarts
    #[arg(long, help_heading = "Network", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) faults: bool,

    /// Start the validators only and leave the mining to another process
    #[arg(long = "validators-only", help_heading = "Network", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) validators_only: bool,

    /// Also write the network's metagraph here, for `mine --metagraph`
    #[arg(long = "metagraph-out", value_name = "FILE", help_heading = "Network")]
    pub(crate) metagraph_out: Option<PathBuf>,

    /// Where pictures of what was made, and the report, are left
    #[arg(long, value_name = "DIR", default_value = "rehearsal")]
    pub(crate) out: PathBuf,

    /// Print the report as JSON on stdout at the end
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

    /// The generators.
    #[command(flatten)]
    pub(crate) generation: GenerationArgs,

    /// When to stop; without either, after 24 tasks.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
