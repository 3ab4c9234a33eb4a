//! The bittensor wire: sr25519 keys and ss58 addresses, hotkey files, the metagraph and the chain it
//! is read from, and the signed HTTP that dendrites (clients) and axons (servers) speak.
//!
//! Parity is with the Python SDK 9.x, whose protocol is the same from 9.0 to 10.x. Nothing here knows
//! a particular subnet: a subnet's messages implement [`Synapse`].

#![forbid(unsafe_code)]

mod address_policy;
mod axon;
mod call_error;
mod dendrite;
mod envelope;
mod keypair;
mod metagraph;
mod public_key;
mod start;
mod synapse;
mod wallet;

pub mod chain;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod keyfile;

pub use address_policy::{AddressPolicy, AddressRefusal};
pub use axon::{Axon, Caller, HandlerError};
pub use call_error::{CallError, Refusal};
pub use dendrite::{Answer, Dendrite, DendriteOptions, Prepared};
pub use keypair::{Keypair, PhraseError, SecretKeyError};
pub use metagraph::{Metagraph, MetagraphError, Neuron};
pub use public_key::{PublicKey, Ss58Error};
pub use synapse::{RequiredField, Synapse, Target};
pub use wallet::{WalletPaths, expand_home};
