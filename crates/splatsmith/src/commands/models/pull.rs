//! `splatsmith models pull`: getting models here.

use indicatif::DecimalBytes;
use models::store::{Item, Model, ModelState, Places, PullError, Pulled, Record, file_state, pull};
use serde::Serialize;

use super::bars::Bars;
use super::manifest;
use crate::args::PullArgs;
use crate::config::{Problems, chosen, places, pulling};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// What became of the files, for scripts.
#[derive(Debug, Serialize)]
struct Report<'a> {
    models_dir: String,
    files: Vec<File<'a>>,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    model: &'a str,
    path: &'a str,
    /// `fetched`, `here` (already) or `failed`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Whether the hash is the published one, rather than trusted from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    vouched: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Gets the models here that were asked for; their licences are shown before anything is fetched.
pub(crate) fn run(args: &PullArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let manifest = manifest()?;
    let models = chosen(&manifest, &args.names, &mut problems);
    let places = places(&args.store, &mut problems);
    let options = pulling(args, places.as_ref(), &models, &mut problems);
    let (places, options) = problems.or(places.zip(options))?;
    let record = Record::load(&places.record).map_err(anyhow::Error::from)?;
    for model in &models {
        if !is_here(model, &places, &record) {
            console.line(&terms(model));
        }
    }
    let outcomes = pull(&places, &models, &options, &Bars::new(console));
    let files: Vec<File<'_>> = outcomes
        .iter()
        .map(|(item, outcome)| file(item, outcome))
        .collect();
    let failed = files.iter().filter(|file| file.error.is_some()).count();
    if args.json {
        console.json(&Report {
            models_dir: places.hub.display().to_string(),
            files,
            failed,
        })?;
    }
    Ok(if failed == 0 {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}

fn is_here(model: &Model, places: &Places, record: &Record) -> bool {
    let states: Vec<_> = model
        .files
        .iter()
        .map(|file| file_state(places, model, file, record))
        .collect();
    ModelState::of(&states) == ModelState::Present
}

/// Under which terms the model comes.
fn terms(model: &Model) -> String {
    let (size, exact) = model.size();
    let size = match size {
        0 => "of unknown size".to_owned(),
        size => format!(
            "{}{}",
            if exact { "" } else { "about " },
            DecimalBytes(size)
        ),
    };
    let gate = if model.gated {
        "; its licence has to be accepted there first"
    } else {
        ""
    };
    format!(
        "{} ({}, {size}): licence {}, commercial use {}, {}{gate}",
        model.name,
        model.title,
        model.licence,
        model.commercial,
        model.page(),
    )
}

/// How a file came to be here, in one line.
pub(super) fn in_words(item: &Item<'_>, pulled: &Pulled) -> String {
    let how = if pulled.fetched {
        "fetched"
    } else {
        "was here"
    };
    let trust = if pulled.vouched {
        "as published"
    } else {
        "no hash is published: trusted from now on"
    };
    format!(
        "{}: {how}, {}, sha256 {} ({trust})",
        item.label(),
        DecimalBytes(pulled.size),
        pulled.hash
    )
}

fn file<'a>(item: &Item<'a>, outcome: &Result<Pulled, PullError>) -> File<'a> {
    let (model, path) = (item.model.name.as_str(), item.file.path.as_str());
    match outcome {
        Ok(pulled) => File {
            model,
            path,
            outcome: if pulled.fetched { "fetched" } else { "here" },
            location: Some(pulled.path.display().to_string()),
            size: Some(pulled.size),
            sha256: Some(pulled.hash.to_string()),
            vouched: Some(pulled.vouched),
            error: None,
        },
        Err(error) => File {
            model,
            path,
            outcome: "failed",
            location: None,
            size: None,
            sha256: None,
            vouched: None,
            error: Some(error.to_string()),
        },
    }
}
