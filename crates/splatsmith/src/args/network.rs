//! Which validators there are.

use std::path::PathBuf;

use clap::Args;

/// The subnet and where its list of validators comes from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    /// The subnet; must be the one the metagraph is of
    #[arg(long, value_name = "N", default_value_t = 17)]
    pub(crate) netuid: u16,

    /// The chain: finney, test, local or ws://… (reading it is not in this version: give
    /// --metagraph)
    #[arg(
        long = "subtensor.network",
        id = "subtensor.network",
        value_name = "NETWORK",
        default_value = "finney"
    )]
    pub(crate) subtensor: String,

    /// A static list of validators (JSON), for test networks and offline work
    #[arg(long, value_name = "FILE")]
    pub(crate) metagraph: Option<PathBuf>,
}
