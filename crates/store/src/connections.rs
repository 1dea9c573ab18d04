//! Connections that a person added, their sealed secrets, and how the last tests of all connections went.
//!
//! What a record says is the broker's to know; here it is text. Secrets come sealed and go sealed.

use model::{ConnectionName, Millis};
use sqlx::{AnyConnection, Row};

use crate::{Error, Store, Told, feed};

/// A connection that a person added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// Its name.
    pub name: ConnectionName,
    /// The root of its GitLab.
    pub url: String,
    /// Everything else that is no secret, as JSON.
    pub record: String,
    /// When it was added.
    pub added_at: Millis,
}

/// A sealed secret and what it is for, such as `connection/main/token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// What for.
    pub name: String,
    /// As sealed.
    pub sealed: String,
}

/// All secrets of a connection begin with this.
fn prefix(name: &ConnectionName) -> String {
    format!("connection/{name}/")
}

async fn put_secret(connection: &mut AnyConnection, row: &SealedRow, now: Millis) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO secrets (name, sealed, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at",
    )
    .bind(&row.name)
    .bind(&row.sealed)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The connections that were added, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connections(&self) -> Result<Vec<ConnectionRow>, Error> {
        let rows = sqlx::query("SELECT name, url, record, added_at FROM connections ORDER BY name")
            .fetch_all(&self.inner.reader)
            .await?;
        rows.iter()
            .map(|row| {
                let name: String = row.try_get("name")?;
                Ok(ConnectionRow {
                    name: ConnectionName::parse(&name).map_err(|e| Error::damaged("connections", &name, e))?,
                    url: row.try_get("url")?,
                    record: row.try_get("record")?,
                    added_at: row.try_get("added_at")?,
                })
            })
            .collect()
    }

    /// Adds a connection with its secrets, both or neither; `false` when there is one of that name.
    ///
    /// # Errors
    /// When it is not durably added.
    pub async fn add_connection(&self, row: &ConnectionRow, secrets: &[SealedRow]) -> Result<bool, Error> {
        let mut tx = self.inner.begin().await?;
        let added = sqlx::query(
            "INSERT INTO connections (name, url, record, added_at, changed_at) VALUES ($1, $2, $3, $4, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(row.name.as_str())
        .bind(&row.url)
        .bind(&row.record)
        .bind(row.added_at)
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        for secret in secrets {
            put_secret(&mut tx, secret, row.added_at).await?;
        }
        feed::tell(self, &mut tx, &Told::Connection { name: row.name.clone() }).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Replaces what is known of a connection, with new secrets, both or neither; `false` when there is none of that
    /// name.
    ///
    /// # Errors
    /// When it is not durably written.
    pub async fn change_connection(
        &self,
        name: &ConnectionName,
        record: &str,
        secrets: &[SealedRow],
    ) -> Result<bool, Error> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.begin().await?;
        let changed = sqlx::query("UPDATE connections SET record = $2, changed_at = $3 WHERE name = $1")
            .bind(name.as_str())
            .bind(record)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        for secret in secrets {
            put_secret(&mut tx, secret, now).await?;
        }
        feed::tell(self, &mut tx, &Told::Connection { name: name.clone() }).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a connection, its secrets and what is known of its health; `false` when there is none of that name.
    ///
    /// # Errors
    /// When it is not durably removed.
    pub async fn remove_connection(&self, name: &ConnectionName) -> Result<bool, Error> {
        let mut tx = self.inner.begin().await?;
        let removed =
            sqlx::query("DELETE FROM connections WHERE name = $1").bind(name.as_str()).execute(&mut *tx).await?;
        let prefix = prefix(name);
        // Not LIKE: it would need escaping, and names hold no wildcard anyway.
        sqlx::query("DELETE FROM secrets WHERE substr(name, 1, $2) = $1")
            .bind(&prefix)
            .bind(i32::try_from(prefix.len()).unwrap_or(i32::MAX))
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM connection_health WHERE connection = $1")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await?;
        feed::tell(self, &mut tx, &Told::Connection { name: name.clone() }).await?;
        tx.commit().await?;
        Ok(removed.rows_affected() > 0)
    }

    /// One connection that was added.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connection(&self, name: &ConnectionName) -> Result<Option<ConnectionRow>, Error> {
        Ok(self.connections().await?.into_iter().find(|row| row.name == *name))
    }

    /// One sealed secret.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(&self, name: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT sealed FROM secrets WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.inner.reader)
            .await?;
        row.map(|row| row.try_get("sealed")).transpose().map_err(Error::from)
    }

    /// Keeps a sealed secret in the place of an older one.
    ///
    /// # Errors
    /// When it is not durably written.
    pub async fn keep_secret(&self, row: &SealedRow) -> Result<(), Error> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.begin().await?;
        put_secret(&mut tx, row, now).await?;
        let of = row.name.strip_prefix("connection/").and_then(|rest| rest.split('/').next());
        if let Some(name) = of.and_then(|name| ConnectionName::parse(name).ok()) {
            feed::tell(self, &mut tx, &Told::Connection { name }).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Is anything sealed? Then the key file must not be made anew.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_secrets(&self) -> Result<bool, Error> {
        Ok(sqlx::query("SELECT name FROM secrets LIMIT 1").fetch_optional(&self.inner.reader).await?.is_some())
    }

    /// What was last kept of a connection's health, as JSON.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn health(&self, name: &ConnectionName) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT record FROM connection_health WHERE connection = $1")
            .bind(name.as_str())
            .fetch_optional(&self.inner.reader)
            .await?;
        row.map(|row| row.try_get("record")).transpose().map_err(Error::from)
    }

    /// Keeps a connection's health.
    ///
    /// # Errors
    /// When it is not durably written.
    pub async fn keep_health(&self, name: &ConnectionName, record: &str) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO connection_health (connection, record, checked_at) VALUES ($1, $2, $3) \
             ON CONFLICT (connection) DO UPDATE SET record = excluded.record, checked_at = excluded.checked_at",
        )
        .bind(name.as_str())
        .bind(record)
        .bind(self.inner.clock.now())
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }
}
