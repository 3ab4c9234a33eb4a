//! `splatsmith status`: how mining stands, by the ledger.

use comfy_table::CellAlignment;
use miner::{Answers, SourceStatus, Status, UnixMillis, short_source_name};

use crate::args::StatusArgs;
use crate::config::{Problems, data_dir, duration};
use crate::ui::{Console, ruled};
use crate::{Failure, Outcome};

const SOURCES: [&str; 10] = [
    "validator",
    "task",
    "next pull",
    "violations",
    "accepted",
    "rejected",
    "skipped",
    "unscored",
    "mean score",
    "sends from",
];

const CATEGORIES: [&str; 6] = [
    "category",
    "accepted",
    "rejected",
    "skipped",
    "of sent",
    "mean score",
];

/// Shows every hotkey that has mined from the data folder.
pub(crate) fn run(args: &StatusArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let folder = data_dir(args.data_dir.as_deref(), &mut problems);
    let since = duration("--since", &args.since, &mut problems);
    let (folder, since) = problems.or(folder.zip(since))?;
    let now = miner::now();
    let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let found = miner::status(&folder, now.saturating_sub(since)).map_err(anyhow::Error::from)?;
    if args.json {
        console.json(&found)?;
        return Ok(Outcome::Pass);
    }
    if found.is_empty() {
        console.line(&format!("nobody has mined from {} yet", folder.display()));
    }
    for status in &found {
        console.line(&page(status, now, &args.since));
    }
    Ok(Outcome::Pass)
}

/// One hotkey.
fn page(status: &Status, now: UnixMillis, since: &str) -> String {
    let mut sources = ruled(SOURCES);
    for source in &status.sources {
        sources.add_row(source_row(source, now));
    }
    let mut categories = ruled(CATEGORIES);
    for one in &status.categories {
        let name = one.category.as_deref().unwrap_or("(not told)");
        categories.add_row(category_row(name, &one.answers));
    }
    categories.add_row(category_row("all", &status.answers));
    for column in sources
        .column_iter_mut()
        .chain(categories.column_iter_mut())
    {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let state = if status.mining {
        "mining"
    } else {
        "not mining"
    };
    format!(
        "{}: {state}; answers of the last {since}\n{sources}\n\n{categories}\n",
        status.hotkey
    )
}

fn source_row(source: &SourceStatus, now: UnixMillis) -> Vec<String> {
    let answers = &source.answers;
    let mut cells = vec![
        short_source_name(source.uid),
        source.task.clone().unwrap_or_else(|| "–".to_owned()),
        in_time(source.cooldown_until_ms - now),
        source
            .violations
            .map_or_else(|| "–".to_owned(), |count| count.to_string()),
    ];
    let counts = [
        answers.accepted,
        answers.rejected,
        answers.skipped,
        answers.unscored,
    ];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend([answers.mean_score, source.sends_from].map(number));
    cells
}

fn category_row(name: &str, answers: &Answers) -> Vec<String> {
    let share = answers.accepted_share();
    vec![
        name.to_owned(),
        answers.accepted.to_string(),
        answers.rejected.to_string(),
        answers.skipped.to_string(),
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0)),
        number(answers.mean_score),
    ]
}

fn number(score: Option<f64>) -> String {
    score.map_or_else(|| "–".to_owned(), |score| format!("{score:.3}"))
}

/// `in 2m 5s`, or `now`.
fn in_time(left: UnixMillis) -> String {
    match u64::try_from(left / 1000) {
        Ok(seconds) if seconds > 0 => {
            let left = std::time::Duration::from_secs(seconds);
            format!("in {}", humantime::format_duration(left))
        }
        _ => "now".to_owned(),
    }
}
