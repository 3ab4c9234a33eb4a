//! What of a model is here, by sizes alone: quick enough to be asked before every use.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::digest::Sha256Hash;
use super::manifest::{Model, WeightFile};
use super::places::Places;
use super::record::Record;

/// What of one file is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// All of it, by its size; whether its content is right, only [`super::verify`] knows.
    Present(PathBuf),
    /// So many bytes of it, left by a pull that broke.
    Partial(u64),
    /// Nothing.
    Missing,
    /// A file whose size is wrong.
    Damaged {
        /// Where it lies.
        path: PathBuf,
        /// Its size, in bytes.
        size: u64,
        /// What its size should be.
        expected: u64,
    },
}

/// What of a whole model is here: the worst of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// All files.
    Present,
    /// Some files, or parts of them.
    Partial,
    /// Nothing.
    Missing,
    /// A file whose size is wrong.
    Damaged,
}

impl FileState {
    /// The word for it.
    #[must_use]
    pub fn summary(&self) -> ModelState {
        match self {
            Self::Present(_) => ModelState::Present,
            Self::Partial(_) => ModelState::Partial,
            Self::Missing => ModelState::Missing,
            Self::Damaged { .. } => ModelState::Damaged,
        }
    }

    /// How many bytes of it are here.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Present(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Self::Partial(bytes) | Self::Damaged { size: bytes, .. } => *bytes,
            Self::Missing => 0,
        }
    }
}

impl ModelState {
    /// The state of a model whose files are in these states.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a FileState>) -> Self {
        let states: Vec<Self> = files.into_iter().map(FileState::summary).collect();
        let all = |state| states.iter().all(|&other| other == state);
        if states.contains(&Self::Damaged) {
            Self::Damaged
        } else if all(Self::Present) {
            Self::Present
        } else if all(Self::Missing) {
            Self::Missing
        } else {
            Self::Partial
        }
    }
}

/// The size and hash `file` should have: the manifest's, else those of its first pull.
#[must_use]
pub fn expected(
    model: &Model,
    file: &WeightFile,
    record: &Record,
) -> (Option<u64>, Option<Sha256Hash>) {
    let recorded = record.get(&model.source, file);
    (
        file.size.or(recorded.map(|entry| entry.size)),
        file.sha256.or(recorded.map(|entry| entry.sha256)),
    )
}

/// What of `file` is here.
#[must_use]
pub fn file_state(places: &Places, model: &Model, file: &WeightFile, record: &Record) -> FileState {
    let Some(path) = places.find(model, file, record) else {
        return match places.begun(model, file) {
            Some(bytes) if bytes > 0 => FileState::Partial(bytes),
            _ => FileState::Missing,
        };
    };
    let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    match expected(model, file, record).0 {
        Some(expected) if expected != size => FileState::Damaged {
            path,
            size,
            expected,
        },
        _ => FileState::Present(path),
    }
}
