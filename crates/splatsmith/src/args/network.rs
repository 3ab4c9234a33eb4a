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

    /// The chain: finney, test, archive, local, or the ws:// or wss:// address of a node
    /// [default: $BT_SUBTENSOR_NETWORK or finney]
    #[arg(
        long = "subtensor.network",
        id = "subtensor.network",
        value_name = "NETWORK"
    )]
    pub(crate) subtensor: Option<String>,

    /// Nodes of the chain to use instead of the network's own; the next one is tried when one
    /// fails [default: $BT_SUBTENSOR_CHAIN_ENDPOINT]
    #[arg(
        long = "subtensor.chain_endpoint",
        id = "subtensor.chain_endpoint",
        value_name = "URL",
        num_args = 1..,
        value_delimiter = ','
    )]
    pub(crate) chain_endpoints: Vec<String>,

    /// A static list of validators (JSON), for test networks and offline work
    #[arg(long, value_name = "FILE")]
    pub(crate) metagraph: Option<PathBuf>,
}
