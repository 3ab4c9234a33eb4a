//! The hotkey in memory.

use std::fmt;

use bip39::{Language, Mnemonic};
use rand_core::{CryptoRng, RngCore, impls};
use schnorrkel::{ExpansionMode, MiniSecretKey, SecretKey};
use zeroize::{Zeroize, Zeroizing};

use crate::PublicKey;
use crate::public_key::SIGNING_CONTEXT;

/// An sr25519 key pair. The secret is wiped from memory when this is dropped and never printed.
pub struct Keypair {
    inner: schnorrkel::Keypair,
    seed: Option<Zeroizing<[u8; 32]>>,
}

/// The bytes are not an sr25519 secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not an sr25519 secret key")]
pub struct SecretKeyError;

/// The words are not a BIP39 phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an English BIP39 phrase of 12 to 24 words with a right checksum")]
pub struct PhraseError;

impl Keypair {
    /// The key of a 32-byte seed (substrate's `secretSeed`, the mini secret key).
    pub fn from_seed(mut seed: [u8; 32]) -> Self {
        let mini = MiniSecretKey::generate_with(Given(&seed));
        seed.zeroize();
        Self::from_mini_secret(&mini)
    }

    /// The key of an English BIP39 phrase without a password, as substrate makes it: from the words'
    /// entropy (crate `substrate-bip39`), not from the BIP39 seed of other chains' wallets.
    ///
    /// # Errors
    /// When a word is not in the list, or number or checksum of the words are wrong.
    pub fn from_phrase(phrase: &str) -> Result<Self, PhraseError> {
        let words = Mnemonic::parse_in(Language::English, phrase).map_err(|_| PhraseError)?;
        let (entropy, length) = words.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let entropy = entropy.get(..length).ok_or(PhraseError)?;
        let mini = substrate_bip39::mini_secret_from_entropy(entropy, "");
        Ok(Self::from_mini_secret(&mini.map_err(|_| PhraseError)?))
    }

    /// Substrate expands every seed the ed25519 way.
    fn from_mini_secret(mini: &MiniSecretKey) -> Self {
        Self {
            inner: mini.expand_to_keypair(ExpansionMode::Ed25519),
            seed: Some(Zeroizing::new(mini.to_bytes())),
        }
    }

    /// The key of schnorrkel's own 64 bytes, scalar then nonce: `privateKey` in a keyfile.
    pub fn from_secret_key(mut secret: [u8; 64]) -> Result<Self, SecretKeyError> {
        let key = SecretKey::from_bytes(&secret).map_err(|_| SecretKeyError);
        secret.zeroize();
        Ok(Self {
            inner: key?.to_keypair(),
            seed: None,
        })
    }

    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self::from_mini_secret(&MiniSecretKey::generate())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.inner.public.to_bytes())
    }

    /// Signs `message` in the context `substrate`. Signatures are randomised: two over the same text
    /// differ and both verify.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.inner.sign_simple(SIGNING_CONTEXT, message).to_bytes()
    }

    /// Schnorrkel's 64 secret bytes, for the keyfile only.
    pub(crate) fn secret_bytes(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.inner.secret.to_bytes())
    }

    /// The seed this key was made from, where there was one.
    pub(crate) fn seed(&self) -> Option<&[u8; 32]> {
        self.seed.as_deref()
    }
}

/// A generator that draws a given seed. schnorrkel doubts the length of a seed given as bytes, and
/// would make every caller answer for it; what it draws itself it takes as it is.
struct Given<'a>(&'a [u8; 32]);

impl RngCore for Given<'_> {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, drawn: &mut [u8]) {
        for (drawn, given) in drawn.iter_mut().zip(self.0.iter().cycle()) {
            *drawn = *given;
        }
    }

    fn try_fill_bytes(&mut self, drawn: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(drawn);
        Ok(())
    }
}

impl CryptoRng for Given<'_> {}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({}, secret redacted)", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The well-known development seed of `//Alice`.
    const ALICE: &str = "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

    fn alice() -> Keypair {
        let mut seed = [0; 32];
        hex::decode_to_slice(ALICE, &mut seed).unwrap();
        Keypair::from_seed(seed)
    }

    #[test]
    fn the_development_seed_gives_the_development_address() {
        let address = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert_eq!(alice().public().to_string(), address);
    }

    #[test]
    fn the_development_phrase_gives_the_development_address() {
        // Substrate's DEV_PHRASE and its address without a derivation path.
        let phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
        let address = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
        let key = Keypair::from_phrase(phrase).unwrap();
        assert_eq!(key.public().to_string(), address);
        let swapped = phrase.replace("bottom drive", "drive bottom");
        for wrong in ["", "bottom drive obey", swapped.as_str(), "x y z"] {
            assert_eq!(Keypair::from_phrase(wrong).unwrap_err(), PhraseError);
        }
    }

    #[test]
    fn both_secret_forms_are_one_key() {
        let again = Keypair::from_secret_key(*alice().secret_bytes()).unwrap();
        assert_eq!(again.public(), alice().public());
        assert!(alice().public().verify(b"text", &again.sign(b"text")));
    }

    #[test]
    fn signatures_verify_plain_and_wrapped_and_nothing_else() {
        let (key, public) = (alice(), alice().public());
        let signature = key.sign(b"text");
        assert!(public.verify(b"text", &signature));
        assert!(public.verify(b"text", &key.sign(b"<Bytes>text</Bytes>")));
        assert!(!public.verify(b"texT", &signature));
        assert!(!Keypair::generate().public().verify(b"text", &signature));
        let mut bent = signature;
        bent[3] ^= 1;
        assert!(!public.verify(b"text", &bent));
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", alice());
        assert!(!shown.contains(&ALICE[..8]));
        assert!(shown.contains("redacted"));
    }

    #[test]
    fn nonsense_is_no_secret_key() {
        assert_eq!(
            Keypair::from_secret_key([0xff; 64]).unwrap_err(),
            SecretKeyError
        );
    }
}
