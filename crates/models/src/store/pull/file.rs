//! One file: taken where it is here, else fetched, checked and remembered.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use url::Url;

use super::{Item, PullOptions, Pulled, Watch};
use crate::store::digest::{Sha256Hash, hash_file};
use crate::store::error::{Mismatch, PullError};
use crate::store::hub::{Client, host};
use crate::store::manifest::Source;
use crate::store::places::{Places, part_of};
use crate::store::record::{Entry, Record, key};
use crate::store::state::expected;
use crate::store::transfer::{Job, length};

/// One file on its way here.
pub(super) struct Pull<'a> {
    pub(super) places: &'a Places,
    pub(super) options: &'a PullOptions,
    pub(super) client: &'a Client,
    pub(super) item: &'a Item<'a>,
    pub(super) watch: &'a dyn Watch,
}

/// Content in its place that is what it should be.
struct Placed {
    path: PathBuf,
    commit: Option<String>,
    /// Its name in the repository, where that is the manifest's `instead`.
    found_as: Option<String>,
    fetched: bool,
    hash: Sha256Hash,
}

/// Content in its place that has not been checked yet.
pub(super) struct Fetched {
    pub(super) path: PathBuf,
    pub(super) commit: Option<String>,
    pub(super) found_as: Option<String>,
    pub(super) fetched: bool,
    /// The hash the server states, where it states one.
    pub(super) stated: Option<Sha256Hash>,
    pub(super) host: String,
}

