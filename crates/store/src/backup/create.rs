//! Making one: a single snapshot, row by row.

use std::{collections::BTreeMap, path::Path};

use futures::TryStreamExt;
use model::Millis;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use super::{
    BackupError, file,
    format::{Header, Lines, TableLine, cells},
    schema::{Schema, Table},
};
use crate::{Dialect, Error, connect, dialect::without_password, lock, migrate, sql::statement};

/// A table and how many rows of it are in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRows {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The first line.
    pub header: Header,
    /// Bytes of the file.
    pub size: u64,
    /// What is in it.
    pub tables: Vec<TableRows>,
}

/// Writes everything in the database at `url` into the file at `path`, which must not exist unless `force`. Servers go on
/// working: what they write meanwhile is not in it, what they had written is.
///
/// # Errors
/// When the database does not answer or holds nothing of ours, or the file cannot be written. There is no new file then,
/// and an old one is as it was.
pub async fn create(url: &str, path: &Path, force: bool, now: Millis) -> Result<Created, BackupError> {
    sqlx::any::install_default_drivers();
    let dialect = Dialect::of(url)?;
    let none = || BackupError::NoDatabase(without_password(url));
    if lock::database_file(url)?.is_some_and(|file| !file.exists()) {
        return Err(none());
    }
    if !force && path.exists() {
        return Err(BackupError::Exists(path.to_owned()));
    }
    let temporary = file::beside(path)?;
    let pool = connect(dialect, url, 1).await?;
    let found = migrate::look(&pool).await?;
    if found.found == 0 {
        return Err(none());
    }
    let mut connection = pool.acquire().await.map_err(Error::from)?;
    for text in dialect.for_long() {
        sqlx::query(*text).execute(&mut *connection).await.map_err(Error::from)?;
    }
    let mut snapshot = sqlx::Connection::begin_with(&mut *connection, dialect.snapshot()).await.map_err(Error::from)?;
    let version = version(&mut snapshot).await?;
    if version > migrate::known() {
        return Err(Error::Newer { found: version, known: migrate::known() }.into());
    }
    let schema = Schema::at(version).await?;
    let header = Header::new(dialect, version, now);
    let failed = |source| BackupError::write(path, source);
    let mut lines = Lines::begin(temporary).map_err(failed)?;
    lines.put(&header).map_err(failed)?;
    let mut tables = Vec::with_capacity(schema.tables.len());
    for table in &schema.tables {
        let rows = put_table(dialect, &mut snapshot, table, path, &mut lines).await?;
        tables.push(TableRows { table: table.name.clone(), rows });
    }
    snapshot.rollback().await.map_err(Error::from)?;
    drop(connection);
    pool.close().await;
    let counts: BTreeMap<String, u64> = tables.iter().map(|one| (one.table.clone(), one.rows)).collect();
    let written = lines.end(counts).map_err(failed)?;
    let size = file::keep(written, path, force)?;
    Ok(Created { header, size, tables })
}

async fn version(connection: &mut AnyConnection) -> Result<i64, Error> {
    let row = sqlx::query("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version").fetch_one(connection);
    Ok(row.await?.try_get("version")?)
}

async fn put_table(
    dialect: Dialect,
    snapshot: &mut AnyConnection,
    table: &Table,
    path: &Path,
    lines: &mut Lines,
) -> Result<u64, BackupError> {
    let failed = |source| BackupError::write(path, source);
    let last = match table.identity() {
        Some(_) => Some(dialect.last_number(snapshot, table).await?),
        None => None,
    };
    let columns = table.names().map(str::to_owned).collect();
    lines.put(&TableLine { table: table.name.clone(), columns, last }).map_err(failed)?;
    let mut rows = statement(dialect.select(table)).fetch(snapshot);
    let mut count = 0;
    while let Some(row) = rows.try_next().await.map_err(Error::from)? {
        lines.put(&cells(&row, table)?).map_err(failed)?;
        count += 1;
        // Whoever waits beside, such as for Ctrl-C, is not starved by rows that are always there.
        tokio::task::consume_budget().await;
    }
    Ok(count)
}
