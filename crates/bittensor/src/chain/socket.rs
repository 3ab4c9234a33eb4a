//! One websocket to one node.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};
use url::Url;

use super::error::quote;
use super::options::ChainOptions;

/// A websocket, with TLS or without.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How to speak TLS: TLS 1.2 and 1.3 by `ring`, trusting the roots Mozilla trusts, which are
/// compiled in so that a bare container works too.
///
/// # Errors
/// If the provider lacks a protocol version, which `ring` does not.
pub(super) fn tls() -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Connects within the time allowed.
///
/// # Errors
/// What went wrong, in words.
pub(super) async fn open(
    endpoint: &Url,
    tls: Arc<rustls::ClientConfig>,
    options: &ChainOptions,
) -> Result<Socket, String> {
    let largest = Some(options.largest_message);
    let limits = WebSocketConfig::default()
        .max_message_size(largest)
        .max_frame_size(largest);
    let connector = Some(Connector::Rustls(tls));
    let connection =
        connect_async_tls_with_config(endpoint.as_str(), Some(limits), true, connector);
    match timeout(options.connect_timeout, connection).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(quote(error)),
        Err(_) => Err(format!(
            "no connection within {:?}",
            options.connect_timeout
        )),
    }
}
