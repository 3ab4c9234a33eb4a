//! The bad line between a miner and an axon: a small HTTP proxy that cuts, delays, refuses and
//! garbles by plan. The axon behind it stays honest and never learns of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use bittensor::Synapse as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use subnet17::{PullTask, SubmitResults};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::{Fault, FaultPlan, Service};
use crate::half::Half;
use crate::validator::{BODY_LIMIT, Validator};

/// Why a connection is closed instead of answered.
#[derive(Debug, Error)]
pub(crate) enum Cut {
    #[error("cut on purpose")]
    OnPurpose,
    #[error("the axon cannot be reached: {0}")]
    Axon(#[from] hyper::Error),
    #[error("the axon cannot be reached: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the body does not arrive: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

/// The port goes away for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    /// For how long it refuses connections.
    pub(crate) lasting: Duration,
    /// Whether the axon behind it restarts too.
    pub(crate) restart: bool,
    /// Whether connections are cut; otherwise they finish the call they are at.
    pub(crate) cut: bool,
}

/// The proxy before one validator's axon.
pub(crate) struct Front {
    plan: FaultPlan,
    speed: f64,
    validator: Arc<Validator>,
    pulls: AtomicU64,
    submissions: AtomicU64,
    outages: mpsc::Sender<Outage>,
}

impl Front {
    /// A proxy, and where it announces that the port is about to go away.
    pub(crate) fn new(
        plan: FaultPlan,
        speed: f64,
        validator: Arc<Validator>,
    ) -> (Arc<Self>, mpsc::Receiver<Outage>) {
        let (outages, announced) = mpsc::channel(1);
        let front = Self {
            plan,
            speed,
            validator,
            pulls: AtomicU64::new(0),
            submissions: AtomicU64::new(0),
            outages,
        };
        (Arc::new(front), announced)
    }

    /// Accepts connections until `close`; those that are open then finish the call they are at,
    /// unless `cut` ends them at once.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: &TcpListener,
        axon: SocketAddr,
        close: CancellationToken,
        cut: CancellationToken,
    ) {
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = close.cancelled() => return,
                () = cut.cancelled() => return,
            };
            let Ok((stream, _)) = accepted else {
                // Out of descriptors, most likely: let some be closed.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let front = Arc::clone(&self);
            connections.spawn(front.connection(stream, axon, close.clone(), cut.clone()));
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        axon: SocketAddr,
        close: CancellationToken,
        cut: CancellationToken,
    ) {
        let service = service_fn(|request| Arc::clone(&self).call(request, axon));
        let connection = server::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = cut.cancelled() => return,
            () = close.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = cut.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::trace!(%error, "connection ended");
        }
    }

    /// One call, well or badly.
    async fn call(
        self: Arc<Self>,
        request: Request<Incoming>,
        axon: SocketAddr,
    ) -> Result<Response<Half>, Cut> {
        let fault = self.next_fault(request.uri().path());
        let (head, body) = request.into_parts();
        let body = collect(body).await?;
        let patience = patience(&head.headers);
        let request = Request::from_parts(head, Full::new(body));
        let Some(fault) = fault else {
            return Ok(self.dated(forward(request, axon).await?));
        };
        self.validator.note_fault(fault.name());
        tracing::debug!(validator = self.validator.uid(), ?fault, "fault");
        if fault.comes_before_the_axon() {
            return self.fail_before(fault).await;
        }
        match fault {
            Fault::NoTask => self.validator.run_dry(),
            Fault::PutOff(pause) => self.validator.put_off(Some(pause.div_f64(self.speed))),
            _ => {}
        }
        let reply = forward(request, axon).await?;
        if fault.destroys_reply() {
            return self.destroy(fault, reply, patience).await;
        }
        self.deliver(fault, reply).await
    }

    fn next_fault(&self, path: &str) -> Option<Fault> {
        let name = path.trim_start_matches('/');
        let (service, counter) = if name == PullTask::NAME {
            (Service::Pull, &self.pulls)
        } else if name == SubmitResults::NAME {
            (Service::Submit, &self.submissions)
        } else {
            return None;
        };
        let call = counter.fetch_add(1, Ordering::Relaxed);
        self.plan.fault(self.validator.uid(), service, call)
    }

    async fn fail_before(&self, fault: Fault) -> Result<Response<Half>, Cut> {
        match fault {
            Fault::ErrorBefore => Ok(server_error()),
            Fault::NoReply(lasting) => {
                self.sleep(lasting).await;
                Err(Cut::OnPurpose)
            }
            _ => Err(Cut::OnPurpose),
        }
    }

    /// The axon has replied, but nobody will read it. The caller waits for `patience`.
    async fn destroy(
        &self,
        fault: Fault,
        reply: Response<Half>,
        patience: Duration,
    ) -> Result<Response<Half>, Cut> {
        let (head, body) = reply.into_parts();
        let whole = collect(body).await?;
        if let Some(task) = task_of(&whole) {
            self.validator.note_destroyed(&task);
        }
        match fault {
            Fault::ErrorAfter => Ok(server_error()),
            Fault::Malformed => Ok(garbled(&whole)),
            Fault::Truncated => Ok(Response::from_parts(head, Half::of(&whole))),
            Fault::TooLate => {
                tokio::time::sleep(patience + Duration::from_secs(1)).await;
                Ok(Response::from_parts(head, Half::whole(whole)))
            }
            Fault::Restart(lasting) => {
                self.announce(lasting, true, true);
                Err(Cut::OnPurpose)
            }
            _ => Err(Cut::OnPurpose),
        }
    }

    /// The axon's reply arrives, if late.
    async fn deliver(&self, fault: Fault, reply: Response<Half>) -> Result<Response<Half>, Cut> {
        match fault {
            Fault::Slow(lasting) => self.sleep(lasting).await,
            Fault::PutOff(_) => self.validator.put_off(None),
            Fault::ClockSet(seconds) => self.validator.set_clock(seconds),
            Fault::Refuse(lasting) => self.announce(lasting, false, false),
            Fault::Forget(lasting) => {
                self.validator.forget();
                self.announce(lasting, true, false);
            }
            _ => {}
        }
        Ok(self.dated(reply))
    }

    /// Has a reply show the validator's own clock.
    fn dated(&self, mut reply: Response<Half>) -> Response<Half> {
        let now = Duration::try_from_secs_f64(self.validator.now()).unwrap_or_default();
        let date = httpdate::fmt_http_date(UNIX_EPOCH + now);
        if let Ok(date) = HeaderValue::from_str(&date) {
            reply.headers_mut().insert(DATE, date);
        }
        reply
    }

    fn announce(&self, lasting: Duration, restart: bool, cut: bool) {
        let outage = Outage {
            lasting: lasting.div_f64(self.speed),
            restart,
            cut,
        };
        // A port that is about to go away cannot go away twice.
        let _ = self.outages.try_send(outage);
    }

    async fn sleep(&self, lasting: Duration) {
        tokio::time::sleep(lasting.div_f64(self.speed)).await;
    }
}

