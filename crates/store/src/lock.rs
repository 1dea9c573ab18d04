//! Who has a database for itself. SQLite is one process's; a second, or a restore, must not come between.
//!
//! The lock is `flock` on a file beside the database: it ends with the process, however that ends. With PostgreSQL several
//! processes may share one database, so nothing is locked.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use rustix::fs::{FlockOperation, flock};
use sqlx::sqlite::SqliteConnectOptions;

use crate::{Dialect, Error};

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the database at `url` for `purpose`, such as `stagedoor serve`, which the next who asks is told.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has it; [`Error::Lock`] when the lock file cannot be made.
    pub fn take(url: &str, purpose: &str) -> Result<Self, Error> {
        let Some(database) = database_file(url)? else { return Ok(Self { _file: None }) };
        let path = beside(&database);
        let failed = |source| Error::Lock { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut by = String::new();
                // Only for the message; who is about to write it may not have done so yet.
                let _unreadable = file.read_to_string(&mut by);
                let by = if by.trim().is_empty() { "another process".to_owned() } else { by.trim().to_owned() };
                return Err(Error::InUse { database, by });
            }
            Err(error) => return Err(failed(error.into())),
        }
        write(&mut file, purpose).map_err(failed)?;
        Ok(Self { _file: Some(file) })
    }
}

/// Who has the database at `url` for itself, in its own words. Nothing is made or kept from anybody.
///
/// # Errors
/// [`Error::Lock`] when the lock file is there and cannot be read.
pub fn lock_holder(url: &str) -> Result<Option<String>, Error> {
    let Some(path) = database_file(url)?.map(|database| beside(&database)) else { return Ok(None) };
    let failed = |source| Error::Lock { path: path.clone(), source };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Shared, so that two who look do not see each other.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut by = String::new();
            file.read_to_string(&mut by).map_err(failed)?;
            Ok(Some(if by.trim().is_empty() { "another process".to_owned() } else { by.trim().to_owned() }))
        }
        Err(error) => Err(failed(error.into())),
    }
}

fn write(file: &mut File, purpose: &str) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{purpose} (process {})", std::process::id())
}

/// The file of a SQLite database; `None` for one in memory and for PostgreSQL.
///
/// # Errors
/// When the address is of no database.
pub fn database_file(url: &str) -> Result<Option<PathBuf>, Error> {
    if Dialect::of(url)? == Dialect::Postgres || url.contains(":memory:") || url.contains("mode=memory") {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|source| Error::Open { url: url.to_owned(), source })?;
    Ok(Some(options.get_filename().to_owned()))
}

/// The lock file of a database. One database has one, by whichever link it was reached.
fn beside(database: &Path) -> PathBuf {
    let mut name = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned()).into_os_string();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_next_is_told_who() {
        let folder = tempfile::tempdir().expect("folder");
        let url = format!("sqlite:{}", folder.path().join("a.sqlite").display());
        let held = Lock::take(&url, "stagedoor serve").expect("free");
        let error = Lock::take(&format!("{url}?mode=rwc"), "stagedoor backup restore").expect_err("held");
        let said = error.to_string();
        assert!(said.contains(&format!("stagedoor serve (process {})", std::process::id())), "{said}");
        let by = lock_holder(&url).expect("looked").expect("somebody");
        assert_eq!(by, format!("stagedoor serve (process {})", std::process::id()));
        drop(held);
        assert_eq!(lock_holder(&url).expect("looked"), None);
        Lock::take(&url, "stagedoor backup restore").expect("free again");
    }

    #[test]
    fn a_link_leads_to_the_same_lock() {
        let folder = tempfile::tempdir().expect("folder");
        let (file, link) = (folder.path().join("a.sqlite"), folder.path().join("b.sqlite"));
        fs::write(&file, "").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let _held = Lock::take(&format!("sqlite:{}", file.display()), "stagedoor serve").expect("free");
        let error = Lock::take(&format!("sqlite:{}", link.display()), "stagedoor serve").expect_err("held");
        assert!(matches!(error, Error::InUse { .. }), "{error}");
    }

    #[test]
    fn what_has_no_file_is_not_locked() {
        for url in ["postgres://somebody@localhost/name", "sqlite::memory:"] {
            let (_one, _two) = (Lock::take(url, "a").expect("free"), Lock::take(url, "b").expect("free"));
        }
        let error = Lock::take("sqlite:/nowhere/at/all/a.sqlite", "a").expect_err("no such folder");
        assert!(error.to_string().contains("/nowhere/at/all/a.sqlite.lock"), "{error}");
    }
}
