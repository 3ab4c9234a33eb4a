//! The networks of TRELLIS against the reference, and its operators against their plain twins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conditions;
#[allow(dead_code)]
#[path = "../goldens/formula.rs"]
mod formula;
mod gaussians;
#[allow(dead_code)]
#[path = "../goldens/golden.rs"]
mod golden;
mod noise;
mod sampler;
mod sparse_operators;
mod sparse_structure;
mod structured_latent;
