//! The gateway, through which the subnet's paying clients reach workers: its messages and limits.
//!
//! A worker asks `POST /get_tasks` for work, and brings each result to `POST /add_result`. Read in
//! `404-Repo/gateway-rs` at ea0c6f2; each rule names the file there. What a worker must know beyond
//! the formats:
//!
//! * A task is handed to one hotkey once (`common/queue/mod.rs`). Asking again never brings it back:
//!   an assignment whose reply was lost runs out by itself.
//! * A result belongs to its assignment token and is applied at most once
//!   (`handlers/result/add_result.rs`, `generation_finalize_task_assignment`): it may be sent again
//!   until the gateway says what became of it.
//! * A task lives for [`TASK_LIFETIME`] from when its client asked for it, not from when it was
//!   handed out.

mod auth;
mod form;
mod messages;
mod refusal;
mod worker;

use std::time::Duration;

pub use auth::{AuthFault, Credential};
pub use form::{Form, Report, Verdict};
pub use messages::{AssignedTask, GetTasks, TaskFault, Tasks};
pub use refusal::{Refusal, refusal};
pub use worker::{WorkerFault, worker_id, worker_tag};

/// Where tasks are asked for.
pub const GET_TASKS: &str = "/get_tasks";
/// Where results go.
pub const ADD_RESULT: &str = "/add_result";
/// The model whose results are splats, as SPZ; prompts are texts or images
/// (`model_config`, `dev-env/config/config-single.toml`).
pub const SPLAT_MODEL: &str = "404-3dgs";
/// A signature is taken for this long, and never before its time
/// (`signature_freshness_threshold`, `verify_hotkey` in `crypto/signature.rs`).
pub const SIGNATURE_LIFETIME: Duration = Duration::from_secs(30);
/// From a client's order to the end of its task (`taskmanager_task_lifetime`).
pub const TASK_LIFETIME: Duration = Duration::from_secs(600);
/// The whole of an `/add_result` request, in bytes (`request_file_size_limit`).
pub const LARGEST_RESULT: usize = 100 << 20;
/// The reason of a failure, in bytes (`MAX_REASON_LENGTH`, `handlers/result/add_result_parse.rs`).
pub const LONGEST_REASON: usize = 255;
/// Results one address may bring in a fixed minute before the answer is 429
/// (`worker_per_minute_rate_limit`). Asking for tasks is not counted (`http3/server.rs`).
pub const RESULTS_PER_MINUTE: u32 = 120;
