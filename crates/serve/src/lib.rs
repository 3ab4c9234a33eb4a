//! The generator and the judge over HTTP, in the interfaces the field speaks.
//!
//! - `base_miner`: `POST /generate/`, as the official miner asks its generator for text.
//! - `pod`: `POST /generate` and `GET /health`, as competitions ask a pod for an image.
//! - `validation`: `POST /validate_txt_to_3d_ply/`, `POST /validate_img_to_3d_ply/`,
//!   `POST /render_duel_view/` and `GET /version/`, as a validator asks its validation service.
//!
//! Everybody who asks is a stranger: bodies, waiting requests, connections and times are bounded, and
//! whoever comes when the line is full is told when to come again. A request that nobody waits for any
//! more is not worked on.

#![forbid(unsafe_code)]

mod access;
mod base_miner;
mod line;
mod pod;
mod receive;
mod refusal;
mod server;
mod validation;
mod workshop;

pub use access::{Access, ApiKey};
pub use server::{ServeConfig, ServeError, Server};
