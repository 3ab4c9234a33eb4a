//! What was pulled, as it was then: the size and hash that later checks hold files against where the
//! manifest knows none. The first pull is trusted; whatever changes after it is noticed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digest::Sha256Hash;
use super::manifest::{Source, WeightFile};

/// A record larger than this is none.
const LARGEST: u64 = 4 << 20;

/// One file as it was when it was first pulled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The repository or address.
    pub source: String,
    /// Its path there, as the manifest names it.
    pub path: String,
    /// The name it was found under, where that is the manifest's `instead`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found_as: Option<String>,
    /// The commit, of a repository.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// Bytes.
    pub size: u64,
    /// What was in them.
    pub sha256: Sha256Hash,
}

/// All files that were pulled, in no order that means anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    files: Vec<Entry>,
}

/// Why the record of what was pulled cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}; it only remembers what was pulled: mend it, or delete it and run `splatsmith models verify`", path.display())]
pub struct RecordError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

impl Record {
    /// The record at `path`; empty where there is none yet.
    ///
    /// # Errors
    /// When there is one and it cannot be read.
    pub fn load(path: &Path) -> Result<Self, RecordError> {
        let broken = |what: String| RecordError {
            path: path.to_owned(),
            what,
        };
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(broken(error.to_string())),
            Ok(metadata) if metadata.len() > LARGEST => {
                return Err(broken("it is too large for a record".to_owned()));
            }
            Ok(_) => {}
        }
        let text = fs::read(path).map_err(|error| broken(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))
    }

    /// What is remembered of `file` of the model published at `source`. Of a pinned model, only what
    /// was pulled at that commit counts.
    #[must_use]
    pub fn get(&self, source: &Source, file: &WeightFile) -> Option<&Entry> {
        let (name, pinned) = key(source);
        self.files.iter().find(|entry| {
            entry.source == name
                && entry.path == file.path
                && pinned.is_none_or(|pinned| entry.commit.as_deref() == Some(pinned))
        })
    }

    /// Remembers `entry` at `path`, beside what other processes may have remembered meanwhile.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub(super) fn add(path: &Path, entry: Entry) -> Result<(), RecordError> {
        let broken = |error: io::Error| RecordError {
            path: path.to_owned(),
            what: error.to_string(),
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(broken)?;
        let guard = File::create(path.with_extension("lock.busy")).map_err(broken)?;
        guard.lock().map_err(broken)?;
        let mut record = Self::load(path)?;
        record.files.retain(|other| {
            (&other.source, &other.path, &other.commit)
                != (&entry.source, &entry.path, &entry.commit)
        });
        record.files.push(entry);
        let text = serde_json::to_vec_pretty(&record).map_err(|error| broken(error.into()))?;
        let fresh = path.with_extension("lock.new");
        let mut file = File::create(&fresh).map_err(broken)?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(broken)?;
        fs::rename(&fresh, path).map_err(broken)
    }
}

/// By what a model's files are remembered, and the commit they must be of.
pub(super) fn key(source: &Source) -> (&str, Option<&str>) {
    match source {
        Source::Hub { repo, revision } => (repo, revision.as_deref()),
        Source::Url(url) => (url, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(commit: &str, size: u64) -> Entry {
        Entry {
            source: "o/a".to_owned(),
            path: "w".to_owned(),
            found_as: None,
            commit: Some(commit.repeat(40)),
            size,
            sha256: "0f".repeat(32).parse().expect("a hash"),
        }
    }

    #[test]
    fn what_is_added_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("splatsmith.lock");
        assert_eq!(Record::load(&path).expect("none yet"), Record::default());
        for (commit, size) in [("a", 1), ("b", 2), ("a", 3)] {
            Record::add(&path, entry(commit, size)).expect("added");
        }
        let record = Record::load(&path).expect("read");
        let size = |revision: Option<&str>| {
            let revision = revision.map(|commit| commit.repeat(40));
            let source = Source::Hub {
                repo: "o/a".to_owned(),
                revision,
            };
            let text = "[[model]]\nname='a'\ntitle='a'\nuses=['gate']\nrepo='o/a'\nlicence='MIT'\ncommercial='yes'\n[[model.file]]\npath='w'";
            let manifest: super::super::Manifest = text.parse().expect("a manifest");
            record
                .get(&source, &manifest.models()[0].files[0])
                .map(|entry| entry.size)
        };
        assert_eq!(
            (size(Some("a")), size(Some("b")), size(Some("c"))),
            (Some(3), Some(2), None)
        );
        assert!(size(None).is_some());
    }

    #[test]
    fn a_broken_record_is_one_line_that_names_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("splatsmith.lock");
        fs::write(&path, "{").expect("written");
        let error = Record::load(&path).expect_err("refused").to_string();
        assert!(
            error.contains("splatsmith.lock") && !error.contains('\n'),
            "{error}"
        );
    }
}
