//! The weights store from outside: pulled from a hub on this machine, and read from files made by
//! PyTorch itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checkpoints;
mod damage;
mod hostile;
mod hub;
mod pulling;
mod refusals;
