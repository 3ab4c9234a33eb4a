//! Subnet 17 (404-GEN) as it was mined by pulling: its messages on the wire, and the rules its
//! validators keep, as pure functions of state and clock.
//!
//! Rules and numbers come from `404-Repo/three-gen-subnet` at 5fc61f1 (October 2025); each carries the
//! file it was read in. Times are unix seconds, as `f64` where the validator uses `time.time()` and as
//! `i64` where it truncates to whole seconds. [`gateway`] is the subnet's other door.

#![forbid(unsafe_code)]

mod messages;
mod rules;
mod standing;

pub mod economics;
pub mod gateway;
pub mod licence;

pub use messages::{
    COMPRESSION_SPZ, DATA_FORMAT_PLY, DATA_VERSION, Feedback, PullTask, SubmitResults, Task,
    TaskKind,
};
pub use rules::{OWNER_HOTKEY, Rules};
pub use standing::{Assignment, PullOutcome, Ruling, Standing, SubmitOutcome};
