//! The limits of a chain connection.

use std::time::Duration;

/// Times and sizes a [`ChainClient`](super::ChainClient) keeps to.
#[derive(Debug, Clone)]
pub struct ChainOptions {
    /// From a call to its answer, waiting for a connection included. A node that has not answered
    /// by then is taken for stalled, and the next endpoint is tried.
    pub call_timeout: Duration,
    /// TCP, TLS and websocket handshake together.
    pub connect_timeout: Duration,
    /// How often to ping. A node from which nothing has come when a third ping is due is taken for dead.
    pub ping_every: Duration,
    /// Shortest pause before a reconnection; doubled by each further failure.
    pub shortest_pause: Duration,
    /// Longest pause before a reconnection.
    pub longest_pause: Duration,
    /// Bytes of the largest message accepted; refused by its header, never buffered. The largest
    /// in use is the metadata, as hex: 0.6 MB for finney in 2026. The neurons of a full subnet
    /// (256) take 0.15 MB.
    pub largest_message: usize,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(15),
            ping_every: Duration::from_secs(20),
            shortest_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            largest_message: 8 << 20,
        }
    }
}
