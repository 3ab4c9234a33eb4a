//! A gateway on loopback that keeps to what `404-Repo/gateway-rs` does with workers: who may ask,
//! what a form must hold and in which order, what becomes of an assignment; and faults on demand.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bittensor::PublicKey;
use subnet17::gateway::{AuthFault, Credential, GetTasks, LONGEST_REASON};
use tokio::net::TcpListener;

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
struct Assignment {
    order: Order,
    token: String,
    hotkey: String,
    worker_id: String,
}

/// What the gateway saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub waiting: VecDeque<Order>,
    open: HashMap<String, Assignment>,
    /// Tasks whose context is gone: done or lost.
    finished: HashSet<String>,
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
    pub address: SocketAddr,
}

type Shared = Arc<Mutex<Seen>>;

impl Gateway {
    pub async fn start() -> Self {
        let seen = Shared::default();
        let routes = Router::new()
            .route("/v1/get_tasks", post(get_tasks))
            .route("/v1/add_result", post(add_result))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&seen));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { seen, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1/", self.address)
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

fn text(status: u16, words: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), words.to_owned()).into_response()
}

fn status(status: u16, words: &str, retry_after: Option<&'static str>) -> Response {
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
fn broken() -> Response {
    let parts = [
        Ok(Bytes::from_static(b"{\"ta")),
        Err(std::io::Error::other("on demand")),
    ];
    Body::from_stream(futures_util::stream::iter(parts)).into_response()
}

fn with_date(mut response: Response, ahead: i64) -> Response {
    let now = SystemTime::now();
    let shift = Duration::from_secs(ahead.unsigned_abs());
    let date = if ahead < 0 { now - shift } else { now + shift };
    let date = httpdate::fmt_http_date(date).parse().unwrap();
    response.headers_mut().insert(header::DATE, date);
    response
}

/// `validate_worker_request`.
fn authenticate(seen: &mut Seen, hotkey: &str, credential: &Credential) -> Result<(), Response> {
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
            if let Some(order) = seen.last.clone() {
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

async fn add_result(State(shared): State<Shared>, form: Multipart) -> Response {
    let fault = {
        let mut seen = shared.lock().unwrap();
        seen.deliveries += 1;
        seen.result_faults.pop_front()
    };
    let response = match fault {
        Some(ResultFault::Status(code, words, pause)) => status(code, words, pause),
        Some(ResultFault::Drop) => broken(),
        fault => {
            if fault == Some(ResultFault::Restart) {
                let mut seen = shared.lock().unwrap();
                seen.open.clear();
            }
            match take_in(&shared, form).await {
                Err(refused) => refused,
                Ok(()) if fault == Some(ResultFault::LoseReply) => broken(),
                Ok(()) if fault == Some(ResultFault::FailAfter) => {
                    text(500, "Internal Server Error")
                }
                Ok(()) => text(200, "Ok"),
            }
        }
    };
    let ahead = shared.lock().unwrap().ahead;
    with_date(response, ahead)
}

#[derive(Default)]
struct Fields(HashMap<String, String>);

impl Fields {
    fn get(&self, name: &str) -> Result<&str, Response> {
        let missing = || text(400, &format!("Bad request: Missing {name} field"));
        self.0.get(name).map(String::as_str).ok_or_else(missing)
    }
}

/// `parse_add_result_request`, then staging and committing.
async fn take_in(shared: &Shared, mut form: Multipart) -> Result<(), Response> {
    let mut fields = Fields::default();
    let mut asset = None;
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|error| text(400, &format!("Bad request: Field error: {error}")))?
    {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "asset" {
            if fields.get("status")? != "success" {
                return Err(text(
                    400,
                    "Bad request: Asset is only allowed when status=success",
                ));
            }
            authorize(shared, &fields)?;
            let bytes = field.bytes().await.map_err(|error| {
                text(
                    400,
                    &format!("Bad request: Failed to read asset chunk: {error}"),
                )
            })?;
            asset = Some(bytes);
            continue;
        }
        let value = field.text().await.unwrap();
        if fields.0.insert(name.clone(), value).is_some() {
            return Err(text(400, &format!("Bad request: Duplicate {name} field")));
        }
    }
    let brought = match (fields.get("status")?, asset) {
        ("success", Some(asset)) => Brought::Asset(asset.to_vec()),
        ("failure", None) => Brought::Failure(fields.get("reason")?.to_owned()),
        _ => return Err(text(400, "Bad request: Missing asset for success")),
    };
    if let Brought::Failure(reason) = &brought {
        assert!(reason.len() <= LONGEST_REASON);
    }
    authorize(shared, &fields)?;
    let mut seen = shared.lock().unwrap();
    let id = fields.get("id")?.to_owned();
    seen.open.remove(&id);
    if seen.one_result {
        seen.finished.insert(id.clone());
    }
    seen.results.entry(id).or_default().push(brought);
    Ok(())
}

/// `authorize_add_result_metadata`.
fn authorize(shared: &Shared, fields: &Fields) -> Result<(), Response> {
    let mut seen = shared.lock().unwrap();
    let credential = Credential {
        timestamp: fields.get("timestamp")?.to_owned(),
        signature: fields.get("signature")?.to_owned(),
    };
    let hotkey = fields.get("worker_hotkey")?;
    authenticate(&mut seen, hotkey, &credential)?;
    let id = fields.get("id")?;
    let has_context = seen.open.contains_key(id) || seen.results.contains_key(id);
    if !has_context || seen.finished.contains(id) {
        let gone = r#"{"error":"task_context_unavailable","message":"Task context is unavailable on this gateway after restart; the task will be refunded on timeout."}"#;
        return Err(text(410, gone));
    }
    let is_assigned = seen.open.get(id).is_some_and(|open| {
        open.hotkey == hotkey
            && fields.get("worker_id").is_ok_and(|id| id == open.worker_id)
            && fields
                .get("assignment_token")
                .is_ok_and(|token| token == open.token)
            && open.order.id == id
    });
    if is_assigned {
        Ok(())
    } else {
        let words = "Unauthorized request: Worker hotkey is not assigned to task";
        Err(text(401, words))
    }
}
