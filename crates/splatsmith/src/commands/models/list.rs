//! `splatsmith models list`: which models there are, under which terms, and what of them is here.

use comfy_table::{Cell, CellAlignment, Color};
use indicatif::DecimalBytes;
use models::store::{
    Commercial, FileState, Model, ModelState, Places, Record, Sha256Hash, Source, Use, expected,
    file_state,
};
use serde::Serialize;

use super::manifest;
use crate::args::ListArgs;
use crate::config::{Problems, chosen, places};
use crate::ui::{Console, ruled};
use crate::{Failure, Outcome};

/// Everything about the models, for scripts.
#[derive(Debug, Serialize)]
struct Listing<'a> {
    models_dir: String,
    checkpoints_dir: String,
    models: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    name: &'a str,
    title: &'a str,
    uses: &'a [Use],
    default: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    licence: &'a str,
    commercial: Commercial,
    gated: bool,
    page: String,
    /// Bytes, as far as they are known.
    size: u64,
    size_is_exact: bool,
    state: ModelState,
    bytes_here: u64,
    files: Vec<File<'a>>,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    path: &'a str,
    size: Option<u64>,
    sha256: Option<Sha256Hash>,
    /// Whether size and hash are the publisher's, rather than those of the first pull.
    vouched: bool,
    state: ModelState,
    bytes_here: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

/// Shows the models.
pub(crate) fn run(args: &ListArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let manifest = manifest()?;
    let models = chosen(&manifest, &args.names, &mut problems);
    let places = places(&args.store, &mut problems);
    let places = problems.or(places)?;
    let record = Record::load(&places.record).map_err(anyhow::Error::from)?;
    let listing = Listing {
        models_dir: places.hub.display().to_string(),
        checkpoints_dir: places.checkpoints.display().to_string(),
        models: models
            .iter()
            .map(|model| entry(model, &places, &record))
            .collect(),
    };
    if args.json {
        console.json(&listing)?;
    } else {
        console.line(&table(&listing, console.colour()));
    }
    Ok(Outcome::Pass)
}

fn entry<'a>(model: &'a Model, places: &Places, record: &Record) -> Entry<'a> {
    let states: Vec<FileState> = model
        .files
        .iter()
        .map(|file| file_state(places, model, file, record))
        .collect();
    let (repo, revision, url) = match &model.source {
        Source::Hub { repo, revision } => (Some(repo.as_str()), revision.as_deref(), None),
        Source::Url(url) => (None, None, Some(url.as_str())),
    };
    let (size, size_is_exact) = model.size();
    let files = model.files.iter().zip(&states).map(|(file, state)| {
        let (size, sha256) = expected(model, file, record);
        File {
            path: &file.path,
            size,
            sha256,
            vouched: file.sha256.is_some(),
            state: state.summary(),
            bytes_here: state.bytes(),
            location: match state {
                FileState::Present(path) | FileState::Damaged { path, .. } => {
                    Some(path.display().to_string())
                }
                FileState::Partial(_) | FileState::Missing => None,
            },
        }
    });
    Entry {
        name: &model.name,
        title: &model.title,
        uses: &model.uses,
        default: model.default,
        repo,
        revision,
        url,
        licence: &model.licence,
        commercial: model.commercial,
        gated: model.gated,
        page: model.page(),
        size,
        size_is_exact,
        state: ModelState::of(&states),
        bytes_here: states.iter().map(FileState::bytes).sum(),
        files: files.collect(),
    }
}

fn table(listing: &Listing<'_>, colour: bool) -> String {
    let mut table = ruled([
        "model",
        "what it is",
        "for",
        "size",
        "licence",
        "commercial",
        "here",
    ]);
    for entry in &listing.models {
        table.add_row(row(entry, colour));
    }
    if let Some(column) = table.column_mut(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let here: u64 = listing.models.iter().map(|entry| entry.bytes_here).sum();
    format!(
        "{table}\n{} here, in {} and {}\nget what judging needs with `splatsmith models pull judge`",
        DecimalBytes(here),
        listing.models_dir,
        listing.checkpoints_dir,
    )
}

fn row(entry: &Entry<'_>, colour: bool) -> Vec<Cell> {
    let uses: Vec<String> = entry.uses.iter().map(ToString::to_string).collect();
    let about = if entry.size_is_exact { "" } else { "~" };
    let size = match entry.size {
        0 => "unknown".to_owned(),
        size => format!("{about}{}", DecimalBytes(size)),
    };
    let (word, shade) = match entry.state {
        ModelState::Present => ("present".to_owned(), Color::Green),
        ModelState::Partial => (
            format!("partial ({})", DecimalBytes(entry.bytes_here)),
            Color::Yellow,
        ),
        ModelState::Missing => ("missing".to_owned(), Color::DarkGrey),
        ModelState::Damaged => ("damaged".to_owned(), Color::Red),
    };
    let painted = |cell: Cell, shade: Color| if colour { cell.fg(shade) } else { cell };
    let commercial = Cell::new(entry.commercial);
    vec![
        Cell::new(entry.name),
        Cell::new(entry.title),
        Cell::new(uses.join(", ")),
        Cell::new(size),
        Cell::new(entry.licence),
        if entry.commercial == Commercial::No {
            painted(commercial, Color::Red)
        } else {
            commercial
        },
        painted(Cell::new(word), shade),
    ]
}
