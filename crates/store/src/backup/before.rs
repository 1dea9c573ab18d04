//! The backup before a migration: an older Stagedoor does not read the tables afterwards.

use std::{fs, path::Path};

use model::Millis;
use sqlx::AnyPool;

use super::{BackupError, create, file, schema::Schema};
use crate::{Error, migrate, sql::statement};

/// How many are kept.
const KEPT: usize = 5;

/// Makes one in `folder` when the tables are of an older version and have rows.
pub(crate) async fn before_migration(pool: &AnyPool, url: &str, folder: &Path, now: Millis) -> Result<(), Error> {
    let tables = migrate::look(pool).await?;
    if tables.found == 0 || tables.found >= tables.known || !any_row(pool, tables.found).await? {
        return Ok(());
    }
    let (found, known) = (tables.found, tables.known);
    let path = folder.join(file::named(&format!("before-schema-{known}"), now));
    let made = match fs::create_dir_all(folder) {
        // A second process that starts at the same moment has made it: both saw the same tables.
        Ok(()) => match create::create(url, &path, false, now).await {
            Err(BackupError::Exists(_)) => Ok(()),
            other => other.map(|_| ()),
        },
        Err(source) => Err(BackupError::write(folder, source)),
    };
    made.map_err(|why| Error::NoBackup { found, known, why: Box::new(why) })?;
    tracing::info!(file = %path.display(), from = found, to = known, "a backup was made before the tables change");
    if let Err(error) = file::keep_newest(folder, "before-schema-", KEPT) {
        tracing::warn!(folder = %folder.display(), %error, "older backups could not be removed");
    }
    Ok(())
}

async fn any_row(pool: &AnyPool, version: i64) -> Result<bool, Error> {
    for table in Schema::at(version).await?.tables {
        let one = statement(format!("SELECT 1 AS held FROM {} LIMIT 1", table.name));
        if one.fetch_optional(pool).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
