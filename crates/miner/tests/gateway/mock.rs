//! A gateway on loopback that keeps to what `404-Repo/gateway-rs` does with workers: who may ask,
//! what a form must hold and in which order, what becomes of an assignment; and faults on demand.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bittensor::PublicKey;
use rustls::ServerConfig;
use subnet17::gateway::{AuthFault, Credential, GetTasks};
use tokio::net::TcpListener;

use super::tls_listener::serve_tls;

/// What goes wrong with the next question for tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullFault {
    /// The task is assigned, but the reply breaks off.
    LoseReply,
    /// This status, with these words and this `retry-after`.
    Status(u16, &'static str, Option<&'static str>),
    /// 200, but no JSON.
    Garbage,
    /// 200, and more than anybody reads.
    Huge,
    /// The task that was handed out last, once more.
    Twice,
    /// Two tasks where one was asked for.
    Unasked,
}

/// What goes wrong with the next result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFault {
    /// Applied, but the reply breaks off.
    LoseReply,
    /// The connection breaks off before anything is applied.
    Drop,
    /// Applied, and then a failure: 500.
    FailAfter,
    /// This status, with these words and this `retry-after`; nothing is applied.
    Status(u16, &'static str, Option<&'static str>),
    /// The gateway starts anew and knows no task any more.
    Restart,
}

/// One client's order.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: String,
    pub prompt: Option<String>,
    pub image: Option<String>,
    pub seed: i32,
}

/// What a worker brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    Asset(Vec<u8>),
    Failure(String),
}

#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) order: Order,
    pub(super) token: String,
    pub(super) hotkey: String,
    pub(super) worker_id: String,
}

/// What the gateway saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub waiting: VecDeque<Order>,
    pub(super) open: HashMap<String, Assignment>,
    /// Tasks whose context is gone: done or lost.
    pub(super) finished: HashSet<String>,
    last: Option<Order>,
    tokens: u32,
    /// Every task handed out, in order.
    pub assigned: Vec<String>,
    /// What was applied for each task.
    pub results: BTreeMap<String, Vec<Brought>>,
    /// Requests to each route.
    pub questions: u32,
    pub deliveries: u32,
    pub bad_credentials: u32,
    /// How far its clock is ahead of ours, in seconds.
    pub ahead: i64,
    /// Whether a task is finished with its first result; else it waits for other workers'.
    pub one_result: bool,
    pub listed: Option<HashSet<String>>,
    /// No signature is good enough.
    pub distrusts: bool,
    pub pull_faults: VecDeque<PullFault>,
    pub result_faults: VecDeque<ResultFault>,
}

/// A gateway on a loopback port.
pub struct Gateway {
    pub seen: Arc<Mutex<Seen>>,
    origin: String,
}

pub(super) type Shared = Arc<Mutex<Seen>>;

impl Gateway {
    pub async fn start() -> Self {
        let seen = Shared::default();
        let routes = routes(&seen);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let origin = format!("http://{address}");
        Self { seen, origin }
    }

    /// The same behind TLS.
    pub async fn start_behind(tls: Arc<ServerConfig>) -> Self {
        let seen = Shared::default();
        let port = serve_tls(tls, routes(&seen)).await;
        let origin = format!("https://localhost:{port}");
        Self { seen, origin }
    }

    pub fn url(&self) -> String {
        format!("{}/v1/", self.origin)
    }

    /// Orders that many texts.
    pub fn order(&self, number: usize) {
        let mut seen = self.seen.lock().unwrap();
        for _ in 0..number {
            let id = format!("task-{}", seen.waiting.len() + seen.assigned.len());
            seen.waiting.push_back(Order {
                id,
                prompt: Some("a small brass robot".to_owned()),
                image: None,
                seed: 7,
            });
        }
    }

    /// What holds whatever happened: nothing was applied twice, and every task handed out for good
    /// has its result.
    pub fn assert_clean(&self) {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.bad_credentials, 0, "credentials");
        for id in &seen.assigned {
            let times = seen.results.get(id).map_or(0, Vec::len);
            assert_eq!(times, 1, "{id} has {times} results");
        }
    }

    pub fn results(&self) -> Vec<Brought> {
        let seen = self.seen.lock().unwrap();
        seen.results.values().flatten().cloned().collect()
    }
}

fn routes(seen: &Shared) -> Router {
    Router::new()
        .route("/v1/get_tasks", post(get_tasks))
        .route("/v1/add_result", post(super::results::add_result))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(seen))
}

pub(super) fn text(status: u16, words: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), words.to_owned()).into_response()
}

pub(super) fn status(status: u16, words: &str, retry_after: Option<&'static str>) -> Response {
    let mut response = text(status, words);
    if let Some(pause) = retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, pause.parse().unwrap());
    }
    if (300..400).contains(&status) {
        let elsewhere = "/v1/elsewhere".parse().unwrap();
        response.headers_mut().insert(header::LOCATION, elsewhere);
    }
    response
}

