//! The JSON inside a keyfile, and the key that its secrets make.

use std::path::Path;

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::KeyfileError;
use crate::{Keypair, PublicKey};

/// `cryptoType` of sr25519, in files since wallet 4.1.
const SR25519: u64 = 1;

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

/// The key in the keyfile's text, which must be the one whose address the text states.
///
/// Of several secrets the first that makes the stated key is taken, in the SDK's order: phrase, seed,
/// private key. The SDK takes the first there is, and so cannot open some of its own files (see
/// [`raw_seed`]).
pub(super) fn keypair(path: &Path, text: &[u8]) -> Result<Keypair, KeyfileError> {
    if is_bare_public_key(text) {
        return Err(KeyfileError::NoSecret(path.into()));
    }
    // The parser's own message may quote a secret; its position may not.
    let layout: Layout = serde_json::from_slice(text).map_err(|error| KeyfileError::Json {
        path: path.into(),
        line: error.line(),
        column: error.column(),
    })?;
    if let Some(crypto_type) = layout.crypto_type.filter(|kind| *kind != SR25519) {
        return Err(KeyfileError::CryptoType {
            path: path.into(),
            crypto_type,
        });
    }
    let stated = stated_keys(path, &layout)?;
    let mut derived = None;
    for keypair in secrets(&layout) {
        if stated.iter().all(|stated| *stated == keypair.public()) {
            return Ok(keypair);
        }
        derived.get_or_insert(keypair.public());
    }
    Err(match derived {
        Some(derived) => KeyfileError::WrongAddress {
            path: path.into(),
            derived,
            stated: *stated
                .iter()
                .find(|stated| **stated != derived)
                .unwrap_or(&derived),
        },
        None if layout.has_secret() => KeyfileError::BadSecret(path.into()),
        None => KeyfileError::NoSecret(path.into()),
    })
}

impl Layout {
    fn has_secret(&self) -> bool {
        [&self.secret_phrase, &self.secret_seed, &self.private_key]
            .iter()
            .any(|secret| secret.as_ref().is_some_and(|text| !text.is_empty()))
    }
}

/// Before wallets had JSON, a public key file was its hex alone; the SDK still reads it as one.
fn is_bare_public_key(text: &[u8]) -> bool {
    text.trim_ascii().starts_with(b"0x")
}

/// What the file says the public key is, as `ss58Address` and as `publicKey`.
fn stated_keys(path: &Path, layout: &Layout) -> Result<Vec<PublicKey>, KeyfileError> {
    let address = layout.ss58_address.as_deref().map(|text| text.parse().ok());
    let key = layout.public_key.as_deref().map(hex_bytes::<32>);
    let key = key.map(|bytes| bytes.map(|bytes| PublicKey::from_bytes(*bytes)));
    let stated: Option<Vec<PublicKey>> = address.into_iter().chain(key).collect();
    stated
        .filter(|stated| !stated.is_empty())
        .ok_or_else(|| KeyfileError::NoAddress(path.into()))
}

/// Every key that the file's secrets can be read as, likeliest first.
fn secrets(layout: &Layout) -> impl Iterator<Item = Keypair> {
    let phrase = layout.secret_phrase.as_deref();
    let seed = layout.secret_seed.as_deref();
    let private = layout.private_key.as_deref();
    let phrase = phrase.and_then(|text| Keypair::from_phrase(text).ok());
    let private = private.and_then(hex_secret);
    phrase
        .into_iter()
        .chain(seed.and_then(hex_secret))
        .chain(seed.and_then(raw_seed))
        .chain(private)
}

/// A secret in hex: 32 bytes are a seed, 64 a private key, in either field, as the SDK has it.
fn hex_secret(text: &str) -> Option<Keypair> {
    if let Some(seed) = hex_bytes::<32>(text) {
        return Some(Keypair::from_seed(*seed));
    }
    Keypair::from_secret_key(*hex_bytes::<64>(text)?).ok()
}

/// Wallet 4 writes the characters themselves where a seed happens to be UTF-8, after `0x` as always,
/// and cannot read that again.
fn raw_seed(text: &str) -> Option<Keypair> {
    let raw = text.strip_prefix("0x")?.as_bytes();
    if let Ok(seed) = <[u8; 32]>::try_from(raw) {
        return Some(Keypair::from_seed(seed));
    }
    Keypair::from_secret_key(raw.try_into().ok()?).ok()
}

/// Exactly `N` bytes of hex. Any number of `0x` before them is ignored, as the SDK does: its earliest
/// versions wrote two.
fn hex_bytes<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0u8; N]);
    let digits = text.trim_start_matches("0x");
    hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
    Some(bytes)
}
