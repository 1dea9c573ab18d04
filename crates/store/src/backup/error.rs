//! What can go wrong with a backup, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{ChainError, Error};

/// Why a backup was not made, is not good, or was not restored. A database is then as it was, and so is an older file.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
    /// There is nothing to back up.
    #[error("there is no Stagedoor database at {0}: correct the address, or --config, --data and --database")]
    NoDatabase(String),
    /// A file of that name is there.
    #[error("{0} exists: name another file, or --force to replace it")]
    Exists(PathBuf),
    /// The disk is full.
    #[error("there is no room for {path}: {source}. Nothing was left behind; make room or name another folder")]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("{path} cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what was written.
    #[error("{path}: {damage}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In which way.
        damage: Damage,
    },
    /// The database to restore into has something in it.
    #[error(
        "the database {url} is not empty: `{table}` has rows. Restore into an empty one, or --replace all of it; a \
         backup of what is there is made first"
    )]
    NotEmpty {
        /// The address without its password.
        url: String,
        /// A table with rows.
        table: String,
    },
    /// A server works with the database.
    #[error("a Stagedoor server used the database {url} {seconds} s ago: stop all of them, wait 15 seconds, try again")]
    Running {
        /// The address without its password.
        url: String,
        /// How long ago.
        seconds: i64,
    },
}

impl BackupError {
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let path = path.to_owned();
        match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::NoRoom { path, source },
            _ => Self::Write { path, source },
        }
    }
}

/// What is wrong with a backup file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Something else, or nothing.
    #[error("this is no Stagedoor backup: {0}")]
    NoBackup(&'static str),
    /// Its end is missing.
    #[error("it is cut off: its end is missing. Copy it again from where it was made")]
    CutOff,
    /// Bits are not what they were.
    #[error("it was altered after it was written ({0}). Copy it again from where it was made")]
    Altered(String),
    /// Rows are missing, or there are more.
    #[error("`{table}` should have {said} rows and has {found}: lines were removed or added")]
    Count {
        /// The table.
        table: String,
        /// What its end says.
        said: u64,
        /// What is there.
        found: u64,
    },
    /// A line is not what belongs there.
    #[error("line {line} is not what belongs there: {why}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// Why.
        why: String,
    },
    /// A newer version wrote it.
    #[error("it has format version {found}, this Stagedoor reads up to {known}: use the newer version that made it")]
    NewerFormat {
        /// The file's.
        found: i64,
        /// The newest this binary has.
        known: i64,
    },
    /// Its tables are of a newer version.
    #[error("it has schema version {found}, this Stagedoor knows {known}: use the newer version that made it")]
    NewerSchema {
        /// The file's.
        found: i64,
        /// The newest this binary has.
        known: i64,
    },
    /// The audit trail is not what was written.
    #[error("the audit trail in it is not whole: {0}. It was so in the database; take an older backup to compare")]
    Chain(ChainError),
    /// An entity cannot be read.
    #[error("entity {id} in it cannot be read: {why}")]
    Entity {
        /// Its number.
        id: i64,
        /// Why.
        why: String,
    },
}

impl Damage {
    /// A stable word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoBackup(_) => "no-backup",
            Self::CutOff => "cut-off",
            Self::Altered(_) => "altered",
            Self::Count { .. } => "count",
            Self::Line { .. } => "line",
            Self::NewerFormat { .. } => "newer-format",
            Self::NewerSchema { .. } => "newer-schema",
            Self::Chain(_) => "audit",
            Self::Entity { .. } => "entity",
        }
    }
}
