//! Logs: `tracing` lines on stderr that leave the bars whole.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::Console;

/// What is logged when neither `--log` nor `SPLATSMITH_LOG` says otherwise.
const DEFAULT_FILTER: &str = "warn,splatsmith=info,miner=info,rehearsal=info";

/// Starts logging to stderr. A filter that cannot be read is replaced by the default and
/// reported; calling this twice in one process changes nothing.
pub(crate) fn start_logging(console: &Console, filter: Option<&str>) {
    let filter = match filter.map(EnvFilter::try_new) {
        None => EnvFilter::new(DEFAULT_FILTER),
        Some(Ok(filter)) => filter,
        Some(Err(error)) => {
            console.error(&format!("--log: {error}; logging {DEFAULT_FILTER}"));
            EnvFilter::new(DEFAULT_FILTER)
        }
    };
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(ConsoleWriter(console.clone()))
        .with_ansi(console.colour())
        .with_target(false)
        .try_init();
}

/// Writes a log line above the bars.
struct ConsoleWriter(Console);

impl Write for &ConsoleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for ConsoleWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}
