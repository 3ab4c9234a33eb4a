//! Chain reads.

use std::sync::Arc;

use parity_scale_codec::{Decode, Encode};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::error::ChainError;
use super::link::{Link, LinkState};
use super::options::ChainOptions;
use super::runtime::{METADATA_VERSIONS, Runtime};
use super::snapshot::Snapshot;
use crate::PublicKey;

/// Reads a chain over one supervised connection. Clones share it; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct ChainClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    link: Link,
    /// The layouts in use, with the runtime version they are of. Held while they are fetched, so
    /// that they are fetched once.
    layouts: Mutex<Option<(u32, Arc<Runtime>)>>,
}

/// A block that everything of one read is asked at.
struct Head {
    hash: String,
    block: u64,
}

#[derive(Deserialize)]
struct Header {
    number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeVersion {
    spec_version: u32,
}

impl ChainClient {
    /// Begins to connect to the first endpoint; if it fails, to the next, and so on round and
    /// round. Nothing is waited for: calls wait for the connection as long as they may. Must be
    /// called on a tokio runtime.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] without an endpoint.
    pub fn connect(endpoints: Vec<Url>, options: ChainOptions) -> Result<Self, ChainError> {
        let inner = Inner {
            link: Link::start(endpoints, options)?,
            layouts: Mutex::new(None),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// How the connection stands.
    pub fn state(&self) -> LinkState {
        self.inner.link.state()
    }

    /// Number of the newest block.
    ///
    /// # Errors
    /// Any [`ChainError`].
    pub async fn block(&self) -> Result<u64, ChainError> {
        Ok(self.head().await?.block)
    }

    /// The uid of a hotkey on a subnet, if it is registered there.
    ///
    /// # Errors
    /// Any [`ChainError`].
    pub async fn registration(
        &self,
        netuid: u16,
        hotkey: &PublicKey,
    ) -> Result<Option<u16>, ChainError> {
        let head = self.head().await?;
        let runtime = self.layouts_at(&head).await?;
        let outcome = async {
            let key = hex_text(&runtime.uid_key(netuid, hotkey)?);
            let value: Option<String> = self
                .call("state_getStorage", vec![key.into(), head.hash.into()])
                .await?;
            let Some(value) = value else { return Ok(None) };
            let value = bytes_of("state_getStorage", &value)?;
            runtime.uid(&value).map(Some)
        };
        self.doubting(outcome.await).await
    }

    /// The subnet with all of its neurons, read at one block.
    ///
    /// # Errors
    /// Any [`ChainError`]; a metagraph is whole and without contradictions, or not returned.
    pub async fn metagraph(&self, netuid: u16) -> Result<Snapshot, ChainError> {
        let head = self.head().await?;
        let runtime = self.layouts_at(&head).await?;
        let outcome = async {
            let neurons = self.run_at(&head, runtime.neurons_call(netuid)?).await?;
            let state = self.run_at(&head, runtime.state_call(netuid)?).await?;
            let metagraph = runtime.metagraph(netuid, &neurons, &state)?;
            Ok(Snapshot::now(head.block, metagraph))
        };
        self.doubting(outcome.await).await
    }

    /// Goes to the next endpoint because this one answers, but not usefully.
    pub(super) fn leave_node(&self) {
        self.inner.link.turn();
    }

    /// Forgets the layouts when they did not fit: a development chain changes its runtime without
    /// counting its version up.
    async fn doubting<T>(&self, outcome: Result<T, ChainError>) -> Result<T, ChainError> {
        if matches!(&outcome, Err(error) if error.is_decoding()) {
            *self.inner.layouts.lock().await = None;
        }
        outcome
    }

    async fn head(&self) -> Result<Head, ChainError> {
        let hash: String = self.call("chain_getBlockHash", Vec::new()).await?;
        bytes_of("chain_getBlockHash", &hash)?;
        let header: Header = self
            .call("chain_getHeader", vec![hash.clone().into()])
            .await?;
        let digits = header.number.trim_start_matches("0x");
        let block = u64::from_str_radix(digits, 16)
            .map_err(|error| ChainError::answer("chain_getHeader", error))?;
        Ok(Head { hash, block })
    }

    /// The layouts of the runtime that `head` runs on.
    async fn layouts_at(&self, head: &Head) -> Result<Arc<Runtime>, ChainError> {
        let mut layouts = self.inner.layouts.lock().await;
        let version: RuntimeVersion = self
            .call("state_getRuntimeVersion", vec![head.hash.clone().into()])
            .await?;
        let version = version.spec_version;
        if let Some((known, runtime)) = layouts.as_ref()
            && *known == version
        {
            return Ok(Arc::clone(runtime));
        }
        let metadata = self.metadata(head).await?;
        let size = metadata.len();
        // Half a megabyte of types takes a few milliseconds, too long for an async worker.
        let runtime = tokio::task::spawn_blocking(move || Runtime::from_metadata(&metadata))
            .await
            .map_err(|_| ChainError::Stopped)??;
        tracing::info!("the chain's runtime is version {version}: {size} bytes of metadata read");
        let runtime = Arc::new(runtime);
        *layouts = Some((version, Arc::clone(&runtime)));
        Ok(runtime)
    }

    async fn metadata(&self, head: &Head) -> Result<Vec<u8>, ChainError> {
        const METHOD: &str = "Metadata_metadata_at_version";
        for version in METADATA_VERSIONS {
            let answer = self
                .run_at(head, (METHOD.to_owned(), version.encode()))
                .await?;
            let metadata = Option::<Vec<u8>>::decode(&mut &*answer)
                .map_err(|error| ChainError::layout("the metadata", error))?;
            if let Some(metadata) = metadata {
                return Ok(metadata);
            }
        }
        Err(ChainError::layout(
            "the metadata",
            "the node has neither version 15 nor 16",
        ))
    }

    /// A runtime API's answer at a block.
    async fn run_at(
        &self,
        head: &Head,
        (api, parameters): (String, Vec<u8>),
    ) -> Result<Vec<u8>, ChainError> {
        let params = vec![
            api.into(),
            hex_text(&parameters).into(),
            head.hash.clone().into(),
        ];
        let answer: String = self.call("state_call", params).await?;
        bytes_of("state_call", &answer)
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        params: Vec<serde_json::Value>,
    ) -> Result<T, ChainError> {
        self.inner.link.call(method, params).await
    }
}

fn hex_text(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn bytes_of(method: &'static str, text: &str) -> Result<Vec<u8>, ChainError> {
    let digits = text
        .strip_prefix("0x")
        .ok_or_else(|| ChainError::answer(method, "bytes do not begin with 0x"))?;
    hex::decode(digits).map_err(|error| ChainError::answer(method, error))
}
