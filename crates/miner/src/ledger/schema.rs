//! The ledger's tables. Migrations are only ever added.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::error::LedgerError;

/// Times are Unix milliseconds. `asset` names a file in the assets folder; a task that is `ready`
/// (or further) without one is answered with an empty result.
const FIRST: &str = "
CREATE TABLE validators (
    hotkey         TEXT PRIMARY KEY,
    uid            INTEGER NOT NULL,
    cooldown_until INTEGER NOT NULL DEFAULT 0,
    violations     INTEGER,
    clock_margin   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE tasks (
    key         INTEGER PRIMARY KEY,
    validator   TEXT NOT NULL REFERENCES validators (hotkey),
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('text', 'image')),
    prompt      TEXT NOT NULL,
    threshold   REAL NOT NULL,
    throttle    INTEGER NOT NULL,
    pulled_at   INTEGER NOT NULL,
    state       TEXT NOT NULL
        CHECK (state IN ('assigned', 'ready', 'sending', 'in_doubt', 'answered', 'retired')),
    asset       TEXT,
    seed        INTEGER,
    verdict     TEXT,
    reason      TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    sent_at     INTEGER,
    doubt_until INTEGER,
    closed_at   INTEGER,
    UNIQUE (validator, id)
) STRICT;

CREATE UNIQUE INDEX one_open_task ON tasks (validator)
    WHERE state IN ('assigned', 'ready', 'sending', 'in_doubt');

CREATE TABLE submissions (
    task        INTEGER NOT NULL REFERENCES tasks (key),
    attempt     INTEGER NOT NULL,
    sent_at     INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT,
    score       REAL,
    feedback    TEXT,
    PRIMARY KEY (task, attempt)
) STRICT, WITHOUT ROWID;
";

/// What a gateway says beside the prompt: the token its answer has to bring back, and the seed the
/// client wants.
const TICKETS: &str = "
ALTER TABLE tasks ADD COLUMN ticket TEXT;
ALTER TABLE tasks ADD COLUMN wanted_seed INTEGER;
";

/// How far a validator's clock is ahead of ours, in milliseconds, as its replies tell.
const OFFSETS: &str = "
ALTER TABLE validators ADD COLUMN clock_offset INTEGER NOT NULL DEFAULT 0;
";

/// How the asset was made: the kind of thing the prompt asks for, and what it was made with, as JSON.
const RECIPES: &str = "
ALTER TABLE tasks ADD COLUMN category TEXT;
ALTER TABLE tasks ADD COLUMN settings TEXT;
";

pub(super) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    let steps = [FIRST, TICKETS, OFFSETS, RECIPES].map(M::up);
    Migrations::new(steps.into()).to_latest(connection)?;
    Ok(())
}
