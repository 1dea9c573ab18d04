//! The tables, one step a version. Steps are only ever added.

use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row};

use crate::{Dialect, Error};

/// `{identity}` is the dialect's own. Statements end with `;` at the end of a line.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_first_walk.sql"),
    include_str!("../migrations/0002_connections.sql"),
    include_str!("../migrations/0003_sources.sql"),
    include_str!("../migrations/0004_solid_ground.sql"),
];

/// The newest version that this binary makes.
pub(crate) fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Takes the steps after version `from` up to version `to`, inside the caller's transaction. From 0, it makes the tables.
pub(crate) async fn steps(connection: &mut AnyConnection, dialect: Dialect, from: i64, to: i64) -> Result<(), Error> {
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)")
        .execute(&mut *connection)
        .await?;
    for (step, version) in STEPS.iter().zip(1..) {
        if version <= from || version > to {
            continue;
        }
        let text = step.replace("{identity}", dialect.identity());
        for statement in text.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await?;
        }
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)").bind(version).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn run(dialect: Dialect, pool: &AnyPool) -> Result<(), Error> {
    let mut tx = pool.begin_with(dialect.begin()).await?;
    if let Some(lock) = dialect.lock_chain() {
        sqlx::query(lock).execute(&mut *tx).await?;
    }
    // Makes no step yet: the table of versions is there afterwards.
    steps(&mut tx, dialect, 0, 0).await?;
    let found: i64 = sqlx::query("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version")
        .fetch_one(&mut *tx)
        .await?
        .try_get("version")?;
    if found > known() {
        return Err(Error::Newer { found, known: known() });
    }
    steps(&mut tx, dialect, found, known()).await?;
    tx.commit().await?;
    Ok(())
}

/// What a database has and what this binary knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tables {
    /// The schema version in the database; 0 when it has no tables of ours.
    pub found: i64,
    /// The newest that this binary makes.
    pub known: i64,
}

/// Looks, and changes nothing: the table may not be there yet.
pub(crate) async fn look(pool: &AnyPool) -> Result<Tables, Error> {
    let known = known();
    let found = sqlx::query("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version").fetch_one(pool).await;
    match found {
        Ok(row) => Ok(Tables { found: row.try_get("version")?, known }),
        // "No such table" in the words of either database; an error of the connection is none of them.
        Err(sqlx::Error::Database(error)) if error.message().contains("schema_version") => {
            Ok(Tables { found: 0, known })
        }
        Err(error) => Err(error.into()),
    }
}
