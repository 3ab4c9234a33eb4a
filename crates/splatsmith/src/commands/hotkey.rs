//! The opening of the wallet: its hotkey, and never its coldkey.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use bittensor::Keypair;
use bittensor::keyfile::{self, Hotkey, KeyfileError, Password, SealedHotkey};
use tracing::warn;
use zeroize::Zeroizing;

use super::session::Prelude;
use crate::config::WalletConfig;
use crate::ui::Console;

/// How often a password may be mistyped, the last time included.
const TRIES: u32 = 3;

/// The wallet's hotkey, and its file, which is locked for as long as it is held.
///
/// An encrypted one takes seconds and may ask for its password: nothing async waits for it. Until then `prelude`
/// ends the process at Ctrl-C. `quiet` says that a script is reading, and nobody is to be asked.
pub(crate) fn open(
    wallet: &WalletConfig,
    console: &Console,
    quiet: bool,
    prelude: &Prelude,
) -> Result<(Keypair, File)> {
    let path = wallet.hotkey_file();
    warn_of_exposure(&path);
    let hotkey = keyfile::open(&path).map_err(|error| with_remedy(error, wallet))?;
    let claim = claim(&path)?;
    let keypair = match hotkey {
        Hotkey::Plain(keypair) => *keypair,
        Hotkey::Sealed(sealed) => {
            let may_ask = !quiet && console.is_terminal() && std::io::stdin().is_terminal();
            unseal(&sealed, wallet, console, may_ask.then_some(prelude))?
        }
    };
    Ok((keypair, claim))
}

/// What to do where there is no such hotkey.
fn with_remedy(error: KeyfileError, wallet: &WalletConfig) -> anyhow::Error {
    match &error {
        KeyfileError::Io { path, source } if source.kind() == ErrorKind::NotFound => anyhow!(
            "{}: there is no such hotkey: name another with --wallet.name and --wallet.hotkey, or make \
             it with `btcli wallet new-hotkey --wallet.name {} --wallet.hotkey {}`",
            path.display(),
            wallet.name(),
            wallet.hotkey()
        ),
        _ => error.into(),
    }
}

fn warn_of_exposure(path: &Path) {
    if let Some(exposure) = keyfile::exposure(path) {
        warn!("{exposure}");
    }
}

/// Locks the hotkey's file for as long as the result is held. The miner locks its folder too, but
/// two miners with folders of their own would still pull into each other's cooldowns.
fn claim(hotkey_file: &Path) -> Result<File> {
    let path = hotkey_file.display();
    let file = File::open(hotkey_file).with_context(|| format!("{path} cannot be opened"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another process mines with the hotkey in {path}: stop it, or name another hotkey"
            )
        }
        // Some network file systems have no locks; the folder's lock must do there.
        Err(TryLockError::Error(error)) => warn!("{path} cannot be locked: {error}"),
    }
    Ok(file)
}

/// Opens an encrypted hotkey with the password from the file, else from the SDK's variable, else from
/// whoever sits at the terminal, if anybody may be asked.
fn unseal(
    sealed: &SealedHotkey,
    wallet: &WalletConfig,
    console: &Console,
    asking: Option<&Prelude>,
) -> Result<Keypair> {
    let path = sealed.path().display();
    let attempt = |password: &Password| {
        console.line(&format!(
            "opening the encrypted hotkey {path}: some seconds, 512 MiB of memory"
        ));
        sealed.unseal(password)
    };
    if let Some(password) = given(sealed.path(), wallet)? {
        return Ok(attempt(&password)?);
    }
    let Some(prelude) = asking else {
        bail!(
            "{path}: the hotkey is encrypted and there is nobody to ask: name a file with its \
             password with --wallet.password-file, or set {} as the SDK does",
            Password::variable(sealed.path())
        );
    };
    for left in (1..TRIES).rev() {
        match attempt(&ask(sealed.path(), prelude)?) {
            Err(KeyfileError::WrongPassword(_)) => {
                let tries = if left == 1 { "try" } else { "tries" };
                console.line(&format!("that is not the password; {left} more {tries}"));
            }
            opened => return Ok(opened?),
        }
    }
    Ok(attempt(&ask(sealed.path(), prelude)?)?)
}

/// The password that nobody needs to be asked for.
fn given(hotkey_file: &Path, wallet: &WalletConfig) -> Result<Option<Password>, KeyfileError> {
    match &wallet.password_file {
        Some(file) => {
            warn_of_exposure(file);
            Password::from_file(file).map(Some)
        }
        None => Password::from_environment(hotkey_file),
    }
}

/// Asks on the terminal, which does not show what is typed.
fn ask(hotkey_file: &Path, prelude: &Prelude) -> Result<Password> {
    let prompt = format!("{}: password: ", hotkey_file.display());
    let typed = prelude.hidden(|| rpassword::prompt_password(prompt));
    let typed = typed.context("no password was typed")?;
    Ok(Password::typed(Zeroizing::new(typed)))
}
