//! Chain reads against a test node of our own, and against what the Python SDK reads from the same
//! bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod decoding;
mod faults;
mod goldens;
mod layouts;
mod metadata;
mod node;
mod reads;
mod watching;
