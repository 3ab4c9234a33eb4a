//! TRELLIS against the reference, from its operators, which are held against their plain twins too, to
//! whole pipelines.
//!
//! `../goldens/make_trellis.py` makes the goldens of `data/trellis`. Where `SPLATSMITH_TRELLIS` names a
//! checkout of github.com/microsoft/TRELLIS and `SPLATSMITH_MODELS_PYTHON` a Python that has
//! `../goldens/trellis-requirements.txt`, it is run with other seeds too, and everything is held against
//! those.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod behaviour;
mod conditions;
#[allow(dead_code)]
#[path = "../goldens/formula.rs"]
mod formula;
mod gaussians;
#[allow(dead_code)]
#[path = "../goldens/golden.rs"]
mod golden;
#[path = "../goldens/lay_out.rs"]
mod lay_out;
mod more_networks;
mod noise;
mod pipeline;
mod preparing;
mod published;
mod sampler;
mod sampling;
mod seeds;
mod sparse_operators;
mod sparse_structure;
mod structured_latent;
