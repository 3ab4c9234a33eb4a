//! Connections: accepting, bounding, ending them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Axon;
use super::service::Service;

/// A head that takes longer than this is not coming.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Room for the head of a request. The SDK's server stops at a nominal 64 kB.
const HEAD_LIMIT: usize = 64 << 10;
/// Pause after an accept failed for want of resources.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn serve(
    axon: Axon,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let service = Arc::new(Service::new(axon, listener.local_addr()?));
    let (connection_limit, grace) = service.limits();
    let free = Arc::new(Semaphore::new(connection_limit));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &free) => accepted,
            Some(_) = connections.join_next() => continue,
            () = shutdown.cancelled() => break,
        };
        let Some((stream, peer, permit)) = accepted else {
            continue;
        };
        let (service, shutdown) = (Arc::clone(&service), shutdown.clone());
        connections.spawn(async move {
            // Only a matter of speed: replies are short and awaited.
            let _ = stream.set_nodelay(true);
            serve_connection(service, stream, peer, shutdown, grace).await;
            drop(permit);
        });
    }
    drop(listener);
    let asked_at = Instant::now();
    while connections.join_next().await.is_some() {}
    service
        .finish(grace.saturating_sub(asked_at.elapsed()))
        .await;
    Ok(())
}

/// Serves one connection that is no socket.
#[cfg(fuzzing)]
pub(crate) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(axon: Axon, stream: S) {
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let service = Arc::new(Service::new(axon, peer));
    let (_, grace) = service.limits();
    serve_connection(service, stream, peer, CancellationToken::new(), grace).await;
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(free).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::debug!(%error, "cannot accept a connection");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin>(
    service: Arc<Service>,
    stream: S,
    peer: SocketAddr,
    shutdown: CancellationToken,
    grace: Duration,
) {
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(grace, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended");
    }
}
