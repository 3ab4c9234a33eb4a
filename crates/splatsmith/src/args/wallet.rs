//! Whose hotkey signs.

use std::path::PathBuf;

use clap::Args;

/// The wallet, as the ecosystem names it. Only the hotkey is ever read; keep the coldkey
/// elsewhere.
///
/// What is given nowhere is taken from the wallet tools' BT_WALLET_NAME, BT_WALLET_HOTKEY and
/// BT_WALLET_PATH.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Wallet")]
pub(crate) struct WalletArgs {
    /// The wallet's name [default: $BT_WALLET_NAME or default]
    #[arg(long = "wallet.name", id = "wallet.name", value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The hotkey's name inside the wallet [default: $BT_WALLET_HOTKEY or default]
    #[arg(long = "wallet.hotkey", id = "wallet.hotkey", value_name = "NAME")]
    pub(crate) hotkey: Option<String>,

    /// The folder of all wallets [default: $BT_WALLET_PATH or ~/.bittensor/wallets]
    #[arg(long = "wallet.path", id = "wallet.path", value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,

    /// The file whose first line is an encrypted hotkey's password [default: the SDK's BT_PW_…
    /// variable, else asked for]
    #[arg(
        long = "wallet.password-file",
        id = "wallet.password-file",
        value_name = "FILE"
    )]
    pub(crate) password_file: Option<PathBuf>,
}
