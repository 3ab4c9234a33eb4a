//! A metagraph with the block it was read at.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::{Metagraph, MetagraphError};

/// A subnet as it was at one block. Its JSON is a metagraph file with two more fields, so that it
/// can be given where a metagraph file can.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Number of the block.
    pub block: u64,
    /// When it was read, in seconds since 1970.
    pub read_at: u64,
    /// The subnet.
    #[serde(flatten)]
    pub metagraph: Metagraph,
}

#[derive(Deserialize)]
struct Stamp {
    block: u64,
    read_at: u64,
}

impl Snapshot {
    /// The metagraph of `block`, read now.
    pub fn now(block: u64, metagraph: Metagraph) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            block,
            read_at: since.unwrap_or_default().as_secs(),
            metagraph,
        }
    }

    /// How old it is by this machine's clock; zero if it is from the future.
    pub fn age(&self) -> Duration {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since
            .unwrap_or_default()
            .saturating_sub(Duration::from_secs(self.read_at))
    }

    /// Reads what [`Snapshot::to_json`] wrote.
    ///
    /// # Errors
    /// As [`Metagraph::from_json`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, MetagraphError> {
        let metagraph = Metagraph::from_json(bytes)?;
        let Stamp { block, read_at } = serde_json::from_slice(bytes)?;
        Ok(Self {
            block,
            read_at,
            metagraph,
        })
    }

    /// To keep it over a restart.
    ///
    /// # Errors
    /// [`MetagraphError::Json`] for a stake that is no number.
    pub fn to_json(&self) -> Result<String, MetagraphError> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips_and_is_a_metagraph_file() {
        let metagraph = Metagraph {
            netuid: 17,
            neurons: Vec::new(),
            speed: 1.0,
        };
        let snapshot = Snapshot::now(6_543_210, metagraph.clone());
        let json = snapshot.to_json().unwrap();
        assert_eq!(Snapshot::from_json(json.as_bytes()).unwrap(), snapshot);
        assert_eq!(Metagraph::from_json(json.as_bytes()).unwrap(), metagraph);
        assert!(snapshot.age() < Duration::from_secs(60));
        let without = metagraph.to_json().unwrap();
        let error = Snapshot::from_json(without.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("block"), "{error}");
    }
}
