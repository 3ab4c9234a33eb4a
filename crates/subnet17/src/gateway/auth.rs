//! How a worker shows who it is: a signed time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{Keypair, PublicKey};
use thiserror::Error;

use super::SIGNATURE_LIFETIME;

/// What a signed timestamp begins with (`crypto/signature.rs`).
const PREFIX: &str = "404_GATEWAY_";

/// A moment, and a hotkey's signature under it. It covers nothing else of a request, so whoever sees
/// one can use it until it is too old: it belongs on encrypted connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// `404_GATEWAY_` and the Unix time in seconds.
    pub timestamp: String,
    /// sr25519 over the timestamp's text, in base64.
    pub signature: String,
}

/// Why a gateway does not take a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AuthFault {
    /// The text is not a timestamp: 400.
    #[error("not a timestamp")]
    Format,
    /// Ahead of the gateway's clock, be it by a second: 401.
    #[error("from the future")]
    Future,
    /// Older than [`SIGNATURE_LIFETIME`]: 401.
    #[error("too old")]
    Old,
    /// Not this hotkey's signature: 401.
    #[error("not signed by the hotkey")]
    Signature,
}

impl Credential {
    /// Signs `at`, in Unix seconds.
    pub fn sign(keypair: &Keypair, at: u64) -> Self {
        let timestamp = format!("{PREFIX}{at}");
        let signature = STANDARD.encode(keypair.sign(timestamp.as_bytes()));
        Self {
            timestamp,
            signature,
        }
    }

    /// What a gateway whose clock shows `now` (Unix seconds) makes of it (`validate_worker_request`,
    /// `handlers/common/worker_auth.rs`).
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn verify(&self, hotkey: &PublicKey, now: u64) -> Result<(), AuthFault> {
        let at: u64 = self
            .timestamp
            .strip_prefix(PREFIX)
            .and_then(|digits| digits.parse().ok())
            .ok_or(AuthFault::Format)?;
        if at > now {
            return Err(AuthFault::Future);
        }
        if now - at > SIGNATURE_LIFETIME.as_secs() {
            return Err(AuthFault::Old);
        }
        // 64 bytes are 88 digits: nothing longer needs decoding.
        let signature = (self.signature.len() == 88)
            .then(|| STANDARD.decode(&self.signature).ok())
            .flatten()
            .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
            .ok_or(AuthFault::Signature)?;
        if hotkey.verify(self.timestamp.as_bytes(), &signature) {
            Ok(())
        } else {
            Err(AuthFault::Signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_taken_for_thirty_seconds_and_never_early() {
        let keypair = Keypair::from_seed([1; 32]);
        let signed = Credential::sign(&keypair, 1_743_657_200);
        assert_eq!(signed.timestamp, "404_GATEWAY_1743657200");
        let at = |now| signed.verify(&keypair.public(), now);
        assert_eq!(at(1_743_657_199), Err(AuthFault::Future));
        assert_eq!(at(1_743_657_200), Ok(()));
        assert_eq!(at(1_743_657_230), Ok(()));
        assert_eq!(at(1_743_657_231), Err(AuthFault::Old));
        let other = Keypair::from_seed([2; 32]).public();
        assert_eq!(
            signed.verify(&other, 1_743_657_200),
            Err(AuthFault::Signature)
        );
    }

    #[test]
    fn what_is_no_credential_is_said_to_be_none() {
        let keypair = Keypair::from_seed([1; 32]);
        for (timestamp, fault) in [
            ("1743657200", AuthFault::Format),
            ("404_GATEWAY_", AuthFault::Format),
            ("404_GATEWAY_-1", AuthFault::Format),
            ("404_GATEWAY_1743657200", AuthFault::Signature),
        ] {
            let forged = Credential {
                timestamp: timestamp.to_owned(),
                signature: "not base64".to_owned(),
            };
            assert_eq!(forged.verify(&keypair.public(), 1_743_657_200), Err(fault));
        }
    }
}
