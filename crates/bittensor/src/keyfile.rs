//! Hotkey files as `btcli` writes them unencrypted: one JSON object with `secretSeed` and
//! `privateKey`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Keypair, PublicKey};

/// A keyfile is some 600 bytes; one with a long phrase and padding is far below this.
const LARGEST_FILE: u64 = 64 << 10;
/// `cryptoType` of sr25519 in files since wallet 4.1.
const SR25519: u64 = 1;

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
    /// Not a keyfile by its size.
    #[error("{0}: larger than any keyfile ({LARGEST_FILE} bytes)")]
    TooLarge(PathBuf),
    /// Encrypted in one of the wallet tools' ways.
    #[error(
        "{path}: the hotkey is encrypted ({kind}): write an unencrypted one with \
         `btcli wallet regen-hotkey --no-use-password`, keep it at mode 0600, and try again"
    )]
    Encrypted {
        /// The file.
        path: PathBuf,
        /// Which way.
        kind: &'static str,
    },
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
    /// Only the mnemonic is there.
    #[error(
        "{0}: holds only secretPhrase, which is not read yet: \
         regenerate the file with `btcli wallet regen-hotkey`, which writes secretSeed too"
    )]
    PhraseOnly(PathBuf),
    /// An address without a secret, as in `coldkeypub.txt`.
    #[error("{0}: holds no secretSeed and no privateKey: is it a public key file?")]
    NoSecret(PathBuf),
    /// A secret that is neither hex of the right length nor a key.
    #[error("{0}: secretSeed and privateKey are not hex of 32 and 64 bytes")]
    BadSecret(PathBuf),
    /// No address to hold the secret against.
    #[error("{0}: holds no ss58Address to check the secret against")]
    NoAddress(PathBuf),
    /// The secret is another key's than the address in the file.
    #[error("{path}: the secret belongs to {derived}, but the file says {stated}")]
    WrongAddress {
        /// The file.
        path: PathBuf,
        /// Address of the secret.
        derived: PublicKey,
        /// Address in the file.
        stated: String,
    },
}

/// A hotkey file that others on this machine can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
}

impl std::fmt::Display for Exposure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        write!(
            f,
            "{path} can be read by others (mode {:04o}): chmod 600 {path}",
            self.mode
        )
    }
}

/// Field names of a plain keyfile; what is not here is ignored.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
struct Layout {
    secret_phrase: Option<String>,
    secret_seed: Option<String>,
    private_key: Option<String>,
    public_key: Option<String>,
    ss58_address: Option<String>,
    crypto_type: Option<u64>,
}

/// Reads a plain hotkey file.
///
/// The seed is tried first, then the private key (wallet 4.1 writes some seeds unreadably), and the
/// key must be the one whose address the file states.
pub fn read(path: &Path) -> Result<Keypair, KeyfileError> {
    let bytes = read_bounded(path)?;
    let kinds: [(&[u8], &str); 3] = [
        (b"$NACL", "NaCl"),
        (b"$ANSIBLE_VAULT", "Ansible vault"),
        (b"gAAAAA", "Fernet"),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(prefix, _)| bytes.starts_with(prefix)) {
        return Err(KeyfileError::Encrypted {
            path: path.into(),
            kind,
        });
    }
    // The parser's own message may quote a secret; its position may not.
    let layout: Layout = serde_json::from_slice(&bytes).map_err(|error| KeyfileError::Json {
        path: path.into(),
        line: error.line(),
        column: error.column(),
    })?;
    open(path, &layout)
}

/// Says so if others than the owner may read the file. Always `None` where files have no modes.
pub fn exposure(path: &Path) -> Option<Exposure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
        (mode & 0o077 != 0).then(|| Exposure {
            path: path.into(),
            mode,
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Writes a plain hotkey file at mode 0600, making the folders above it. Never overwrites.
pub fn write_plain(path: &Path, keypair: &Keypair) -> Result<(), KeyfileError> {
    let io = |source| KeyfileError::Io {
        path: path.into(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let json = plain_json(keypair);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(io)?;
    let written = file
        .write_all(json.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a key helps nobody and would block the next attempt.
        let _ = fs::remove_file(path);
        io(source)
    })
}

fn read_bounded(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
    let io = |source| KeyfileError::Io {
        path: path.into(),
        source,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let file = File::open(path).map_err(io)?;
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(KeyfileError::TooLarge(path.into()));
    }
    Ok(bytes)
}

fn open(path: &Path, layout: &Layout) -> Result<Keypair, KeyfileError> {
    if let Some(crypto_type) = layout.crypto_type.filter(|kind| *kind != SR25519) {
        return Err(KeyfileError::CryptoType {
            path: path.into(),
            crypto_type,
        });
    }
    let stated = stated_address(path, layout)?;
    let seed = layout
        .secret_seed
        .as_deref()
        .filter(|text| !text.is_empty());
    let private = layout
        .private_key
        .as_deref()
        .filter(|text| !text.is_empty());
    if seed.is_none() && private.is_none() {
        return Err(match &layout.secret_phrase {
            Some(phrase) if !phrase.is_empty() => KeyfileError::PhraseOnly(path.into()),
            _ => KeyfileError::NoSecret(path.into()),
        });
    }
    let from_seed = seed
        .and_then(hex_bytes::<32>)
        .map(|seed| Keypair::from_seed(*seed));
    let from_private = private
        .and_then(hex_bytes::<64>)
        .and_then(|key| Keypair::from_secret_key(*key).ok());
    let mut derived = None;
    for keypair in [from_seed, from_private].into_iter().flatten() {
        if keypair.public().to_string() == stated {
            return Ok(keypair);
        }
        derived.get_or_insert(keypair.public());
    }
    Err(match derived {
        Some(derived) => KeyfileError::WrongAddress {
            path: path.into(),
            derived,
            stated,
        },
        None => KeyfileError::BadSecret(path.into()),
    })
}

/// The address the file states, by `ss58Address` or else by `publicKey`.
fn stated_address(path: &Path, layout: &Layout) -> Result<String, KeyfileError> {
    if let Some(address) = &layout.ss58_address {
        return Ok(address.clone());
    }
    let key = layout.public_key.as_deref().and_then(hex_bytes::<32>);
    key.map(|key| PublicKey::from_bytes(*key).to_string())
        .ok_or_else(|| KeyfileError::NoAddress(path.into()))
}

fn hex_bytes<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0u8; N]);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
    Some(bytes)
}

/// The JSON text, laid out as the wallet tools do. Built by hand so that no copy of the secret stays
/// behind in a value tree.
fn plain_json(keypair: &Keypair) -> Zeroizing<String> {
    let public = hex::encode(keypair.public().as_bytes());
    let private = Zeroizing::new(hex::encode(keypair.secret_bytes().as_slice()));
    let address = keypair.public();
    let mut json = Zeroizing::new(String::with_capacity(1024));
    json.push_str(&format!(
        "{{\"accountId\": \"0x{public}\", \"publicKey\": \"0x{public}\", \"privateKey\": \"0x"
    ));
    json.push_str(&private);
    json.push_str("\", ");
    if let Some(seed) = keypair.seed() {
        let seed = Zeroizing::new(hex::encode(seed));
        json.push_str("\"secretSeed\": \"0x");
        json.push_str(&seed);
        json.push_str("\", ");
    }
    json.push_str(&format!("\"ss58Address\": \"{address}\"}}"));
    json
}
