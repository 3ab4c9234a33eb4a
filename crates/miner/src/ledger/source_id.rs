//! Who handed out a task.

use std::fmt;
use std::sync::Arc;

use bittensor::PublicKey;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};

/// The ledger's name for whoever hands out one task at a time: a validator by its address, or one
/// place at a gateway by the gateway's and its number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SourceId(Arc<str>);

impl SourceId {
    /// One of the places at the gateway at `url`.
    pub(crate) fn place(url: &str, number: u16) -> Self {
        Self(format!("{url}#{number}").into())
    }

    /// What the ids of all places at this gateway begin with.
    pub(crate) fn places(url: &str) -> String {
        format!("{url}#")
    }
}

impl From<PublicKey> for SourceId {
    fn from(hotkey: PublicKey) -> Self {
        Self(hotkey.to_string().into())
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromSql for SourceId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(value.as_str()?.into()))
    }
}

impl ToSql for SourceId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::from(&*self.0)))
    }
}
