//! The networks of TRELLIS against the reference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../goldens/formula.rs"]
mod formula;
#[allow(dead_code)]
#[path = "../goldens/golden.rs"]
mod golden;
mod sparse_structure;
