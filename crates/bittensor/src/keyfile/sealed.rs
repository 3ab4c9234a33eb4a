//! Hotkeys behind a password: `$NACL`, a 24-byte nonce, then the keyfile's text in NaCl's secretbox.

use std::fmt;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use crypto_secretbox::aead::{AeadInPlace, KeyInit};
use crypto_secretbox::{Nonce, Tag, XSalsa20Poly1305};
use zeroize::Zeroizing;

use super::{KeyfileError, Password, layout};
use crate::Keypair;

const MARK: &[u8] = b"$NACL";
/// Marks of the ways that came before.
const OUTDATED: [(&[u8], &str); 2] = [(b"$ANSIBLE_VAULT", "Ansible vault"), (b"gAAAAA", "Fernet")];
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The same for every file (`NACL_SALT` in btwallet's keyfile.rs).
const SALT: [u8; 16] = [
    0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1,
];
/// libsodium's `crypto_pwhash_argon2i_OPSLIMIT_SENSITIVE`.
const PASSES: u32 = 8;
/// libsodium's `crypto_pwhash_argon2i_MEMLIMIT_SENSITIVE`, 512 MiB, in KiB.
const MEMORY_KIB: u32 = 512 << 10;

/// A hotkey that a password opens.
pub struct SealedHotkey {
    path: PathBuf,
    nonce: [u8; NONCE_BYTES],
    tag: [u8; TAG_BYTES],
    body: Vec<u8>,
}

impl SealedHotkey {
    /// The sealed hotkey in `bytes`, unless they are not encrypted.
    pub(super) fn recognise(path: &Path, bytes: &[u8]) -> Result<Option<Self>, KeyfileError> {
        if let Some((_, kind)) = OUTDATED.iter().find(|(mark, _)| bytes.starts_with(mark)) {
            return Err(KeyfileError::Outdated {
                path: path.into(),
                kind,
            });
        }
        let Some(rest) = bytes.strip_prefix(MARK) else {
            return Ok(None);
        };
        let sealed = rest
            .split_first_chunk()
            .and_then(|(nonce, rest)| Some((nonce, rest.split_first_chunk()?)));
        let (nonce, (tag, body)) = sealed.ok_or_else(|| KeyfileError::Truncated(path.into()))?;
        Ok(Some(Self {
            path: path.into(),
            nonce: *nonce,
            tag: *tag,
            body: body.to_vec(),
        }))
    }

    /// The file it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it. Takes seconds of one core and 512 MiB: never call it on an async worker.
    ///
    /// # Errors
    /// When the password is wrong, when the memory cannot be had, or when what was sealed is no
    /// hotkey.
    pub fn unseal(&self, password: &Password) -> Result<Keypair, KeyfileError> {
        let key = derive_key(password).ok_or_else(|| KeyfileError::Memory(self.path.clone()))?;
        let mut text = Zeroizing::new(self.body.clone());
        XSalsa20Poly1305::new(key.as_slice().into())
            .decrypt_in_place_detached(
                Nonce::from_slice(&self.nonce),
                &[],
                &mut text,
                Tag::from_slice(&self.tag),
            )
            .map_err(|_| KeyfileError::WrongPassword(self.path.clone()))?;
        layout::keypair(&self.path, &text)
    }
}

/// Argon2i v1.3 as libsodium's `crypto_pwhash` does it. `None` when there is not enough memory.
fn derive_key(password: &Password) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0u8; 32]);
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(key.len())).ok()?;
    let mut memory = Zeroizing::new(Vec::new());
    memory.try_reserve_exact(params.block_count()).ok()?;
    memory.resize(params.block_count(), Block::default());
    Argon2::new(Algorithm::Argon2i, Version::V0x13, params)
        .hash_password_into_with_memory(
            password.bytes(),
            &SALT,
            key.as_mut_slice(),
            memory.as_mut_slice(),
        )
        .ok()?;
    Some(key)
}

impl fmt::Debug for SealedHotkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedHotkey({})", self.path.display())
    }
}
