//! Which hotkey, and where its password is.

use std::path::PathBuf;

use bittensor::{WalletPaths, expand_home};

use super::{Problems, Setting};
use crate::args::WalletArgs;

/// A checked wallet.
#[derive(Debug, Clone)]
pub(crate) struct WalletConfig {
    /// Where the hotkey lies; both names are plain file names.
    paths: WalletPaths,
    /// The file that holds an encrypted hotkey's password.
    pub(crate) password_file: Option<PathBuf>,
}

impl WalletConfig {
    /// Checks what was typed. Where nothing was, the wallet tools' own variables say.
    pub(super) fn check(args: &WalletArgs, problems: &mut Problems) -> Self {
        let usual = WalletPaths::from_env();
        let paths = WalletPaths {
            path: args.path.clone().unwrap_or(usual.path),
            name: args.name.clone().unwrap_or(usual.name),
            hotkey: args.hotkey.clone().unwrap_or(usual.hotkey),
        };
        check_file_name("--wallet.name", &paths.name, problems);
        check_file_name("--wallet.hotkey", &paths.hotkey, problems);
        Self {
            paths,
            password_file: args.password_file.as_deref().map(expand_home),
        }
    }

    /// The wallet's name.
    pub(crate) fn name(&self) -> &str {
        &self.paths.name
    }

    /// The hotkey's name in it.
    pub(crate) fn hotkey(&self) -> &str {
        &self.paths.hotkey
    }

    /// The hotkey's file.
    pub(crate) fn hotkey_file(&self) -> PathBuf {
        self.paths.hotkey_file()
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![
            ("wallet.name", self.paths.name.clone()),
            ("wallet.hotkey", self.paths.hotkey.clone()),
            ("wallet.path", self.paths.path.display().to_string()),
        ];
        let file = self.password_file.iter();
        settings.extend(file.map(|file| ("wallet.password-file", file.display().to_string())));
        settings
    }
}

/// A wallet or hotkey name is one file name: it must not lead out of its folder.
fn check_file_name(flag: &str, name: &str, problems: &mut Problems) {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        problems.add(
            format!("{flag} {name:?}: not a name"),
            "give the bare name of a wallet and of a hotkey in it; the folder goes into --wallet.path",
        );
    }
}
