//! A file that is there as a whole or not at all.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use model::Millis;
use tempfile::{Builder, NamedTempFile};
use time::{OffsetDateTime, macros::format_description};

use super::BackupError;

/// How backups end.
pub(super) const ENDING: &str = ".stagedoor-backup";

/// The name of a backup made at `now`: `stagedoor-20261120T173414Z.stagedoor-backup`.
#[must_use]
pub fn name(now: Millis) -> String {
    named("stagedoor", now)
}

/// Names sort by time.
pub(super) fn named(what: &str, now: Millis) -> String {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = OffsetDateTime::from_unix_timestamp(now / 1000).ok().and_then(|at| at.format(form).ok());
    format!("{what}-{}{ENDING}", at.unwrap_or_else(|| now.to_string()))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file beside `path`, for its owner alone. It goes when it is dropped.
pub(super) fn beside(path: &Path) -> Result<NamedTempFile, BackupError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".partial")
        .tempfile_in(folder(path))
        .map_err(|source| BackupError::write(path, source))
}

/// Puts it on the disk and then in its place.
pub(super) fn keep(file: NamedTempFile, path: &Path, force: bool) -> Result<u64, BackupError> {
    let failed = |source: io::Error| BackupError::write(path, source);
    file.as_file().sync_all().map_err(failed)?;
    let size = file.as_file().metadata().map_err(failed)?.len();
    let kept = if force { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => failed(error.error),
    })?;
    // The name is on the disk when its folder is.
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(size)
}

/// Removes all but the newest `count` backups whose names begin with `prefix`.
pub(super) fn keep_newest(folder: &Path, prefix: &str, count: usize) -> io::Result<()> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(rest) = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(ENDING)) {
            // By time, whatever stands before it.
            let time = rest.rsplit('-').next().unwrap_or(rest).to_owned();
            found.push((time, entry.path()));
        }
    }
    found.sort();
    let old = found.len().saturating_sub(count);
    found.iter().take(old).try_for_each(|(_, path)| fs::remove_file(path))
}
