//! The table that `mine` ends with.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, LineStyle, Row, Table};
use miner::{Counts, Summary, short_source_name};

const TITLES: [&str; 11] = [
    "validator",
    "pulled",
    "answered",
    "accepted",
    "skipped",
    "rejected",
    "violations",
    "lost",
    "doubled",
    "mean score",
    "sends from",
];

/// A table with a line under its titles and none between its rows.
pub(crate) fn ruled(titles: impl Into<Row>) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_header(titles);
    table
}

/// Every validator, all together, and how busy the generators were.
pub(crate) fn mining_table(summary: &Summary) -> String {
    let mut table = ruled(TITLES);
    for validator in &summary.validators {
        let name = short_source_name(validator.uid);
        table.add_row(row(name, &validator.counts, validator.sends_from));
    }
    table.add_row(row("all".to_owned(), &summary.totals, None));
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "{table}\ngenerators idle {:.0} % of the time",
        summary.generator_idle_share * 100.0
    )
}

fn row(name: String, counts: &Counts, sends_from: Option<f64>) -> Vec<String> {
    let number =
        |score: Option<f64>| score.map_or_else(|| "–".to_owned(), |score| format!("{score:.3}"));
    let mut cells = vec![name];
    cells.extend(
        [
            counts.tasks_pulled,
            counts.tasks_answered,
            counts.accepted,
            counts.skipped,
            counts.rejected,
            counts.violations,
            counts.lost,
            counts.doubled,
        ]
        .map(|count| count.to_string()),
    );
    cells.extend([counts.mean_score, sends_from].map(number));
    cells
}
