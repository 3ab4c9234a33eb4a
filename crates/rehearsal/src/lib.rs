//! A local subnet: validators with the real rules on the real wire, on loopback, with faults on
//! demand, and books of everything that came and went. It knows no miner: whoever runs a rehearsal
//! brings the two together.
//!
//! What is real: signed HTTP, cooldowns with throttle credit, penalties, violations, replay of an
//! assigned task, the validation lock, the licence signature, decoding of the submitted bytes, the
//! judge's gates and views. What is not: there are no duels (everybody's rating is 1500), and while
//! the quality networks are missing a score is made of gates and view consistency, which a
//! [`Report`] says in [`Report::score_basis`].

#![forbid(unsafe_code)]

mod books;
mod config;
mod faults;
mod front;
mod half;
mod host;
mod prompts;
mod registration;
mod rehearsal;
mod report;
mod scorer;
mod studio;
mod tasks;
mod validator;

pub use books::{Tally, Unanswered};
pub use config::{RehearsalConfig, RehearsalError};
pub use faults::{Fault, FaultPlan, Service};
pub use prompts::{TextPrompt, text_prompts};
pub use rehearsal::Rehearsal;
pub use report::{Report, ScoreBasis, ValidatorReport};
pub use validator::Scored;
