//! What dendrite and axon have in common: the message trait, the header names, the signed text.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::PublicKey;

/// The SDK version both sides claim to be, 9.9.0 as `major·10⁶ + minor·10³ + patch`. An axon tests a
/// nonce's freshness only for callers of 7.2.0 and later.
pub(crate) const SDK_VERSION: u64 = 9_009_000;

/// sha3-256 of the empty string: the body hash of every synapse that declares no
/// `required_hash_fields`, which is all a subnet in the field does.
pub(crate) const EMPTY_BODY_HASH: &str =
    "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// Header names, all lower case; matching is case-insensitive on the wire.
pub(crate) mod header {
    pub(crate) const NAME: &str = "name";
    pub(crate) const TIMEOUT: &str = "timeout";
    pub(crate) const BODY_HASH: &str = "computed_body_hash";
    pub(crate) const DENDRITE: &str = "bt_header_dendrite_";
    pub(crate) const AXON: &str = "bt_header_axon_";
    pub(crate) const INPUT: &str = "bt_header_input_obj_";
}

/// A message of a subnet: the request that goes out and, with more of its fields filled, the answer
/// that comes back. Fields unknown to the type are ignored on the way in.
pub trait Synapse: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The SDK class's name, which is also the route.
    const NAME: &'static str;
    /// Fields without a default in the SDK class: each must be announced in a header.
    const REQUIRED: &'static [RequiredField];

    /// About how many bytes of JSON this is, so that a large message is serialised without regrowing.
    fn size_hint(&self) -> usize {
        1024
    }
}

/// A field that the SDK class requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequiredField {
    /// The field.
    pub name: &'static str,
    /// JSON of the empty value of its type: `""`, `0`, …
    pub empty_json: &'static str,
}

/// An axon to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// Whose axon it is; part of the signed text.
    pub hotkey: PublicKey,
    /// Where it listens.
    pub address: SocketAddr,
}

/// The text a dendrite signs. `Display` values stand as Python prints them; what is missing stands as
/// `None`.
pub(crate) fn signed_text(
    nonce: &str,
    dendrite_hotkey: &str,
    axon_hotkey: &str,
    uuid: &str,
    body_hash: &str,
) -> String {
    format!("{nonce}.{dendrite_hotkey}.{axon_hotkey}.{uuid}.{body_hash}")
}

/// Nanoseconds since 1970, 0 on a machine whose clock stands before that.
pub(crate) fn unix_nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use sha3::{Digest, Sha3_256};

    use super::*;

    #[test]
    fn the_hash_of_no_fields_is_the_hash_of_nothing() {
        assert_eq!(hex::encode(Sha3_256::digest(b"")), EMPTY_BODY_HASH);
    }
}
