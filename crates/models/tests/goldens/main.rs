//! The networks, resizing and the tokenizer against their reference implementations.
//!
//! `make.py` makes the goldens; with `SPLATSMITH_MODELS_PYTHON` naming a Python that has
//! `requirements.txt`, it is run with other seeds too, and everything is held against those.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clip;
mod convnext;
mod dinov2;
#[allow(dead_code)]
mod formula;
mod golden;
mod lpips;
mod resize;
mod seeds;
mod tokenizer;
