//! `splatsmith models verify`: whether what is here is what it should be.

use models::store::{Finding, Item, Model, Record, verify};
use serde::Serialize;

use super::bars::Bars;
use super::manifest;
use crate::args::VerifyArgs;
use crate::config::{Problems, chosen, places};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// What was found, for scripts.
#[derive(Debug, Serialize)]
struct Report<'a> {
    models_dir: String,
    files: Vec<File<'a>>,
    bad: usize,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    model: &'a str,
    path: &'a str,
    /// `good`, `unknown` (nothing says what it should be), `missing`, `partial`, `wrong_size`,
    /// `wrong_hash` or `unreadable`.
    finding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Checks every file that is here; of models that were named, every file must be.
pub(crate) fn run(args: &VerifyArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let manifest = manifest()?;
    let models: Vec<&Model> = chosen(&manifest, &args.names, &mut problems);
    let places = places(&args.store, &mut problems);
    let places = problems.or(places)?;
    let record = Record::load(&places.record).map_err(anyhow::Error::from)?;
    let bars = Bars::new(console);
    let found = verify(&places, &models, &record, &bars);
    let mut files = Vec::new();
    for (item, finding) in &found {
        bars.clear(item);
        let error = finding
            .complaint(item)
            .or_else(|| absence(item, finding).filter(|_| !args.names.is_empty()));
        match &error {
            Some(error) => console.error(error),
            None => console.line(&in_words(item, finding)),
        }
        files.push(file(item, finding, error));
    }
    let bad = files.iter().filter(|file| file.error.is_some()).count();
    if args.json {
        console.json(&Report {
            models_dir: places.hub.display().to_string(),
            files,
            bad,
        })?;
    }
    Ok(if bad == 0 {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}

fn absence(item: &Item<'_>, finding: &Finding) -> Option<String> {
    let what = match finding {
        Finding::Missing => "not here".to_owned(),
        Finding::Partial(bytes) => format!("only {bytes} bytes of it are here"),
        _ => return None,
    };
    Some(format!(
        "{}: {what}; get it with `splatsmith models pull {}`",
        item.label(),
        item.model.name
    ))
}

fn in_words(item: &Item<'_>, finding: &Finding) -> String {
    let what = match finding {
        Finding::Good {
            hash,
            vouched: true,
        } => format!("good, sha256 {hash} as published"),
        Finding::Good {
            hash,
            vouched: false,
        } => format!("good, sha256 {hash} as at its first pull"),
        Finding::Unknown(hash) => format!("sha256 {hash}, and nothing says what it should be"),
        Finding::Partial(bytes) => format!("only {bytes} bytes of it are here"),
        _ => "not here".to_owned(),
    };
    format!("{}: {what}", item.label())
}

fn file<'a>(item: &Item<'a>, finding: &Finding, error: Option<String>) -> File<'a> {
    let (word, hash) = match finding {
        Finding::Good { hash, .. } => ("good", Some(hash)),
        Finding::Unknown(hash) => ("unknown", Some(hash)),
        Finding::Missing => ("missing", None),
        Finding::Partial(_) => ("partial", None),
        Finding::WrongSize { .. } => ("wrong_size", None),
        Finding::WrongHash { hash, .. } => ("wrong_hash", Some(hash)),
        Finding::Unreadable { .. } => ("unreadable", None),
    };
    File {
        model: &item.model.name,
        path: &item.file.path,
        finding: word,
        sha256: hash.map(ToString::to_string),
        error,
    }
}
