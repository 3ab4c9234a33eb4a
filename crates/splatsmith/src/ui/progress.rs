//! The progress of one piece of work: a bar on a terminal, a line per stage elsewhere.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Console;

/// One bar. Clears itself when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    console: Console,
    label: String,
    bar: ProgressBar,
    stage: Mutex<String>,
}

impl Progress {
    pub(super) fn new(console: &Console, label: &str) -> Self {
        let bar = console.bars().add(ProgressBar::no_length());
        bar.set_style(
            ProgressStyle::with_template("{prefix} {wide_bar:.cyan/dim} {pos}/{len} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            console: console.clone(),
            label: label.to_owned(),
            bar,
            stage: Mutex::default(),
        }
    }

    /// `done` of `total` steps of `stage` are finished.
    pub(crate) fn set(&self, stage: &str, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done.min(total));
        self.bar.set_message(stage.to_owned());
        if self.console.is_terminal() {
            return;
        }
        let mut current = self
            .stage
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *current != stage {
            stage.clone_into(&mut current);
            self.console.line(&format!("{}: {stage}", self.label));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
