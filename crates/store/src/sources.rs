//! What each connection's rows were read from, and how all of them go.

use model::ConnectionName;
use sqlx::{AnyConnection, Row};

use crate::{Applied, Error, Store, Told, feed, sql::statement};

/// Where the rows of a connection come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The address of the GitLab.
    pub url: String,
    /// What was read of each project: another value makes the files that are held worthless.
    pub reading: String,
}

/// Whatever has rows of one connection. `entities` is not among them: what goes from there is told.
const OWNED: &[&str] =
    &["reach", "files", "projects", "locations", "hook_events", "passes", "shares", "sources", "fresh", "statuses"];

impl Store {
    /// Where what is held of a connection was read from; `None` when nothing was noted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn source(&self, connection: &ConnectionName) -> Result<Option<Source>, Error> {
        let row = sqlx::query("SELECT url, reading FROM sources WHERE connection = $1")
            .bind(connection.as_str())
            .fetch_optional(&self.inner.reader)
            .await?;
        row.map(|row| Ok(Source { url: row.try_get("url")?, reading: row.try_get("reading")? })).transpose()
    }

    /// Notes from where a connection is read.
    ///
    /// # Errors
    /// When it is not durably noted.
    pub async fn put_source(&self, connection: &ConnectionName, source: &Source) -> Result<(), Error> {
        put(&mut *self.inner.writer.acquire().await?, connection, source).await
    }

    /// Notes that a connection's files are read differently from now on: those that are held, and what was read from
    /// which, count for nothing. Entities and projects stay until they are read again.
    ///
    /// # Errors
    /// When it is not durably noted; nothing is forgotten then.
    pub async fn read_anew(&self, connection: &ConnectionName, source: &Source) -> Result<(), Error> {
        let mut tx = self.inner.begin().await?;
        for text in [
            "DELETE FROM reach WHERE connection = $1",
            "DELETE FROM files WHERE connection = $1",
            "UPDATE projects SET record = '' WHERE connection = $1",
        ] {
            sqlx::query(text).bind(connection.as_str()).execute(&mut *tx).await?;
        }
        put(&mut tx, connection, source).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets everything of a connection.
    ///
    /// # Errors
    /// When it is not durably forgotten; nothing is then.
    pub async fn forget_connection(&self, connection: &ConnectionName) -> Result<Applied, Error> {
        let mut tx = self.inner.begin().await?;
        let rows = sqlx::query("DELETE FROM entities WHERE connection = $1 RETURNING id")
            .bind(connection.as_str())
            .fetch_all(&mut *tx)
            .await?;
        for table in OWNED {
            statement(format!("DELETE FROM {table} WHERE connection = $1"))
                .bind(connection.as_str().to_owned())
                .execute(&mut *tx)
                .await?;
        }
        // Jobs of the catalog only: a key of another room may look the same. A name has no `%`, `_` or `/`.
        sqlx::query("DELETE FROM jobs WHERE kind LIKE 'catalog.%' AND (job_key = $1 OR job_key LIKE $2)")
            .bind(connection.as_str())
            .bind(format!("{connection}/%"))
            .execute(&mut *tx)
            .await?;
        let removed = rows.into_iter().map(|row| Ok(row.try_get("id")?)).collect::<Result<Vec<i64>, Error>>()?;
        let told = Told::Catalog {
            connection: connection.clone(),
            put: Vec::new(),
            removed: removed.clone(),
            projects: Vec::new(),
            projects_gone: Vec::new(),
        };
        let seq = if told.says_something() { Some(feed::tell(self, &mut tx, &told).await?) } else { None };
        tx.commit().await?;
        Ok(Applied { removed, seq, ..Applied::default() })
    }

    /// The connections that anything is held of.
    ///
    /// # Errors
    /// When the database does not answer or a name is damaged.
    pub async fn connections_held(&self) -> Result<Vec<ConnectionName>, Error> {
        let tables = ["entities"].iter().chain(OWNED).map(|table| format!("SELECT connection FROM {table}"));
        let text = tables.collect::<Vec<_>>().join(" UNION ");
        let rows = statement(text).fetch_all(&self.inner.reader).await?;
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            let text: String = row.try_get("connection")?;
            names.push(ConnectionName::parse(&text).map_err(|e| Error::damaged("sources", &text, e))?);
        }
        Ok(names)
    }
}

async fn put(tx: &mut AnyConnection, connection: &ConnectionName, source: &Source) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sources (connection, url, reading) VALUES ($1, $2, $3) \
         ON CONFLICT (connection) DO UPDATE SET url = excluded.url, reading = excluded.reading",
    )
    .bind(connection.as_str())
    .bind(&source.url)
    .bind(&source.reading)
    .execute(tx)
    .await?;
    Ok(())
}
