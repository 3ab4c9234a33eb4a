//! Why a hotkey file could not be opened.

use std::io;
use std::path::PathBuf;

use super::file::LARGEST_FILE;
use crate::PublicKey;

/// Why a hotkey file could not be read or written. No message holds anything secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyfileError {
    /// The file could not be opened, read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a device or a pipe.
    #[error("{0}: not a file")]
    NotAFile(PathBuf),
    /// Not a keyfile by its size.
    #[error("{0}: larger than any keyfile ({LARGEST_FILE} bytes)")]
    TooLarge(PathBuf),
    /// The owner's key, which has no business on a mining machine.
    #[error(
        "{0}: this is a coldkey file, and only hotkeys are ever opened: \
         name a hotkey, and keep the coldkey on another machine"
    )]
    Coldkey(PathBuf),
    /// Not where wallets keep hotkeys.
    #[error(
        "{0}: does not lie in a folder named hotkeys: \
         a wallet keeps its hotkeys in <wallet path>/<wallet name>/hotkeys"
    )]
    OutsideHotkeys(PathBuf),
    /// Encrypted in a way that the wallet tools have given up.
    #[error(
        "{path}: encrypted in an outdated way ({kind}): convert it with `btcli wallet update`, or \
         make it anew from its phrase with `btcli wallet regen-hotkey`"
    )]
    Outdated {
        /// The file.
        path: PathBuf,
        /// Which way.
        kind: &'static str,
    },
    /// Too short for what it claims to be.
    #[error("{0}: cut short: an encrypted hotkey is longer; restore it from its backup or phrase")]
    Truncated(PathBuf),
    /// The password does not open the file.
    #[error("{0}: does not open: the password is wrong, or the file is damaged")]
    WrongPassword(PathBuf),
    /// No memory to derive the encryption key in.
    #[error("{0}: opening it takes 512 MiB of memory for some seconds, which cannot be had")]
    Memory(PathBuf),
    /// The SDK's password variable is there but not as the SDK sets it.
    #[error(
        "the variable {variable} is not a password as the SDK stores it: \
         set it with the wallet tools' save_password_to_env, or use a password file"
    )]
    PasswordVariable {
        /// Its name.
        variable: String,
    },
    /// A password file without a password.
    #[error("{0}: holds no password: the first line is empty")]
    EmptyPassword(PathBuf),
    /// Not the JSON of a keyfile.
    #[error("{path}: not a keyfile (line {line}, column {column}): expected one JSON object")]
    Json {
        /// The file.
        path: PathBuf,
        /// Line of the flaw, from 1.
        line: usize,
        /// Column of the flaw, from 1.
        column: usize,
    },
    /// A key of another scheme than sr25519.
    #[error("{path}: cryptoType is {crypto_type}, only sr25519 (1) can mine")]
    CryptoType {
        /// The file.
        path: PathBuf,
        /// What the file says.
        crypto_type: u64,
    },
    /// An address without a secret, as in `coldkeypub.txt` and `hotkeys/<name>pub.txt`.
    #[error("{0}: holds a public key only: name the hotkey file that holds the secret")]
    NoSecret(PathBuf),
    /// Secrets that are not in any form the wallet tools write.
    #[error(
        "{0}: secretPhrase is no English phrase of 12 to 24 words with a right checksum, and \
         secretSeed and privateKey are not hex of 32 or 64 bytes"
    )]
    BadSecret(PathBuf),
    /// No address to hold the secret against.
    #[error("{0}: holds no right ss58Address or publicKey to check the secret against")]
    NoAddress(PathBuf),
    /// The secret is another key's than the address in the file.
    #[error("{path}: the secret belongs to {derived}, but the file says {stated}")]
    WrongAddress {
        /// The file.
        path: PathBuf,
        /// Address of the secret.
        derived: PublicKey,
        /// Address in the file.
        stated: PublicKey,
    },
}
