//! The face: flags, environment and `splatsmith.toml` become one validated configuration, the
//! rooms below are wired together from it, and what happens is shown.
//!
//! Nothing is decided here that a room below could decide. `--json` results go to stdout and
//! nothing else does: tables, progress and logs are for people and go to stderr.
//!
//! Exit codes: 0 done (or passed), 1 failed (or did not pass), 2 the command line, the
//! configuration or, for `judge`, the file itself could not be used.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod config;
mod files;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

pub use config::{Problem, Problems};

/// What a finished command tells the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, or judged good.
    Pass,
    /// Finished, but what it was asked to establish does not hold.
    Fail,
}

/// Why a command could not finish.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The flags or the configuration are unusable; nothing was started.
    Usage(Problems),
    /// Nothing could be said about the input of a command whose exit code 1 is an answer.
    Undecided(anyhow::Error),
    /// The work itself failed.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Usage(problems)
    }
}

/// An error and its causes in one line, each said once: some errors name their cause themselves.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if line.contains(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line
}

/// Runs the command line `arguments`, program name first, and returns the exit code.
///
/// # Example
/// ```
/// let code = splatsmith::run(["splatsmith", "inspect", "no-such-file.ply"].map(Into::into));
/// assert_eq!(code, std::process::ExitCode::from(1));
/// ```
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match args::parse(&arguments) {
        Ok(cli) => cli,
        Err(args::ParseError::Clap(error)) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = error.print();
            return ExitCode::from(code);
        }
        Err(args::ParseError::File(problems)) => {
            ui::Console::new().problems(&problems);
            return ExitCode::from(2);
        }
    };
    let console = ui::Console::new();
    ui::start_logging(&console, cli.log.as_deref());
    let code = match commands::run(cli.command, &console) {
        Ok(Outcome::Pass) => 0,
        Ok(Outcome::Fail) => 1,
        Err(Failure::Usage(problems)) => {
            console.problems(&problems);
            2
        }
        Err(Failure::Undecided(error)) => {
            console.error(&in_words(&error));
            2
        }
        Err(Failure::Failed(error)) => {
            console.error(&in_words(&error));
            1
        }
    };
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let error = anyhow::Error::new(bittensor::keyfile::KeyfileError::Io {
            path: "h".into(),
            source: std::io::Error::other("gone"),
        });
        assert_eq!(in_words(&error), "h: gone");
        assert_eq!(in_words(&error.context("no wallet")), "no wallet: h: gone");
    }
}
