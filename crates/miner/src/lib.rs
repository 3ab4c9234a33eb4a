//! The miner: pulls tasks from every validator and gateway at once, has them made and judged, and delivers each
//! answer exactly once, through crashes, lost replies and full disks.
//!
//! ```text
//!   validator ◄──► source ──order──► planner ──lease──► device (generator, judge)
//!                    ▲                                     │ cloud
//!                    └─────────── ledger ◄──── finish ◄────┘
//! ```
//!
//! * `source` — one async task per validator, or place at a gateway: pulls, waits for the answer,
//!   delivers it, keeps the cooldown. Between steps it asks the ledger where things stand.
//! * `roster` and `sources` — whom to pull from, and who does, as the metagraph changes.
//! * `planner` — which task next; leases that go back in line when dropped.
//! * `device` — one loop per generator; `finish` encodes and writes beside it.
//! * `weigher` — whether a judged cloud is worth sending, by what validators' answers teach.
//! * `ledger` — every state a task can be in, on disk before anything acts on it.
//! * `event` and `summary` — what people see, and what is counted: one stream.

#![forbid(unsafe_code)]

mod assets;
mod backoff;
mod clock;
mod config;
mod context;
mod device;
mod error;
mod event;
mod finish;
mod gateway_config;
mod idleness;
mod ledger;
mod lock;
mod obstacles;
mod peers;
mod planner;
mod quota;
mod registration;
mod roster;
mod run;
mod source;
mod sources;
mod states;
mod status;
mod stream;
mod summary;
mod supervise;
mod weigher;

pub use clock::UnixMillis;
pub use config::{Blacklist, Limit, MinerConfig};
pub use error::{LedgerError, MinerError};
pub use event::{
    Activity, Event, Giver, Ignored, Outcome, SourceState, Stamped, Standing, ValidatorInfo,
};
pub use gateway_config::{GatewayConfig, GatewayError, short_source_name, source_name};
pub use obstacles::obstacles;
pub use roster::Roster;
pub use run::run;
pub use status::{Answers, CategoryStatus, SourceStatus, Status, now, status};
pub use stream::EventSender;
pub use summary::{Counts, Summary, ValidatorSummary};
pub use weigher::Weighing;
