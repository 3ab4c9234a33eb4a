//! Public keys and their ss58 text.

use std::fmt;
use std::str::FromStr;

use blake2::{Blake2b512, Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The ss58 network prefix of every bittensor address ("generic substrate").
const PREFIX: u8 = 42;
/// The signing context of every substrate sr25519 signature.
pub(crate) const SIGNING_CONTEXT: &[u8] = b"substrate";
/// An address of 35 bytes has at most 48 base58 digits; anything much longer is not one.
const LONGEST_ADDRESS: usize = 64;

/// An sr25519 public key; its text is the ss58 address with prefix 42.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// Why a text is not an ss58 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ss58Error {
    /// A character outside the base58 alphabet.
    #[error("not an ss58 address: a character is not base58")]
    Character,
    /// Not one prefix byte, a key of 32 and a checksum of 2.
    #[error("not an ss58 address: it does not hold 35 bytes")]
    Length,
    /// An address of another network.
    #[error("the address has ss58 prefix {0}, bittensor's is 42")]
    Prefix(u8),
    /// The two checksum bytes disagree: most often a typing error.
    #[error("the address's checksum does not match: mistyped?")]
    Checksum,
}

impl PublicKey {
    /// The key of these 32 bytes. Whether they are a point of the curve shows when a signature is
    /// verified.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` was made by this key over `message`, or over `<Bytes>message</Bytes>`,
    /// which is how browser wallets sign and what the SDK accepts too.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let Ok(key) = schnorrkel::PublicKey::from_bytes(&self.0) else {
            return false;
        };
        let Ok(signature) = schnorrkel::Signature::from_bytes(signature) else {
            return false;
        };
        if key
            .verify_simple(SIGNING_CONTEXT, message, &signature)
            .is_ok()
        {
            return true;
        }
        let wrapped = [b"<Bytes>".as_slice(), message, b"</Bytes>"].concat();
        key.verify_simple(SIGNING_CONTEXT, &wrapped, &signature)
            .is_ok()
    }
}

/// First two bytes of blake2b-512 over `SS58PRE` and the prefixed key.
fn checksum(prefixed_key: &[u8]) -> [u8; 2] {
    let digest = Blake2b512::new()
        .chain_update(b"SS58PRE")
        .chain_update(prefixed_key)
        .finalize();
    [digest[0], digest[1]]
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0u8; 35];
        bytes[0] = PREFIX;
        bytes[1..33].copy_from_slice(&self.0);
        let sum = checksum(&bytes[..33]);
        bytes[33..].copy_from_slice(&sum);
        f.pad(&bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = Ss58Error;

    fn from_str(text: &str) -> Result<Self, Ss58Error> {
        if text.len() > LONGEST_ADDRESS {
            return Err(Ss58Error::Length);
        }
        let bytes = bs58::decode(text)
            .into_vec()
            .map_err(|_| Ss58Error::Character)?;
        let bytes: [u8; 35] = bytes.try_into().map_err(|_| Ss58Error::Length)?;
        if bytes[0] != PREFIX {
            return Err(Ss58Error::Prefix(bytes[0]));
        }
        if checksum(&bytes[..33]) != bytes[33..] {
            return Err(Ss58Error::Checksum);
        }
        let mut key = [0u8; 32];
        key.copy_from_slice(&bytes[1..33]);
        Ok(Self(key))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Address;
        impl de::Visitor<'_> for Address {
            type Value = PublicKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ss58 address")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PublicKey, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn an_address_round_trips() {
        let key: PublicKey = ALICE.parse().unwrap();
        assert_eq!(
            hex::encode(key.as_bytes()),
            "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
        );
        assert_eq!(key.to_string(), ALICE);
        assert_eq!(serde_json::to_string(&key).unwrap(), format!("\"{ALICE}\""));
        assert_eq!(
            serde_json::from_str::<PublicKey>(&format!("\"{ALICE}\"")).unwrap(),
            key
        );
    }

    #[test]
    fn each_flaw_has_its_name() {
        let parse = str::parse::<PublicKey>;
        assert_eq!(parse("0OIl"), Err(Ss58Error::Character));
        assert_eq!(parse(""), Err(Ss58Error::Length));
        assert_eq!(parse(&ALICE.repeat(100)), Err(Ss58Error::Length));
        assert_eq!(parse(&ALICE.replace("QY", "QZ")), Err(Ss58Error::Checksum));
        // The same key as a Polkadot address.
        let polkadot = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";
        assert_eq!(parse(polkadot), Err(Ss58Error::Prefix(0)));
    }

    #[test]
    fn bytes_that_are_no_point_verify_nothing() {
        assert!(!PublicKey::from_bytes([0xff; 32]).verify(b"text", &[0; 64]));
    }
}
