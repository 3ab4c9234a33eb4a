//! Where the wallet tools keep their files.

use std::env;
use std::path::{Path, PathBuf};

/// The three names that lead to a hotkey file: `<path>/<name>/hotkeys/<hotkey>`.
///
/// Only hotkeys are ever looked for: a mining machine has no business with a coldkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletPaths {
    /// Folder of all wallets; a leading `~` is the home folder.
    pub path: PathBuf,
    /// Name of the wallet.
    pub name: String,
    /// Name of the hotkey in it.
    pub hotkey: String,
}

impl WalletPaths {
    /// What the environment says (`BT_WALLET_PATH`, `BT_WALLET_NAME`, `BT_WALLET_HOTKEY`), else
    /// `~/.bittensor/wallets`, `default`, `default`, as `btcli` has it.
    pub fn from_env() -> Self {
        let or = |name: &str, default: &str| {
            env::var(name)
                .ok()
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| default.into())
        };
        Self {
            path: or("BT_WALLET_PATH", "~/.bittensor/wallets").into(),
            name: or("BT_WALLET_NAME", "default"),
            hotkey: or("BT_WALLET_HOTKEY", "default"),
        }
    }

    /// The hotkey's file.
    pub fn hotkey_file(&self) -> PathBuf {
        expand_home(&self.path)
            .join(&self.name)
            .join("hotkeys")
            .join(&self.hotkey)
    }
}

/// `path` with the home folder for a leading `~`, as shells and the wallet tools have it.
pub fn expand_home(path: &Path) -> PathBuf {
    expand(path, env::home_dir())
}

fn expand(path: &Path, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hotkey_lies_where_btcli_puts_it() {
        let paths = WalletPaths {
            path: "/w".into(),
            name: "miner".into(),
            hotkey: "one".into(),
        };
        assert_eq!(paths.hotkey_file(), Path::new("/w/miner/hotkeys/one"));
    }

    #[test]
    fn home_is_expanded_only_at_the_start() {
        let home = || Some(PathBuf::from("/people/ada"));
        assert_eq!(expand(Path::new("~/w"), home()), Path::new("/people/ada/w"));
        assert_eq!(expand(Path::new("/x/~/w"), home()), Path::new("/x/~/w"));
        assert_eq!(expand(Path::new("~/w"), None), Path::new("~/w"));
    }
}
