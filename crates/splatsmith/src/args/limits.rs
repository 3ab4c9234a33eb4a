//! When a run ends by itself.

use clap::Args;

/// Whichever comes first.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Stop after this much time, such as 60s or 2m
    #[arg(long = "for", id = "for", value_name = "TIME")]
    pub(crate) run_for: Option<String>,

    /// Stop when this many tasks are answered
    #[arg(long, value_name = "N")]
    pub(crate) tasks: Option<u32>,
}
