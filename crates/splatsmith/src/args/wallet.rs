//! Whose hotkey signs.

use std::path::PathBuf;

use clap::Args;

/// The wallet, as the ecosystem names it. Only the hotkey is ever read; keep the coldkey
/// elsewhere.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Wallet")]
pub(crate) struct WalletArgs {
    /// The wallet's name
    #[arg(
        long = "wallet.name",
        id = "wallet.name",
        value_name = "NAME",
        default_value = "default"
    )]
    pub(crate) name: String,

    /// The hotkey's name inside the wallet
    #[arg(
        long = "wallet.hotkey",
        id = "wallet.hotkey",
        value_name = "NAME",
        default_value = "default"
    )]
    pub(crate) hotkey: String,

    /// The folder of all wallets [default: ~/.bittensor/wallets]
    #[arg(long = "wallet.path", id = "wallet.path", value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,
}