impl Pull<'_> {
    pub(super) fn run(&self) -> Result<Pulled, PullError> {
        let Item { model, file } = *self.item;
        let record = Record::load(&self.places.record)?;
        let remembered = record.get(&model.source, file).cloned();
        let (size, hash) = expected(model, file, &record);
        if let Some(placed) = self.here(&record, size, hash)? {
            return self.remember(placed);
        }
        if self.options.offline {
            return Err(PullError::Offline {
                file: self.item.label(),
                model: model.name.clone(),
            });
        }
        let fresh = match &model.source {
            Source::Hub { repo, revision } => {
                let commit = revision
                    .clone()
                    .or_else(|| remembered.and_then(|entry| entry.commit));
                self.fetch_from_hub(repo, commit.as_deref(), revision.is_some(), size, hash)?
            }
            Source::Url(url) => self.fetch_from_url(url, size)?,
        };
        self.accept(fresh, hash)
    }

    /// The file, where it is here and what it should be. What is not makes room for a new one.
    fn here(
        &self,
        record: &Record,
        size: Option<u64>,
        hash: Option<Sha256Hash>,
    ) -> Result<Option<Placed>, PullError> {
        let Item { model, file } = *self.item;
        let Some(path) = self.places.find(model, file, record) else {
            return Ok(None);
        };
        let found = length(&path);
        let fits = found <= file.limit() && size.is_none_or(|size| size == found);
        if fits {
            let content = self.hash(&path)?;
            if hash
                .or(Places::named_hash(&path))
                .is_none_or(|expected| expected == content)
            {
                let found_as = file
                    .names()
                    .skip(1)
                    .find(|name| path.ends_with(name))
                    .map(str::to_owned);
                let commit = commit_in(&path).or_else(|| key(&model.source).1.map(str::to_owned));
                return Ok(Some(Placed {
                    path,
                    commit,
                    found_as,
                    fetched: false,
                    hash: content,
                }));
            }
        }
        if !self.options.offline {
            remove(&path)?;
        }
        Ok(None)
    }

    /// Checks what came against the hash it should have, and remembers it.
    fn accept(&self, fresh: Fetched, hash: Option<Sha256Hash>) -> Result<Pulled, PullError> {
        let found = self.hash(&fresh.path)?;
        for expected in hash.into_iter().chain(fresh.stated) {
            if expected != found {
                remove(&fresh.path)?;
                let why = if hash == Some(expected) {
                    self.whose()
                } else {
                    ""
                };
                return Err(PullError::WrongHash {
                    file: self.item.label(),
                    host: fresh.host,
                    hashes: Box::new(Mismatch { expected, found }),
                    why,
                });
            }
        }
        self.remember(Placed {
            path: fresh.path,
            commit: fresh.commit,
            found_as: fresh.found_as,
            fetched: fresh.fetched,
            hash: found,
        })
    }

    fn remember(&self, placed: Placed) -> Result<Pulled, PullError> {
        let Item { model, file } = *self.item;
        let size = length(&placed.path);
        Record::add(
            &self.places.record,
            Entry {
                source: key(&model.source).0.to_owned(),
                path: file.path.clone(),
                found_as: placed.found_as,
                commit: placed.commit,
                size,
                sha256: placed.hash,
            },
        )?;
        Ok(Pulled {
            path: placed.path,
            size,
            fetched: placed.fetched,
            hash: placed.hash,
            vouched: file.sha256.is_some(),
        })
    }

    pub(super) fn hash(&self, path: &Path) -> Result<Sha256Hash, PullError> {
        let (mut read, size) = (0, length(path));
        hash_file(path, |bytes| {
            read += bytes;
            self.watch.checks(self.item, read, size);
        })
        .map_err(PullError::disk(path))
    }

    /// Who expects the hash, for messages.
    pub(super) fn whose(&self) -> &'static str {
        if self.item.file.sha256.is_none() {
            " since the first pull"
        } else {
            ""
        }
    }

    fn fetch_from_url(&self, address: &str, size: Option<u64>) -> Result<Fetched, PullError> {
        let file = self.item.file;
        let label = self.item.label();
        let url = self.address(address)?;
        let path = self.places.checkpoints.join(&file.path);
        fs::create_dir_all(&self.places.checkpoints)
            .map_err(PullError::disk(&self.places.checkpoints))?;
        let part = part_of(&path);
        let _lock = self.lock(&part.with_extension("lock"))?;
        let job = self.job(&label, &url, address, size);
        job.fetch(self.client, &part, &|bytes| {
            self.watch.has(self.item, bytes, size);
        })?;
        fs::rename(&part, &path).map_err(PullError::disk(&path))?;
        Ok(Fetched {
            path,
            commit: None,
            found_as: None,
            fetched: true,
            stated: None,
            host: host(&url),
        })
    }

    pub(super) fn job<'j>(
        &'j self,
        label: &'j str,
        url: &'j Url,
        page: &'j str,
        size: Option<u64>,
    ) -> Job<'j> {
        Job {
            file: label,
            model: &self.item.model.name,
            page,
            revision: "that address",
            url,
            size,
            limit: self.item.file.limit(),
            pause: self.options.pause,
        }
    }

    pub(super) fn lock(&self, path: &Path) -> Result<File, PullError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(PullError::disk(folder))?;
        }
        let lock = File::create(path).map_err(PullError::disk(path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(PullError::Busy {
                file: self.item.label(),
                lock: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(PullError::Disk {
                path: path.to_owned(),
                error,
            }),
        }
    }

    pub(super) fn address(&self, text: &str) -> Result<Url, PullError> {
        let broken = |what: String| PullError::Answer {
            file: self.item.label(),
            host: text.to_owned(),
            what,
        };
        let url: Url = text
            .parse()
            .map_err(|error: url::ParseError| broken(format!("is no address: {error}")))?;
        if matches!(url.scheme(), "http" | "https") {
            Ok(url)
        } else {
            Err(broken("is neither http nor https".to_owned()))
        }
    }
}

/// Removes a file of the cache, and the blob behind a link.
fn remove(path: &Path) -> Result<(), PullError> {
    let behind = fs::canonicalize(path).ok();
    fs::remove_file(path).map_err(PullError::disk(path))?;
    match behind {
        Some(blob) if blob.exists() && blob != path => {
            fs::remove_file(&blob).map_err(PullError::disk(&blob))
        }
        _ => Ok(()),
    }
}

/// The commit in `…/snapshots/<commit>/…`.
fn commit_in(path: &Path) -> Option<String> {
    let mut parts = path.iter().skip_while(|part| *part != "snapshots").skip(1);
    parts.next()?.to_str().map(str::to_owned)
}
