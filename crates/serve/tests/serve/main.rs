//! A server as those who ask it meet it, interface by interface.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod base_miner;
mod batch;
mod document;
mod events;
mod jobs;
mod limits;
mod pod;
mod validation;
