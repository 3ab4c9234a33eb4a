//! Doors for the fuzz targets to what is private otherwise; only there when cargo-fuzz builds.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Axon, CallError, Synapse};

/// Has an axon answer whatever comes over `stream` as over a connection of its own, until it ends.
pub async fn converse(axon: Axon, stream: impl AsyncRead + AsyncWrite + Unpin) {
    crate::axon::converse(axon, stream).await;
}

/// What a dendrite makes of a reply.
///
/// # Errors
/// As [`Dendrite::call`](crate::Dendrite::call), for what came back.
pub fn reply<S: Synapse>(status: u16, body: &[u8]) -> Result<S, CallError> {
    crate::dendrite::outcome(status, body)
}