async fn collect<B>(body: B) -> Result<Bytes, Cut>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = Limited::new(body, BODY_LIMIT).collect().await;
    whole
        .map(http_body_util::Collected::to_bytes)
        .map_err(Cut::Body)
}

/// Passes a call on over a connection of its own.
async fn forward(request: Request<Full<Bytes>>, axon: SocketAddr) -> Result<Response<Half>, Cut> {
    let stream = TcpStream::connect(axon).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let line = tokio::spawn(connection);
    let reply = sender.send_request(request).await?;
    let (mut head, body) = reply.into_parts();
    let body = collect(body).await?;
    line.abort();
    head.headers.remove(hyper::header::TRANSFER_ENCODING);
    head.headers.remove(hyper::header::CONNECTION);
    Ok(Response::from_parts(head, Half::whole(body)))
}

/// How long a caller says it waits.
fn patience(headers: &HeaderMap) -> Duration {
    const LONGEST: f64 = 300.0;
    let stated = headers.get("timeout").and_then(|text| text.to_str().ok());
    let seconds: f64 = stated.and_then(|text| text.parse().ok()).unwrap_or(12.0);
    Duration::try_from_secs_f64(seconds.min(LONGEST)).unwrap_or_default()
}

fn server_error() -> Response<Half> {
    reply(
        StatusCode::INTERNAL_SERVER_ERROR,
        Bytes::from_static(br#"{"message":"Internal Server Error #rehearsed"}"#),
    )
}

/// The first half of a JSON object, as 200.
fn garbled(whole: &Bytes) -> Response<Half> {
    reply(StatusCode::OK, whole.slice(..whole.len() / 2))
}

fn reply(status: StatusCode, body: Bytes) -> Response<Half> {
    let mut response = Response::new(Half::whole(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The task a reply to a pull hands out.
fn task_of(reply: &[u8]) -> Option<String> {
    serde_json::from_slice::<PullTask>(reply)
        .ok()?
        .task
        .map(|task| task.id)
}
