//! The layouts of one runtime version, from its metadata.

use frame_decode::runtime_apis::{
    RuntimeApiInfo, RuntimeApiTypeInfo, encode_runtime_api_inputs_with_info_to,
};
use frame_decode::storage::{StorageInfo, StorageTypeInfo, encode_storage_key_with_info};
use frame_metadata::{META_RESERVED, RuntimeMetadata, RuntimeMetadataPrefixed};
use parity_scale_codec::Decode;
use scale_decode::DecodeAsType;
use scale_info::PortableRegistry;

use super::decodable;
use super::error::ChainError;
use super::neurons::{self, NeuronInfoLite, SubnetState};
use crate::{Metagraph, PublicKey};

/// Versions of the metadata that describe runtime APIs, the preferred one first. Version 14 has no
/// types for them.
pub(super) const METADATA_VERSIONS: [u32; 2] = [15, 16];

/// A runtime API: its trait and its method.
const NEURONS: (&str, &str) = ("NeuronInfoRuntimeApi", "get_neurons_lite");
const STATE: (&str, &str) = ("SubnetInfoRuntimeApi", "get_subnet_state");
/// The map (netuid, hotkey) → uid.
const UIDS: (&str, &str) = ("SubtensorModule", "Uids");

/// How one version of the chain's runtime lays out what a miner reads.
#[derive(Debug)]
pub struct Runtime {
    types: PortableRegistry,
    neurons: RuntimeApiInfo<'static, u32>,
    state: RuntimeApiInfo<'static, u32>,
    uids: StorageInfo<'static, u32>,
}

impl Runtime {
    /// Reads the SCALE bytes of the runtime's metadata, version 15 or 16, with their magic number.
    ///
    /// # Errors
    /// [`ChainError::Layout`] if it is no such metadata, lacks what a miner reads, or describes
    /// types that cannot be decoded in bounded time.
    pub fn from_metadata(bytes: &[u8]) -> Result<Self, ChainError> {
        let metadata = RuntimeMetadataPrefixed::decode(&mut &*bytes)
            .map_err(|error| ChainError::layout("the metadata", error))?;
        if metadata.0 != META_RESERVED {
            return Err(ChainError::layout(
                "the metadata",
                "its magic number is missing",
            ));
        }
        match metadata.1 {
            RuntimeMetadata::V15(metadata) => Self::of(&metadata, metadata.types.clone()),
            RuntimeMetadata::V16(metadata) => Self::of(&metadata, metadata.types.clone()),
            other => Err(ChainError::layout(
                "the metadata",
                format!("it is of version {}, not 15 or 16", other.version()),
            )),
        }
    }

    fn of<M>(metadata: &M, types: PortableRegistry) -> Result<Self, ChainError>
    where
        M: RuntimeApiTypeInfo<TypeId = u32> + StorageTypeInfo<TypeId = u32>,
    {
        let api = |(trait_name, method)| {
            metadata
                .runtime_api_info(trait_name, method)
                .map(RuntimeApiInfo::into_owned)
                .map_err(|error| ChainError::layout("the metadata", error))
        };
        let runtime = Self {
            neurons: api(NEURONS)?,
            state: api(STATE)?,
            uids: metadata
                .storage_info(UIDS.0, UIDS.1)
                .map(StorageInfo::into_owned)
                .map_err(|error| ChainError::layout("the metadata", error))?,
            types,
        };
        runtime.check_types()?;
        Ok(runtime)
    }

    /// Checks every type that will be encoded or decoded.
    fn check_types(&self) -> Result<(), ChainError> {
        let inputs = [&self.neurons, &self.state]
            .into_iter()
            .flat_map(|api| api.inputs.iter().map(|input| input.id));
        let keys = self.uids.keys.iter().map(|key| key.key_id);
        let outputs = [
            self.neurons.output_id,
            self.state.output_id,
            self.uids.value_id,
        ];
        for id in inputs.chain(keys).chain(outputs) {
            decodable::check(&self.types, id)
                .map_err(|why| ChainError::layout("the metadata", why))?;
        }
        Ok(())
    }

    /// The `state_call` for a subnet's neurons: method and parameters.
    pub(super) fn neurons_call(&self, netuid: u16) -> Result<(String, Vec<u8>), ChainError> {
        self.api_call(NEURONS, &self.neurons, netuid)
    }

    /// The `state_call` for a subnet's state: method and parameters.
    pub(super) fn state_call(&self, netuid: u16) -> Result<(String, Vec<u8>), ChainError> {
        self.api_call(STATE, &self.state, netuid)
    }

    fn api_call(
        &self,
        (trait_name, method): (&str, &str),
        api: &RuntimeApiInfo<'static, u32>,
        netuid: u16,
    ) -> Result<(String, Vec<u8>), ChainError> {
        let mut parameters = Vec::new();
        encode_runtime_api_inputs_with_info_to((netuid,), api, &self.types, &mut parameters)
            .map_err(|error| ChainError::layout("the netuid", error))?;
        Ok((format!("{trait_name}_{method}"), parameters))
    }

    /// The storage key of a hotkey's uid on a subnet.
    pub(super) fn uid_key(&self, netuid: u16, hotkey: &PublicKey) -> Result<Vec<u8>, ChainError> {
        if self.uids.keys.len() != 2 {
            let count = self.uids.keys.len();
            let why = format!("it has {count} keys, not netuid and hotkey");
            return Err(ChainError::layout("the uids' map", why));
        }
        let keys = (netuid, *hotkey.as_bytes());
        encode_storage_key_with_info(UIDS.0, UIDS.1, keys, &self.uids, &self.types)
            .map_err(|error| ChainError::layout("the uids' keys", error))
    }

    /// The uid in a stored value.
    pub(super) fn uid(&self, value: &[u8]) -> Result<u16, ChainError> {
        self.decode("a uid", self.uids.value_id, value)
    }

    /// The metagraph of a subnet from what its two runtime APIs answered at one block.
    ///
    /// # Errors
    /// [`ChainError::Layout`] if either cannot be decoded to its last byte,
    /// [`ChainError::Inconsistent`] if they contradict each other or are not of this subnet.
    pub fn metagraph(
        &self,
        netuid: u16,
        neurons: &[u8],
        state: &[u8],
    ) -> Result<Metagraph, ChainError> {
        let neurons: Vec<NeuronInfoLite> =
            self.decode("the neurons", self.neurons.output_id, neurons)?;
        let state: Option<SubnetState> =
            self.decode("the subnet's state", self.state.output_id, state)?;
        neurons::metagraph(netuid, neurons, state)
    }

    fn decode<T: DecodeAsType>(
        &self,
        what: &'static str,
        id: u32,
        mut bytes: &[u8],
    ) -> Result<T, ChainError> {
        let value = T::decode_as_type(&mut bytes, id, &self.types)
            .map_err(|error| ChainError::layout(what, error))?;
        if !bytes.is_empty() {
            let why = format!("{} bytes are left over", bytes.len());
            return Err(ChainError::layout(what, why));
        }
        Ok(value)
    }
}
