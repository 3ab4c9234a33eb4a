//! The one writer to stdout and stderr.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result};
use indicatif::{MultiProgress, ProgressDrawTarget};
use owo_colors::OwoColorize;
use serde::Serialize;

use super::Progress;
use crate::config::Problems;

/// Where everything printed goes through, so that bars, tables and logs do not tear each other.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    terminal: bool,
    colour: bool,
    bars: MultiProgress,
}

impl Console {
    /// Looks at stderr: a terminal gets bars and colour (unless `NO_COLOR` is set).
    pub(crate) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            terminal,
            colour: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Whether somebody is looking, rather than a log file.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether to colour.
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// The bars on the terminal.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// One or more lines for people.
    pub(crate) fn line(&self, text: &str) {
        self.bars.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    /// One line that says why the command failed.
    pub(crate) fn error(&self, text: &str) {
        let label = if self.colour {
            "error:".red().bold().to_string()
        } else {
            "error:".to_owned()
        };
        self.line(&format!("{label} {}", text.replace('\n', " ").trim()));
    }

    /// Every problem of the configuration, one line each.
    pub(crate) fn problems(&self, problems: &Problems) {
        for problem in problems.iter() {
            self.error(&problem.to_string());
        }
    }

    /// The result for scripts: one JSON object on stdout.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value).context("the result is not JSON")?;
        self.bars
            .suspend(|| writeln!(std::io::stdout(), "{text}"))
            .context("stdout cannot be written to")
    }

    /// A file for whoever redirects stdout into one; it ends its own last line.
    pub(crate) fn document(&self, text: &str) -> Result<()> {
        self.bars
            .suspend(|| write!(std::io::stdout(), "{text}"))
            .context("stdout cannot be written to")
    }

    /// A bar for one piece of work.
    pub(crate) fn progress(&self, label: &str) -> Progress {
        Progress::new(self, label)
    }
}
