//! Getting models here: what is here already is taken, what is missing is fetched, several files at
//! a time, and each is checked before it is in its place.

mod file;
mod from_hub;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use url::Url;

use super::digest::Sha256Hash;
use super::error::PullError;
use super::hub::Client;
use super::manifest::{Model, WeightFile};
use super::places::Places;
use file::Pull;

/// From where, and how.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// The Hugging Face hub, or a mirror of it.
    pub endpoint: Url,
    /// The user's token for it.
    pub token: Option<String>,
    /// Fetch nothing; what is missing is an error.
    pub offline: bool,
    /// How many files at a time.
    pub parallel: usize,
    /// The wait before a broken connection is tried again; it doubles with each failure.
    pub pause: Duration,
    /// How long a connection may bring nothing.
    pub silence: Duration,
}

impl PullOptions {
    /// The hub itself, four files at a time.
    #[must_use]
    pub fn new(endpoint: Url) -> Self {
        Self {
            endpoint,
            token: None,
            offline: false,
            parallel: 4,
            pause: Duration::from_millis(500),
            silence: Client::SILENCE,
        }
    }
}

/// One file of one model.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its file.
    pub file: &'a WeightFile,
}

impl Item<'_> {
    /// `model: path`, as messages call it.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}: {}", self.model.name, self.file.path)
    }
}

/// Hears how pulling goes. Called from several threads.
pub trait Watch: Sync {
    /// `bytes` of the file are here, of `total` where that is known. Called often.
    fn has(&self, item: &Item<'_>, bytes: u64, total: Option<u64>);
    /// `bytes` of `total` of it have been checked.
    fn checks(&self, item: &Item<'_>, bytes: u64, total: u64);
    /// It is done with, well or not.
    fn ends(&self, item: &Item<'_>, outcome: &Result<Pulled, PullError>);
}

/// How a file came to be here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it had to be fetched.
    pub fetched: bool,
    /// Its hash, and whether the manifest vouches for it: else it is trusted from now on.
    pub hash: Sha256Hash,
    /// See `hash`.
    pub vouched: bool,
}

/// Gets all files of `models` here. One that fails does not keep the others from coming, except when
/// the disk is full. The outcomes are in the order of the files.
#[must_use]
pub fn pull<'a>(
    places: &Places,
    models: &[&'a Model],
    options: &PullOptions,
    watch: &dyn Watch,
) -> Vec<(Item<'a>, Result<Pulled, PullError>)> {
    let items: Vec<Item<'a>> = models
        .iter()
        .flat_map(|model| model.files.iter().map(move |file| Item { model, file }))
        .collect();
    let queue: Mutex<VecDeque<usize>> = Mutex::new((0..items.len()).collect());
    let outcomes = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    let client = Client::new(&options.endpoint, options.token.as_deref(), options.silence);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let next = queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let Some((index, item)) = next.and_then(|index| Some((index, items.get(index)?)))
            else {
                break;
            };
            let outcome = Pull {
                places,
                options,
                client: &client,
                item,
                watch,
            }
            .run();
            watch.ends(item, &outcome);
            if matches!(outcome, Err(PullError::DiskFull { .. })) {
                stop.store(true, Ordering::Relaxed);
            }
            outcomes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, outcome));
        }
    };
    thread::scope(|scope| {
        for _ in 1..options.parallel.clamp(1, items.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes
        .into_iter()
        .filter_map(|(index, outcome)| Some((*items.get(index)?, outcome)))
        .collect()
}
