//! A GPU against the CPU: every operator against its plain twin, small networks, and whole pipelines, in
//! single precision and in half.
//!
//! `SPLATSMITH_TEST_DEVICE=gpu cargo test -p models --features cuda --test device` runs it (or `metal`);
//! without the variable there is nothing to do. `SPLATSMITH_TEST_DEVICE=cpu` takes the CPU for the device,
//! which tries the tests themselves: there, half precision goes the plain way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../goldens/formula.rs"]
mod formula;
#[allow(dead_code)]
#[path = "../goldens/golden.rs"]
mod golden;
#[path = "../goldens/lay_out.rs"]
mod lay_out;

#[allow(dead_code)]
#[path = "../flux/files.rs"]
mod files;

mod attention;
mod finishing;
mod grids;
mod memory;
mod networks;
mod operators;
mod painting;
mod pictures;
mod sculpting;
mod threads;
mod twins;
mod watch;
