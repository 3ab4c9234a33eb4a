//! `splatsmith status`.

use std::path::PathBuf;

use clap::Args;

/// `splatsmith status`.
#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArgs {
    /// Where the ledger lives [default: $XDG_DATA_HOME/splatsmith or ~/.local/share/splatsmith]
    #[arg(long = "data-dir", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Count the answers of this long, such as 4h (a validator's reward window) or 7d
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub(crate) since: String,

    /// Print everything as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,
}
