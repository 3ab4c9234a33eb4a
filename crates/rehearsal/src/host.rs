//! Keeps one validator's port open: the axon itself on a good line, or behind the bad line with its
//! outages and restarts.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::faults::FaultPlan;
use crate::front::{Front, Outage};
use crate::validator::Validator;

/// How many connections may wait to be accepted; as many as tokio has by itself.
const BACKLOG: u32 = 1024;

/// How often a port that somebody else took during an outage is asked for again.
const REBIND_EVERY: Duration = Duration::from_millis(50);

/// Serves `validator` on `port` until `shutdown`.
pub(crate) async fn host(
    validator: Arc<Validator>,
    port: TcpListener,
    faults: Option<FaultPlan>,
    speed: f64,
    shutdown: CancellationToken,
) {
    let Some(plan) = faults else {
        serve_axon(&validator, port, shutdown).await;
        return;
    };
    let (front, outages) = Front::new(plan, speed, Arc::clone(&validator));
    let line = BadLine {
        validator,
        front,
        outages,
        shutdown: shutdown.clone(),
    };
    tokio::select! {
        result = line.keep_up(port) => {
            if let Err(error) = result {
                tracing::error!(%error, "a validator's port is lost");
            }
        }
        () = shutdown.cancelled() => {}
    }
}

async fn serve_axon(validator: &Arc<Validator>, port: TcpListener, until: CancellationToken) {
    if let Err(error) = validator.axon().serve(port, until).await {
        tracing::error!(validator = validator.uid(), %error, "the axon broke off");
    }
}

struct BadLine {
    validator: Arc<Validator>,
    front: Arc<Front>,
    outages: mpsc::Receiver<Outage>,
    shutdown: CancellationToken,
}

impl BadLine {
    /// From one outage to the next.
    async fn keep_up(mut self, mut port: TcpListener) -> std::io::Result<()> {
        let public = port.local_addr()?;
        let (mut axon, mut running) = self.start_axon().await?;
        loop {
            let outage = self.serve_until_outage(&port, axon).await;
            drop(port);
            if outage.restart {
                drop(running);
                port = away(public, outage.lasting).await;
                (axon, running) = self.start_axon().await?;
            } else {
                port = away(public, outage.lasting).await;
            }
            // What was announced while the port was away has had its way.
            while self.outages.try_recv().is_ok() {}
        }
    }

    /// An axon of its own on a private port. Dropping the handle ends it with all it is at.
    async fn start_axon(&self) -> std::io::Result<(SocketAddr, AbortOnDropHandle<()>)> {
        let private = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = private.local_addr()?;
        let (validator, until) = (Arc::clone(&self.validator), self.shutdown.child_token());
        let running = tokio::spawn(async move { serve_axon(&validator, private, until).await });
        Ok((address, AbortOnDropHandle::new(running)))
    }

    async fn serve_until_outage(&mut self, port: &TcpListener, axon: SocketAddr) -> Outage {
        let (close, cut) = (CancellationToken::new(), self.shutdown.child_token());
        let front = Arc::clone(&self.front);
        let serving = front.serve(port, axon, close.clone(), cut.clone());
        let outage = tokio::select! {
            outage = self.outages.recv() => outage,
            () = serving => None,
        };
        let Some(outage) = outage else {
            // Only at shutdown, which ends this from outside.
            return std::future::pending().await;
        };
        tracing::debug!(validator = self.validator.uid(), ?outage, "outage");
        if outage.cut {
            cut.cancel();
        }
        close.cancel();
        outage
    }
}

/// Keeps the port away for so long, or until whoever took it meanwhile gives it back.
async fn away(address: SocketAddr, lasting: Duration) -> TcpListener {
    let (mut held, ()) = tokio::join!(hold(address), tokio::time::sleep(lasting));
    loop {
        match held.listen(BACKLOG) {
            Ok(port) => return port,
            Err(error) => {
                tracing::debug!(%address, %error, "waiting for the port");
                tokio::time::sleep(REBIND_EVERY).await;
                held = hold(address).await;
            }
        }
    }
}

/// The port without anybody at it: it refuses connections, and the system gives it to nobody else. A port
/// that is free would soon be some connection's own end.
async fn hold(address: SocketAddr) -> TcpSocket {
    loop {
        match bound(address) {
            Ok(held) => return held,
            Err(error) => {
                tracing::debug!(%address, %error, "waiting for the port");
                tokio::time::sleep(REBIND_EVERY).await;
            }
        }
    }
}

fn bound(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections of before the outage may still be closing. On Windows it means something else.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_port_that_is_away_refuses_and_is_nobody_else_s() {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let held = hold(address).await;
        let taken = TcpSocket::new_v4().unwrap().bind(address).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        drop(held);
        let port = away(address, Duration::ZERO).await;
        assert_eq!(port.local_addr().unwrap(), address);
        TcpStream::connect(address).await.unwrap();
    }
}
