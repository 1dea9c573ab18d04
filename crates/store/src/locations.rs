//! Locations that a person registered.

use model::{ConnectionName, Millis};
use serde::Serialize;
use sqlx::Row;

use crate::{Error, Store};

/// A registered location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Its identifier.
    pub id: String,
    /// The connection that reads it.
    #[serde(skip)]
    pub connection: ConnectionName,
    /// `url`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The web address of the catalog file.
    pub target: String,
    /// When it was registered.
    #[serde(skip)]
    pub created_at: Millis,
}

fn read(row: &sqlx::any::AnyRow) -> Result<Location, Error> {
    let id: String = row.try_get("id")?;
    let connection: String = row.try_get("connection")?;
    Ok(Location {
        connection: ConnectionName::parse(&connection).map_err(|e| Error::damaged("locations", &id, e))?,
        kind: row.try_get("kind")?,
        target: row.try_get("target")?,
        created_at: row.try_get("created_at")?,
        id,
    })
}

impl Store {
    /// Registers a location; `false` when it was registered already.
    ///
    /// # Errors
    /// When it is not durably registered.
    pub async fn add_location(&self, location: &Location) -> Result<bool, Error> {
        let done = sqlx::query(
            "INSERT INTO locations (id, connection, kind, target, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&location.id)
        .bind(location.connection.as_str())
        .bind(&location.kind)
        .bind(&location.target)
        .bind(location.created_at)
        .execute(&self.inner.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// All of them, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn locations(&self) -> Result<Vec<Location>, Error> {
        let rows =
            sqlx::query("SELECT id, connection, kind, target, created_at FROM locations ORDER BY created_at, id")
                .fetch_all(&self.inner.reader)
                .await?;
        rows.iter().map(read).collect()
    }

    /// Removes one; `None` when there is none of that id.
    ///
    /// # Errors
    /// When it is not durably removed.
    pub async fn remove_location(&self, id: &str) -> Result<Option<Location>, Error> {
        let row = sqlx::query("DELETE FROM locations WHERE id = $1 RETURNING id, connection, kind, target, created_at")
            .bind(id)
            .fetch_optional(&self.inner.writer)
            .await?;
        row.as_ref().map(read).transpose()
    }
}
