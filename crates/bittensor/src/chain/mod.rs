//! What a miner reads from the chain: the block, its registration, the subnet's neurons and stake.
//!
//! All of it comes over one supervised JSON-RPC websocket and is decoded by the types of the
//! **live** runtime's metadata, so that a runtime upgrade that wraps a number, turns it compact or
//! appends a field is followed without a new version of this crate. What cannot be read with
//! certainty is an error, never a guess: the caller keeps its last good [`Snapshot`].

mod backoff;
mod client;
mod decodable;
mod error;
mod link;
mod network;
mod neurons;
mod options;
mod rpc;
mod runtime;
mod session;
mod snapshot;
mod socket;
mod watcher;

pub use client::ChainClient;
pub use error::ChainError;
pub use link::LinkState;
pub use network::{NetworkError, endpoints};
pub use options::ChainOptions;
pub use runtime::Runtime;
pub use snapshot::Snapshot;
pub use watcher::{ChainState, ChainWatcher, Failure, Notice, WatchOptions};
