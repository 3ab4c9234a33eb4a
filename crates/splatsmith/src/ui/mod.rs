//! What people see: stderr, with bars and colour on a terminal and plain lines elsewhere.

mod board;
mod check;
mod console;
mod live;
mod logging;
mod progress;
mod tables;

pub(crate) use board::Board;
pub(crate) use check::check_page;
pub(crate) use console::Console;
pub(crate) use live::follow;
pub(crate) use logging::start_logging;
pub(crate) use progress::Progress;
pub(crate) use tables::{mining_table, ruled};
