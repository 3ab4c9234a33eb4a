//! `splatsmith mine`.

use std::path::PathBuf;

use clap::Args;

use super::{GenerationArgs, LimitArgs, NetworkArgs, SourceArgs, WalletArgs};

/// `splatsmith mine`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MineArgs {
    /// Whose hotkey signs.
    #[command(flatten)]
    pub(crate) wallet: WalletArgs,

    /// Who hands out tasks.
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Which validators there are.
    #[command(flatten)]
    pub(crate) network: NetworkArgs,

    /// Validators never to pull from, by UID; 180 is reported to waste work
    #[arg(long, value_name = "UID", num_args = 1.., value_delimiter = ',', default_value = "180", help_heading = "Network")]
    pub(crate) blacklist: Vec<u16>,

    /// Least stake of a validator worth pulling from
    #[arg(
        long = "min-stake",
        value_name = "STAKE",
        default_value_t = 1000.0,
        help_heading = "Network"
    )]
    pub(crate) min_stake: f64,

    /// Where the ledger lives [default: $XDG_DATA_HOME/splatsmith or ~/.local/share/splatsmith]
    #[arg(long = "data-dir", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// The generators.
    #[command(flatten)]
    pub(crate) generation: GenerationArgs,

    /// When to stop.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    /// Print a summary as JSON on stdout at the end
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,
}
