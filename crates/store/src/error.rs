//! What can go wrong with the database, and what to do about it.

use std::{io, path::PathBuf};

use crate::BackupError;

/// An error of the store. None of them says that anything was removed: a transaction that fails changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is of no database that is supported.
    #[error("database address {0:?}: use sqlite:/path/to/file.sqlite or postgres://user@host/name")]
    Address(String),
    /// It cannot be opened.
    #[error(
        "the database {url} cannot be opened: {source}. Check the path and its permissions, or that PostgreSQL runs"
    )]
    Open {
        /// The address without its password.
        url: String,
        /// The driver's reason.
        source: sqlx::Error,
    },
    /// It was written by a newer version.
    #[error(
        "the database has schema version {found}, this Stagedoor knows {known}: run the newer version, or restore the backup made before its upgrade"
    )]
    Newer {
        /// Version in the database.
        found: i64,
        /// The newest this binary has.
        known: i64,
    },
    /// Another process has it for itself.
    #[error("the database {database} is in use by {by}: end that first")]
    InUse {
        /// The file.
        database: PathBuf,
        /// Who, in its own words.
        by: String,
    },
    /// It cannot be locked.
    #[error("the lock file {path} cannot be made: {source}. Check that its folder is there and can be written")]
    Lock {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its tables are older and were left as they are, because no backup could be written first.
    #[error(
        "the database has schema version {found} and was not brought to {known}, because the backup before could not \
         be written: {why}. Make room or name another folder with `backups.folder`; `backups.beforeMigration: false` \
         goes on without a backup"
    )]
    NoBackup {
        /// Version in the database.
        found: i64,
        /// The newest this binary has.
        known: i64,
        /// What went wrong.
        why: Box<BackupError>,
    },
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Sql(#[from] sqlx::Error),
    /// The transaction that several callers shared failed.
    #[error("the database refused a transaction: {0}")]
    Group(String),
    /// The process ends.
    #[error("the database is being closed")]
    Closing,
    /// Another worker holds the job by now: what this one read may be older.
    #[error("another worker took the job over meanwhile; what this one read was not stored")]
    LeaseLost,
    /// A row holds what this version cannot read.
    #[error("row {row} of {table} cannot be read: {why}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The reason.
        why: String,
    },
}

impl Error {
    /// Is it that the database was not reached, and not that it was and said no?
    #[must_use]
    pub fn unanswered(&self) -> bool {
        match self {
            Self::Open { .. } => true,
            Self::Sql(error) => error.as_database_error().is_none(),
            _ => false,
        }
    }

    pub(crate) fn damaged(table: &'static str, row: impl ToString, why: impl ToString) -> Self {
        Self::Damaged { table, row: row.to_string(), why: why.to_string() }
    }
}
