//! One bar for each file that is being fetched or checked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use models::store::{Item, PullError, Pulled, Watch};

use crate::ui::Console;

/// The bars on the terminal. Elsewhere a line says how each file fared.
pub(super) struct Bars<'a> {
    console: &'a Console,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl<'a> Bars<'a> {
    pub(super) fn new(console: &'a Console) -> Self {
        Self {
            console,
            bars: Mutex::default(),
        }
    }

    fn set(&self, item: &Item<'_>, doing: &'static str, bytes: u64, total: Option<u64>) {
        let label = item.label();
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(label.clone()).or_insert_with(|| self.bar(label));
        bar.set_message(doing);
        match total {
            Some(total) => bar.set_length(total),
            None => bar.unset_length(),
        }
        bar.set_position(bytes);
    }

    fn bar(&self, label: String) -> ProgressBar {
        let bar = self.console.bars().add(ProgressBar::no_length());
        bar.set_style(
            ProgressStyle::with_template("{prefix} {msg} {wide_bar:.cyan/dim} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// The file is done with.
    pub(super) fn clear(&self, item: &Item<'_>) {
        let bar = self
            .bars
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&item.label());
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Bars<'_> {
    fn has(&self, item: &Item<'_>, bytes: u64, total: Option<u64>) {
        self.set(item, "fetching", bytes, total);
    }

    fn checks(&self, item: &Item<'_>, bytes: u64, total: u64) {
        self.set(item, "checking", bytes, Some(total));
    }

    fn ends(&self, item: &Item<'_>, outcome: &Result<Pulled, PullError>) {
        self.clear(item);
        match outcome {
            Ok(pulled) => self.console.line(&super::pull::in_words(item, pulled)),
            Err(error) => self.console.error(&error.to_string()),
        }
    }
}
