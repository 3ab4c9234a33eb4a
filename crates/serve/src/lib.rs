//! The generator and the judge over HTTP, in the interfaces the field speaks.
//!
//! - `base_miner`: `POST /generate/`, as the official miner asks its generator for text.
//! - `pod`: `POST /generate` and `GET /health`, as competitions ask a pod for an image.
//! - `batch`: `GET /status`, `POST /generate` with JSON and `GET /results`, as competitions ask a pod for
//!   batches.
//! - `jobs`: `/v1/jobs`, our own: ask, follow, fetch, cancel.
//! - `validation`: `POST /validate_txt_to_3d_ply/`, `POST /validate_img_to_3d_ply/`,
//!   `POST /render_duel_view/` and `GET /version/`, as a validator asks its validation service.
//!
//! `GET /openapi.json` documents them all.
//!
//! Everybody who asks is a stranger: bodies, waiting requests, connections, times and what waits for slow
//! readers are bounded, and whoever comes when there is no room is told when to come again. A request that
//! nobody waits for any more is not worked on. Each generator makes one cloud at a time, and begins the
//! next while the last is on its way.

#![forbid(unsafe_code)]

mod access;
mod answer;
mod base_miner;
mod batch;
mod fleet;
mod house;
mod jobs;
mod line;
mod openapi;
mod pace;
mod pod;
mod receive;
mod refusal;
mod routes;
mod server;
mod shelf;
mod validation;
mod workshop;

pub use access::{Access, ApiKey};
pub use batch::{BatchConfig, FetcherError};
pub use house::{Load, LoadState};
pub use jobs::JobLimits;
pub use server::{Equipment, ServeConfig, ServeError, Server, Watch};
