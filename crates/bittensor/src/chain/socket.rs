//! One websocket to one node.

use std::sync::Arc;

use tls::{Anchors, distrust};
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

/// How to speak TLS with a node.
///
/// # Errors
/// See [`tls::client`].
pub(super) fn tls() -> Result<Arc<tls::ClientConfig>, tls::Error> {
    tls::client(&Anchors::default()).map(Arc::new)
}

/// Connects within the time allowed.
///
/// # Errors
/// What went wrong, in words.
pub(super) async fn open(
    endpoint: &Url,
    tls: Arc<tls::ClientConfig>,
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
        Ok(Err(error)) => Err(match distrust(&error) {
            Some(distrust) => quote(distrust),
            None => quote(error),
        }),
        Err(_) => Err(format!(
            "no connection within {:?}",
            options.connect_timeout
        )),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A node behind TLS that echoes one message; its address and its certificate.
    async fn echo() -> (Url, CertificateDer<'static>) {
        let names = vec!["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let message = socket.next().await.unwrap().unwrap();
            socket.send(message).await.unwrap();
        });
        let url = format!("wss://localhost:{port}").parse().unwrap();
        (url, certificate)
    }

    fn trusting(certificate: CertificateDer<'static>) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    #[tokio::test]
    async fn a_trusted_node_is_spoken_to_over_tls() {
        let (url, certificate) = echo().await;
        let tls = trusting(certificate);
        let mut socket = open(&url, tls, &ChainOptions::default()).await.unwrap();
        socket.send("hello".into()).await.unwrap();
        let echoed = socket.next().await.unwrap().unwrap();
        assert_eq!(echoed.to_text().unwrap(), "hello");
    }

    #[tokio::test]
    async fn a_certificate_nobody_vouches_for_is_refused() {
        let (url, _) = echo().await;
        let outcome = open(&url, tls().unwrap(), &ChainOptions::default()).await;
        let why = outcome.err().unwrap();
        assert!(why.contains("certificate"), "{why}");
    }

    #[tokio::test]
    async fn a_certificate_of_another_name_is_refused() {
        let (mut url, certificate) = echo().await;
        url.set_host(Some("127.0.0.1")).unwrap();
        let tls = trusting(certificate);
        let outcome = open(&url, tls, &ChainOptions::default()).await;
        let why = outcome.err().unwrap();
        assert!(why.contains("certificate"), "{why}");
    }
}
