//! Checking what is here, byte by byte.

use std::path::PathBuf;

use super::digest::{Sha256Hash, hash_file};
use super::manifest::Model;
use super::places::Places;
use super::pull::{Item, Watch};
use super::record::Record;
use super::state::{FileState, expected, file_state};

/// What checking one file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is what it should be, by the manifest or, where that does not know, by its first pull.
    Good {
        /// Its hash.
        hash: Sha256Hash,
        /// Whether the manifest vouches for it.
        vouched: bool,
    },
    /// It is here, but nothing says what it should be.
    Unknown(Sha256Hash),
    /// Nothing of it is here.
    Missing,
    /// A pull broke after so many bytes.
    Partial(u64),
    /// Its size is wrong.
    WrongSize {
        /// Where it lies.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// What its size should be.
        expected: u64,
    },
    /// Its content is wrong.
    WrongHash {
        /// Where it lies.
        path: PathBuf,
        /// The hash of its content.
        hash: Sha256Hash,
        /// What its hash should be.
        expected: Sha256Hash,
    },
    /// It cannot be read.
    Unreadable {
        /// Where it lies.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl Finding {
    /// What is wrong with the file of `item` and what mends it, in one line; `None` where all is well
    /// or nothing is here.
    #[must_use]
    pub fn complaint(&self, item: &Item<'_>) -> Option<String> {
        let (path, what) = match self {
            Self::WrongSize {
                path,
                size,
                expected,
            } => (path, format!("{size} bytes where {expected} are expected")),
            Self::WrongHash {
                path,
                hash,
                expected,
            } => (path, format!("sha256 {hash} where {expected} is expected")),
            Self::Unreadable { path, why } => (path, why.clone()),
            Self::Good { .. } | Self::Unknown(_) | Self::Missing | Self::Partial(_) => return None,
        };
        let label = item.label();
        let name = &item.model.name;
        Some(format!(
            "{label}: {what} ({}); mend it with `splatsmith models pull {name}`",
            path.display()
        ))
    }
}

/// Checks every file of `models` that is here.
#[must_use]
pub fn verify<'a>(
    places: &Places,
    models: &[&'a Model],
    record: &Record,
    watch: &dyn Watch,
) -> Vec<(Item<'a>, Finding)> {
    let items = models
        .iter()
        .flat_map(|model| model.files.iter().map(move |file| Item { model, file }));
    items
        .map(|item| (item, finding(places, &item, record, watch)))
        .collect()
}

fn finding(places: &Places, item: &Item<'_>, record: &Record, watch: &dyn Watch) -> Finding {
    let path = match file_state(places, item.model, item.file, record) {
        FileState::Present(path) => path,
        FileState::Partial(bytes) => return Finding::Partial(bytes),
        FileState::Missing => return Finding::Missing,
        FileState::Damaged {
            path,
            size,
            expected,
        } => {
            return Finding::WrongSize {
                path,
                size,
                expected,
            };
        }
    };
    let total = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let mut read = 0;
    let hash = hash_file(&path, |bytes| {
        read += bytes;
        watch.checks(item, read, total);
    });
    // A blob named by its hash says itself what it should be.
    let named = Places::named_hash(&path);
    match (hash, expected(item.model, item.file, record).1.or(named)) {
        (Err(error), _) => Finding::Unreadable {
            path,
            why: error.to_string(),
        },
        (Ok(hash), None) => Finding::Unknown(hash),
        (Ok(hash), Some(expected)) if hash == expected => Finding::Good {
            hash,
            vouched: item.file.sha256.is_some(),
        },
        (Ok(hash), Some(expected)) => Finding::WrongHash {
            path,
            hash,
            expected,
        },
    }
}
