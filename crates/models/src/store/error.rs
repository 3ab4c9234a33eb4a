//! Why a file could not be pulled: one line each, with what to do.

use std::io;
use std::path::PathBuf;

use super::digest::Sha256Hash;
use super::record::RecordError;

/// A hash and the one that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    /// What is expected.
    pub expected: Sha256Hash,
    /// What was found.
    pub found: Sha256Hash,
}

/// Why a file could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// Nothing may be fetched, and the file is not here.
    #[error(
        "{file} is not here and nothing is fetched offline; run `splatsmith models pull {model}` without --offline or HF_HUB_OFFLINE"
    )]
    Offline {
        /// `model: path`.
        file: String,
        /// The model's name.
        model: String,
    },
    /// The publisher wants the licence accepted first.
    #[error(
        "{file}: {host} answered {status}: accept the licence at {page} and set HF_TOKEN to a token of that account"
    )]
    Gated {
        /// `model: path`.
        file: String,
        /// Who refused.
        host: String,
        /// 401 or 403.
        status: u16,
        /// Where to accept it.
        page: String,
    },
    /// There is no such repository, revision or file.
    #[error("{file}: {host} has no {what}")]
    NotThere {
        /// `model: path`.
        file: String,
        /// Who says so.
        host: String,
        /// What there is not: `such file at main`, …
        what: String,
    },
    /// The server answered something that cannot be used.
    #[error("{file}: {host} {what}")]
    Answer {
        /// `model: path`.
        file: String,
        /// Which server.
        host: String,
        /// What it did.
        what: String,
    },
    /// The connection could not be made, or broke.
    #[error(
        "{file}: the connection to {host} broke ({what}); {kept} bytes are kept: run `splatsmith models pull {model}` to go on"
    )]
    Broken {
        /// `model: path`.
        file: String,
        /// The model's name.
        model: String,
        /// Which server.
        host: String,
        /// How.
        what: String,
        /// Bytes on the disk.
        kept: u64,
    },
    /// The server offers or sends more or less than the file has.
    #[error(
        "{file}: {host} offers {found} bytes where {expected} are expected; nothing of it is kept"
    )]
    WrongSize {
        /// `model: path`.
        file: String,
        /// Which server.
        host: String,
        /// What is expected, in words.
        expected: String,
        /// What it offers.
        found: String,
    },
    /// What came is not what was published.
    #[error(
        "{file}: {host} offers sha256 {} where {} is expected{why}; nothing of it is kept",
        hashes.found,
        hashes.expected
    )]
    WrongHash {
        /// `model: path`.
        file: String,
        /// Which server.
        host: String,
        /// The hash found and the one expected.
        hashes: Box<Mismatch>,
        /// Who expects it, where it is not the manifest.
        why: &'static str,
    },
    /// The disk is full.
    #[error("{file}: the disk of {} is full; {kept} bytes are kept: make room and run `splatsmith models pull {model}` to go on", folder.display())]
    DiskFull {
        /// `model: path`.
        file: String,
        /// The model's name.
        model: String,
        /// Where it was written to.
        folder: PathBuf,
        /// Bytes on the disk.
        kept: u64,
    },
    /// The disk cannot be read or written.
    #[error("{}: {error}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process is pulling the same file.
    #[error("{file}: another process is pulling it (it holds {})", lock.display())]
    Busy {
        /// `model: path`.
        file: String,
        /// The lock it holds.
        lock: PathBuf,
    },
    /// What was pulled cannot be remembered.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl PullError {
    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Disk { path, error }
    }

    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}
