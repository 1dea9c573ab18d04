//! Putting one back: checked as a whole first, then in one transaction.

use std::{
    fs,
    path::{Path, PathBuf},
};

use model::Millis;
use sqlx::{AnyConnection, AnyPool, Row};

use super::{
    BackupError, Verified, create, file,
    format::Cell,
    read::{Item, Reader},
    schema::{Schema, Table},
    verify,
};
use crate::{
    Dialect, Error, SealedRow, connect,
    dialect::without_password,
    migrate,
    sql::{VALUES, rows_of, statement},
};

/// What one statement carries at most, beside the database's own limit on values.
const BYTES: usize = 2 << 20;
/// A server that was seen in this time is taken to run.
const SEEN: Millis = 15_000;

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup holds.
    pub backup: Verified,
    /// The schema version that the database has now.
    pub schema: i64,
    /// The backup of what was there before, where something was.
    pub before: Option<PathBuf>,
}

/// Puts the backup at `path` into the database at `url`, which must be absent or without rows; with `replace`, a folder,
/// what is there is replaced after a backup of it was made there. The caller holds the [`crate::Lock`].
///
/// # Errors
/// When the backup is not good, when the database is not empty, in use, or does not answer. The database is then as it was.
pub async fn restore(
    url: &str,
    path: &Path,
    replace: Option<&Path>,
    now: Millis,
    secret: &mut dyn FnMut(SealedRow),
) -> Result<Restored, BackupError> {
    // All of it is known to be good before anything is touched.
    let backup = verify::verify(path, secret).await?;
    let dialect = Dialect::of(url)?;
    let pool = connect(dialect, url, 1).await?;
    let done = into(&pool, (dialect, url), path, backup, replace, now).await;
    // Also when it failed: what was begun is then rolled back and, with SQLite, leaves the disk.
    pool.close().await;
    done
}

async fn into(
    pool: &AnyPool,
    (dialect, url): (Dialect, &str),
    path: &Path,
    backup: Verified,
    replace: Option<&Path>,
    now: Millis,
) -> Result<Restored, BackupError> {
    let mut connection = pool.acquire().await.map_err(Error::from)?;
    let there = There::look(dialect, &mut connection).await?;
    there.not_running(url)?;
    let mut before = None;
    if let Some(table) = &there.filled {
        let Some(folder) = replace else {
            return Err(BackupError::NotEmpty { url: without_password(url), table: table.clone() });
        };
        fs::create_dir_all(folder).map_err(|source| BackupError::write(folder, source))?;
        let target = folder.join(file::named("before-restore", now));
        create::create(url, &target, false, now).await?;
        before = Some(target);
    }
    for text in dialect.for_long() {
        sqlx::query(*text).execute(&mut *connection).await.map_err(Error::from)?;
    }
    let mut tx = sqlx::Connection::begin_with(&mut *connection, dialect.begin()).await.map_err(Error::from)?;
    if let Some(lock) = dialect.lock_chain() {
        sqlx::query(lock).execute(&mut *tx).await.map_err(Error::from)?;
    }
    // Once more, now that nobody can come between.
    let there = There::look(dialect, &mut tx).await?;
    there.not_running(url)?;
    if let (Some(table), None) = (&there.filled, &before) {
        return Err(BackupError::NotEmpty { url: without_password(url), table: table.clone() });
    }
    there.remove(&mut tx).await?;
    let version = backup.header.schema_version;
    migrate::steps(&mut tx, dialect, 0, version).await?;
    fill(dialect, &mut tx, path, version).await?;
    migrate::steps(&mut tx, dialect, version, migrate::known()).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(Restored { backup, schema: migrate::known(), before })
}

/// What a database has before a restore.
struct There {
    schema: Schema,
    /// Tables of ours that are there.
    tables: Vec<String>,
    /// One of them with rows.
    filled: Option<String>,
    /// How long ago a server was seen.
    seen: Option<Millis>,
}

