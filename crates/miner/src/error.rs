//! Why mining cannot begin or go on.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why [`run`](crate::run) gave up. Whatever happened, the ledger is whole: starting again goes on
/// where this run stopped.
#[derive(Debug, Error)]
pub enum MinerError {
    /// The configuration cannot work; every problem is named.
    #[error("the configuration cannot be used:\n  {}", .0.join("\n  "))]
    Config(Vec<String>),
    /// Another process mines with this hotkey.
    #[error(
        "another process{} already mines with this hotkey ({lock}): two would break each other's \
         cooldowns. Stop it first.", pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(),
        lock = lock.display()
    )]
    AlreadyRunning {
        /// The lock it holds.
        lock: PathBuf,
        /// Its process id, if it wrote one.
        pid: Option<u32>,
    },
    /// A file or folder could not be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The ledger could not be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The signed HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Client(String),
    /// The validators do not know our hotkey.
    #[error(
        "the hotkey {hotkey} is not registered on subnet {netuid}: {validators} of its validators say \
         so. Register it (btcli subnet register --netuid {netuid} --wallet.name WALLET --wallet.hotkey \
         HOTKEY), or name one that is, and check that this is the right network"
    )]
    Unregistered {
        /// Its address.
        hotkey: String,
        /// The subnet.
        netuid: u16,
        /// How many validators say so.
        validators: usize,
    },
    /// Every generator has stopped for good.
    #[error("every generator has stopped; pulled tasks stay in the ledger for the next start")]
    NoGenerator,
}

/// The ledger could not be read or written.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// SQLite failed, for instance because the disk is full.
    #[error("the ledger failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The ledger's tables could not be brought to this version's form.
    #[error("the ledger could not be migrated (is it from a newer version?): {0}")]
    Migration(#[from] rusqlite_migration::Error),
    /// What was to be written is not on disk, for instance because that is full.
    #[error("the ledger cannot be written: {0}")]
    Commit(Arc<str>),
    /// The thread that ran the statement died.
    #[error("a ledger transaction was abandoned")]
    Abandoned,
    /// A row holds what no version of Splatsmith writes.
    #[error("the ledger holds an unknown {column}: {value:?}")]
    Corrupt {
        /// Which column.
        column: &'static str,
        /// Its value.
        value: String,
    },
}
