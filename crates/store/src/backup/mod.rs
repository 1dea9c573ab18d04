//! Backups: everything in a database as one file, made while it is in use, that fits either database.
//!
//! The file is zstd over lines of JSON: a header, for each table its name and columns and then a line for each row, and an
//! end with the counts and the SHA-256 of all lines before it. Rows are read in one snapshot and one after the other, so
//! that a large database does not have to fit into memory. What a database of a schema version consists of is taken from
//! the migrations themselves ([`schema`]), so that a new table cannot be forgotten.
//!
//! Secrets are in it as they are in the database: sealed. The key file is not.

mod before;
mod create;
mod differs;
mod error;
mod file;
mod format;
mod read;
mod restore;
mod schema;
mod verify;

pub(crate) use before::before_migration;
pub use create::{Created, TableRows, create as create_backup};
pub use error::{BackupError, Damage};
pub use file::name as backup_name;
pub use format::Header as BackupHeader;
pub use restore::{Restored, restore as restore_backup};
pub use verify::{Verified, verify as verify_backup};
