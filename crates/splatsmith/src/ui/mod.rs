//! What people see: stderr, with bars and colour on a terminal and plain lines elsewhere.

mod console;
mod logging;
mod progress;

pub(crate) use console::Console;
pub(crate) use logging::start_logging;
pub(crate) use progress::Progress;