/// A reply that breaks off in the middle.
pub(super) fn broken() -> Response {
    let parts = [
        Ok(Bytes::from_static(b"{\"ta")),
        Err(std::io::Error::other("on demand")),
    ];
    Body::from_stream(futures_util::stream::iter(parts)).into_response()
}

pub(super) fn with_date(mut response: Response, ahead: i64) -> Response {
    let now = SystemTime::now();
    let shift = Duration::from_secs(ahead.unsigned_abs());
    let date = if ahead < 0 { now - shift } else { now + shift };
    let date = httpdate::fmt_http_date(date).parse().unwrap();
    response.headers_mut().insert(header::DATE, date);
    response
}

/// `validate_worker_request`.
pub(super) fn authenticate(
    seen: &mut Seen,
    hotkey: &str,
    credential: &Credential,
) -> Result<(), Response> {
    if seen
        .listed
        .as_ref()
        .is_some_and(|listed| !listed.contains(hotkey))
    {
        let words = "Unauthorized request: Worker hotkey is not whitelisted";
        return Err(text(401, words));
    }
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .checked_add_signed(seen.ahead)
        .unwrap();
    let verdict = match hotkey.parse::<PublicKey>() {
        Ok(key) if !seen.distrusts => credential.verify(&key, now),
        _ => Err(AuthFault::Signature),
    };
    match verdict {
        Ok(()) => Ok(()),
        Err(AuthFault::Format) => {
            seen.bad_credentials += 1;
            Err(text(400, "Bad request: Invalid timestamp format"))
        }
        Err(_) => {
            seen.bad_credentials += 1;
            let words = "Unauthorized request: Invalid worker authentication";
            Err(text(401, words))
        }
    }
}

async fn get_tasks(State(shared): State<Shared>, body: Bytes) -> Response {
    let mut seen = shared.lock().unwrap();
    let response = hand_out(&mut seen, &body);
    with_date(response, seen.ahead)
}

fn hand_out(seen: &mut Seen, body: &[u8]) -> Response {
    seen.questions += 1;
    if body.len() > 4096 {
        return text(413, "");
    }
    let request: GetTasks = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return text(400, &format!("Bad request: {error}")),
    };
    if let Err(refused) = authenticate(seen, &request.worker_hotkey, &request.credential()) {
        return refused;
    }
    if request.model != ["404-3dgs"] {
        let words = r#"{"error":"invalid_field","field":"model","message":"Invalid value"}"#;
        return text(400, words);
    }
    let fault = seen.pull_faults.pop_front();
    match fault {
        Some(PullFault::Status(code, words, pause)) => return status(code, words, pause),
        Some(PullFault::Garbage) => return text(200, "<html>welcome</html>"),
        Some(PullFault::Huge) => return text(200, &" ".repeat(17 << 20)),
        Some(PullFault::Twice) => {
            // While it is not done: a gateway hands nothing to one hotkey again that this one answered.
            let last = seen.last.clone();
            if let Some(order) = last.filter(|order| seen.open.contains_key(&order.id)) {
                seen.waiting.push_front(order);
            }
        }
        Some(PullFault::LoseReply | PullFault::Unasked) | None => {}
    }
    let wanted = if fault == Some(PullFault::Unasked) {
        2
    } else {
        request.requested_task_count
    };
    let mut tasks = Vec::new();
    for _ in 0..wanted {
        let Some(order) = seen.waiting.pop_front() else {
            break;
        };
        tasks.push(assign(seen, &request, order));
    }
    if fault == Some(PullFault::LoseReply) {
        // Nobody will answer what nobody heard of.
        if !tasks.is_empty() {
            seen.assigned.pop();
        }
        return broken();
    }
    if fault == Some(PullFault::Unasked) {
        seen.assigned.truncate(seen.assigned.len() - 1);
    }
    let reply = serde_json::json!({"tasks": tasks, "gateways": [{
        "node_id": 1, "domain": "node-1", "ip": "127.0.0.1", "name": "node-1", "http_port": 1,
        "available_tasks": 0, "last_task_acquisition": 0, "last_update": 0,
    }]});
    text(200, &reply.to_string())
}

fn assign(seen: &mut Seen, request: &GetTasks, order: Order) -> serde_json::Value {
    let known = seen.open.get(&order.id).map(|open| open.token.clone());
    let token = known.unwrap_or_else(|| {
        seen.tokens += 1;
        seen.assigned.push(order.id.clone());
        format!("secret-token-{}", seen.tokens)
    });
    let mut task = serde_json::json!({
        "id": order.id, "model": "404-3dgs", "seed": order.seed, "assignment_token": token,
    });
    if let Some(prompt) = &order.prompt {
        task["prompt"] = prompt.clone().into();
    }
    if let Some(image) = &order.image {
        task["image"] = image.clone().into();
    }
    seen.last = Some(order.clone());
    let assignment = Assignment {
        token,
        hotkey: request.worker_hotkey.clone(),
        worker_id: request.worker_id.clone(),
        order: order.clone(),
    };
    seen.open.insert(order.id, assignment);
    task
}
