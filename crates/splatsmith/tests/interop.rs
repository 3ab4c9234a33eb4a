//! Against the official Python SDK: our miner on its axons, its dendrite on our rehearsal.
//!
//! Needs a Python with the packages of `tests/interop/requirements.txt`, named by
//! `SPLATSMITH_INTEROP_PYTHON`; `.ci/run` makes one. Without it the tests say that they are
//! skipped, unless `SPLATSMITH_INTEROP_REQUIRED` is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/network.rs"]
mod network;

use std::path::PathBuf;
use std::process::Command;

/// The Python to test with, or `None` where there is none and none is required.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("SPLATSMITH_INTEROP_PYTHON").map(PathBuf::from);
    if named.is_none() {
        assert!(
            std::env::var_os("SPLATSMITH_INTEROP_REQUIRED").is_none(),
            "SPLATSMITH_INTEROP_PYTHON is not set"
        );
        println!("skipped: SPLATSMITH_INTEROP_PYTHON names no Python with the SDK");
    }
    named
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/interop")
        .join(name)
}
