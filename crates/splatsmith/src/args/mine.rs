//! `splatsmith mine`.

use std::path::PathBuf;

use clap::Args;

use super::{GenerationArgs, LimitArgs, NetworkArgs, SourceArgs, WalletArgs};

/// `splatsmith mine`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MineArgs {
    /// Where the ledger lives [default: $XDG_DATA_HOME/splatsmith or ~/.local/share/splatsmith]
    #[arg(long = "data-dir", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Say on one page what there is to mine with and what would stop it, and end: exit code 1 if
    /// anything would
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) check: bool,

    /// Print a summary as JSON on stdout at the end
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,

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

    /// How often the chain is read
    #[arg(
        long = "subtensor.refresh",
        id = "subtensor.refresh",
        value_name = "TIME",
        default_value = "5m",
        help_heading = "Network"
    )]
    pub(crate) refresh: String,

    /// How long a first start waits for the chain; with a list of validators from before, mining begins
    /// after 10 s at the latest
    #[arg(
        long = "subtensor.wait",
        id = "subtensor.wait",
        value_name = "TIME",
        default_value = "60s",
        help_heading = "Network"
    )]
    pub(crate) wait: String,

    /// Pull from validators at loopback and private addresses too, on a test network of your own
    #[arg(long, help_heading = "Network", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) allow_private_validators: bool,

    /// Mine a live network with a backend that is for rehearsals only: answers will be rejected
    #[arg(long, help_heading = "Network", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) allow_rehearsal_backend: bool,

    /// Mine a live network with answers that nobody judged
    #[arg(long, help_heading = "Network", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) allow_unjudged: bool,

    /// The generators.
    #[command(flatten)]
    pub(crate) generation: GenerationArgs,

    /// When to stop.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
