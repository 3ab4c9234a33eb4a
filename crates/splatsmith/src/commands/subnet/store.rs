//! The metagraph that outlasts the process.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bittensor::chain::Snapshot;
use tracing::warn;

use crate::config::NetworkConfig;
use crate::files::{LARGEST_METAGRAPH, make_folder, read_bounded, write_atomic};

/// A file for each network and subnet.
#[derive(Debug, Clone)]
pub(super) struct Store {
    path: PathBuf,
}

impl Store {
    pub(super) fn new(data_dir: &Path, network: &NetworkConfig, netuid: u16) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = network.name.chars().map(plain).collect();
        Self {
            path: data_dir.join(format!("metagraph-{name}-{netuid}.json")),
        }
    }

    /// What was saved; a file that cannot be used is as good as none.
    pub(super) fn load(&self) -> Option<Snapshot> {
        if !self.path.exists() {
            return None;
        }
        let read = read_bounded(&self.path, LARGEST_METAGRAPH)
            .and_then(|bytes| Ok(Snapshot::from_json(&bytes)?));
        read.inspect_err(|error| warn!("{}: {error:#}", self.path.display()))
            .ok()
    }

    pub(super) async fn save(&self, snapshot: &Snapshot) -> Result<()> {
        let (path, json) = (self.path.clone(), snapshot.to_json()?);
        tokio::task::spawn_blocking(move || {
            if let Some(folder) = path.parent() {
                make_folder(folder)?;
            }
            write_atomic(&path, json.as_bytes())
        })
        .await
        .context("saving the metagraph was abandoned")?
    }
}

#[cfg(test)]
mod tests {
    use bittensor::Metagraph;

    use super::*;

    #[test]
    fn each_network_and_subnet_has_a_file_of_its_own() {
        let path = |name: &str, netuid| {
            let network = NetworkConfig {
                name: name.to_owned(),
                endpoints: Vec::new(),
            };
            let store = Store::new(Path::new("d"), &network, netuid);
            store.path.display().to_string()
        };
        assert_eq!(path("finney", 17), "d/metagraph-finney-17.json");
        assert_eq!(
            path("ws://[::1]:9944", 29),
            "d/metagraph-ws------1--9944-29.json"
        );
    }

    #[tokio::test]
    async fn a_spoilt_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let network = NetworkConfig {
            name: "finney".to_owned(),
            endpoints: Vec::new(),
        };
        let store = Store::new(&folder.path().join("new"), &network, 17);
        assert_eq!(store.load(), None);
        let metagraph = Metagraph {
            netuid: 17,
            neurons: Vec::new(),
            speed: 1.0,
        };
        let snapshot = Snapshot::now(5, metagraph);
        store.save(&snapshot).await.expect("saved");
        assert_eq!(store.load(), Some(snapshot));
        std::fs::write(&store.path, "{\"netuid\": 17").expect("written");
        assert_eq!(store.load(), None);
    }
}
