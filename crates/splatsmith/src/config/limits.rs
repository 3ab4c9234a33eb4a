//! When a run ends by itself.

use std::time::Duration;

use super::{Problems, Setting, duration};
use crate::args::LimitArgs;

/// When a run ends by itself: whichever comes first; never, when both are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitConfig {
    /// After this much time.
    pub(crate) duration: Option<Duration>,
    /// After this many tasks.
    pub(crate) tasks: Option<u32>,
}

impl LimitConfig {
    /// Checks what was typed.
    pub(crate) fn check(args: &LimitArgs, problems: &mut Problems) -> Self {
        if args.tasks == Some(0) {
            problems.add("--tasks 0: no work to do", "give at least 1");
        }
        Self {
            duration: args
                .run_for
                .as_deref()
                .and_then(|text| duration("--for", text, problems)),
            tasks: args.tasks,
        }
    }

    /// The time limit where there is a count limit too: one of the two is left to the caller.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.tasks.and(self.duration)
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let unlimited = || "unlimited".to_owned();
        vec![
            (
                "for",
                self.duration.map_or_else(unlimited, |limit| {
                    humantime::format_duration(limit).to_string()
                }),
            ),
            (
                "tasks",
                self.tasks.map_or_else(unlimited, |tasks| tasks.to_string()),
            ),
        ]
    }
}
