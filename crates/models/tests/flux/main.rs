//! FLUX.1-schnell against diffusers, transformers and gguf.
//!
//! `tests/goldens/flux.py` makes the goldens from the pinned references; weights follow a formula.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../goldens/formula.rs"]
#[allow(dead_code)]
mod formula;
#[path = "../goldens/golden.rs"]
#[allow(dead_code)]
mod golden;

mod files;
mod flow;
mod full;
mod keys;
mod packed;
mod text;
mod whole;