impl There {
    async fn look(dialect: Dialect, connection: &mut AnyConnection) -> Result<Self, Error> {
        let mut found = 0;
        if dialect.has_table(connection, "schema_version").await? {
            let row = sqlx::query("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version");
            found = row.fetch_one(&mut *connection).await?.try_get("version")?;
        }
        if found > migrate::known() {
            return Err(Error::Newer { found, known: migrate::known() });
        }
        let schema = Schema::at(found).await?;
        let mut there = Self { schema, tables: Vec::new(), filled: None, seen: None };
        for name in &there.schema.left_out {
            if dialect.has_table(connection, name).await? {
                there.tables.push(name.clone());
            }
        }
        for table in &there.schema.tables {
            there.tables.push(table.name.clone());
            let one = statement(format!("SELECT 1 AS held FROM {} LIMIT 1", table.name));
            if there.filled.is_none() && one.fetch_optional(&mut *connection).await?.is_some() {
                there.filled = Some(table.name.clone());
            }
        }
        if dialect == Dialect::Postgres && dialect.has_table(connection, "replicas").await? {
            // By the clock of the database, which the servers use too.
            let text = format!("SELECT {} - MAX(seen_at) AS ago FROM replicas", dialect.now());
            there.seen = statement(text).fetch_one(&mut *connection).await?.try_get("ago")?;
        }
        Ok(there)
    }

    fn not_running(&self, url: &str) -> Result<(), BackupError> {
        match self.seen {
            // A clock that was turned back says the same.
            Some(ago) if ago < SEEN => {
                Err(BackupError::Running { url: without_password(url), seconds: ago.max(0) / 1000 })
            }
            _ => Ok(()),
        }
    }

    async fn remove(&self, tx: &mut AnyConnection) -> Result<(), Error> {
        for name in self.tables.iter().rev() {
            statement(format!("DROP TABLE {name}")).execute(&mut *tx).await?;
        }
        Ok(())
    }
}

/// Reads the file again, into the tables.
async fn fill(dialect: Dialect, tx: &mut AnyConnection, path: &Path, version: i64) -> Result<(), BackupError> {
    let mut reader = Reader::open(path)?;
    let schema = Schema::at(version).await?;
    let mut rows = Rows { dialect, table: None, cells: Vec::new(), bytes: 0 };
    let mut numbers = Vec::new();
    loop {
        match reader.next(&schema)? {
            Item::Table(index, last) => {
                rows.write(tx).await?;
                rows.table = schema.tables.get(index);
                numbers.extend(rows.table.zip(last));
            }
            Item::Row(cells) => rows.add(tx, cells).await?,
            Item::End => break,
        }
    }
    rows.write(tx).await?;
    for (table, last) in numbers {
        dialect.continue_after(tx, table, last).await?;
    }
    Ok(())
}

/// Rows on their way into a table.
struct Rows<'a> {
    dialect: Dialect,
    table: Option<&'a Table>,
    cells: Vec<Cell>,
    bytes: usize,
}

impl Rows<'_> {
    async fn add(&mut self, tx: &mut AnyConnection, cells: Vec<Cell>) -> Result<(), Error> {
        let columns = cells.len();
        for cell in cells {
            if let Cell::Text(text) = &cell {
                self.bytes += text.len();
            }
            self.cells.push(cell);
        }
        if self.cells.len() + columns > VALUES || self.bytes > BYTES { self.write(tx).await } else { Ok(()) }
    }

    async fn write(&mut self, tx: &mut AnyConnection) -> Result<(), Error> {
        let Some(table) = self.table.filter(|_| !self.cells.is_empty()) else { return Ok(()) };
        let columns = table.columns.len();
        let names = table.names().collect::<Vec<_>>().join(", ");
        let values = rows_of(columns, self.cells.len() / columns);
        let mut query = statement(format!("INSERT INTO {} ({names}) VALUES {values}", table.name));
        for (place, cell) in self.cells.drain(..).enumerate() {
            query = match cell {
                // PostgreSQL keeps no NUL in a text; what has one came from SQLite.
                Cell::Text(text) if self.dialect == Dialect::Postgres && text.contains('\0') => {
                    query.bind(text.replace('\0', "\u{fffd}"))
                }
                Cell::Text(text) => query.bind(text),
                Cell::Number(number) => query.bind(number),
                Cell::Null => match table.columns.get(place % columns).map(|column| column.kind) {
                    Some(super::schema::Kind::Number) => query.bind(None::<i64>),
                    _ => query.bind(None::<String>),
                },
            };
        }
        self.bytes = 0;
        query.execute(&mut *tx).await?;
        Ok(())
    }
}
