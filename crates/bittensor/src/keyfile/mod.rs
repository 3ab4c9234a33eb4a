//! Hotkey files in every form the official wallet has written, plain and encrypted; coldkeys never.
//!
//! The forms are those of `bittensor-wallet` 1.0 to 4.1 and of the SDK before it: one JSON object
//! with a phrase, a seed or a private key, sealed with `$NACL` where a password was set.

mod error;
mod exposure;
mod file;
mod layout;
mod password;
mod sealed;
mod write;

use std::path::Path;

pub use error::KeyfileError;
pub use exposure::{Exposure, exposure};
pub use password::Password;
pub use sealed::SealedHotkey;
pub use write::write_plain;

use crate::Keypair;

/// What a hotkey file holds.
#[derive(Debug)]
pub enum Hotkey {
    /// The key itself.
    Plain(Box<Keypair>),
    /// The key behind a password.
    Sealed(SealedHotkey),
}

/// Opens the hotkey file at `path`, which must lie in a folder `hotkeys`, as wallets have it.
/// Symbolic links are followed.
///
/// # Errors
/// When the file is a coldkey's, cannot be read, is no hotkey file, is encrypted in a way that is no
/// longer in use, or holds another key than the address in it says. Each is one line without a
/// secret in it.
pub fn open(path: &Path) -> Result<Hotkey, KeyfileError> {
    let bytes = file::read(path)?;
    if let Some(sealed) = SealedHotkey::recognise(path, &bytes)? {
        return Ok(Hotkey::Sealed(sealed));
    }
    let keypair = layout::keypair(path, &bytes)?;
    Ok(Hotkey::Plain(Box::new(keypair)))
}
