//! Several processes on one PostgreSQL: who is there, who leads, and how each tells the others what it does.

use std::time::Duration;

use model::{ConnectionName, Millis};
use sqlx::Row;

use crate::{Dialect, Error, Store, listen::Bell};

/// How long a leader leads without saying so again.
pub const TERM: Duration = Duration::from_secs(10);
/// A replica that was not seen for so long is gone.
const GONE: Millis = 60 * 60 * 1000;

/// A process that uses the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaRow {
    /// Its name, drawn at its start.
    pub id: String,
    /// What it says of itself, as JSON.
    pub record: String,
    /// When it last said so, by the clock of the database.
    pub seen_at: Millis,
    /// How long ago that is.
    pub silent_for: Millis,
    /// Is it the leader?
    pub leads: bool,
}

/// How the reading of a connection goes, as the replica that reads it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    /// Which connection.
    pub connection: ConnectionName,
    /// What is told, as JSON.
    pub record: String,
    /// By whom.
    pub origin: String,
}

impl Store {
    /// The name of this process among the replicas.
    #[must_use]
    pub fn replica(&self) -> &str {
        &self.inner.replica
    }

    /// Leads for a term from now, or goes on to. With SQLite there is one process, and it leads. Terms are counted by the
    /// clock of the database, which all replicas share.
    ///
    /// # Errors
    /// When the database does not answer: then nobody knows that this process leads.
    pub async fn lead(&self) -> Result<bool, Error> {
        if self.inner.dialect == Dialect::Sqlite {
            return Ok(true);
        }
        let now = self.inner.dialect.now();
        let text = format!(
            "INSERT INTO leaders (role, holder, until) VALUES ('reading', $1, {now} + $2) \
             ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, until = excluded.until \
             WHERE leaders.holder = excluded.holder OR leaders.until < {now} RETURNING holder"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(&self.inner.replica)
            .bind(i64::try_from(TERM.as_millis()).unwrap_or(i64::MAX))
            .fetch_optional(&self.inner.writer)
            .await?;
        Ok(row.is_some())
    }

    /// Leads no longer, so that another need not wait for the end of the term.
    ///
    /// # Errors
    /// When the database does not answer; the term then ends by itself.
    pub async fn resign(&self) -> Result<(), Error> {
        sqlx::query("DELETE FROM leaders WHERE role = 'reading' AND holder = $1")
            .bind(&self.inner.replica)
            .execute(&self.inner.writer)
            .await?;
        sqlx::query("DELETE FROM replicas WHERE id = $1").bind(&self.inner.replica).execute(&self.inner.writer).await?;
        Ok(())
    }

    /// Says that this process is there, and forgets those that are long gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn be_seen(&self, record: &str) -> Result<(), Error> {
        let now = self.inner.dialect.now();
        let text = format!(
            "INSERT INTO replicas (id, record, seen_at) VALUES ($1, $2, {now}) \
             ON CONFLICT (id) DO UPDATE SET record = excluded.record, seen_at = excluded.seen_at"
        );
        sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(&self.inner.replica)
            .bind(record)
            .execute(&self.inner.writer)
            .await?;
        let text = format!("DELETE FROM replicas WHERE seen_at < {now} - {GONE}");
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&self.inner.writer).await?;
        Ok(())
    }

    /// The processes that use the database, and those that did within the last hour.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replicas(&self) -> Result<Vec<ReplicaRow>, Error> {
        let now = self.inner.dialect.now();
        let text = format!(
            "SELECT r.id, r.record, r.seen_at, {now} - r.seen_at AS silent_for, CAST(CASE WHEN l.holder IS NULL THEN 0 ELSE 1 END AS BIGINT) AS leads FROM replicas r \
             LEFT JOIN leaders l ON l.role = 'reading' AND l.holder = r.id AND l.until >= {now} ORDER BY r.id"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(&self.inner.reader).await?;
        rows.iter()
            .map(|row| {
                Ok(ReplicaRow {
                    id: row.try_get("id")?,
                    record: row.try_get("record")?,
                    seen_at: row.try_get("seen_at")?,
                    silent_for: row.try_get("silent_for")?,
                    leads: self.inner.dialect == Dialect::Sqlite || row.try_get::<i64, _>("leads")? == 1,
                })
            })
            .collect()
    }

    /// Tells the other replicas how the reading of a connection goes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tell_status(&self, connection: &ConnectionName, record: &str) -> Result<(), Error> {
        let mut tx = self.inner.begin().await?;
        sqlx::query(
            "INSERT INTO statuses (connection, record, origin, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (connection) DO UPDATE SET record = excluded.record, origin = excluded.origin, at = excluded.at",
        )
        .bind(connection.as_str())
        .bind(record)
        .bind(&self.inner.replica)
        .bind(self.inner.clock.now())
        .execute(&mut *tx)
        .await?;
        self.inner.ring(&mut tx, Bell::Status).await?;
        tx.commit().await?;
        Ok(())
    }

    /// How reading goes, as others told.
    ///
    /// # Errors
    /// When the database does not answer or a name is damaged.
    pub async fn statuses_of_others(&self) -> Result<Vec<StatusRow>, Error> {
        let rows = sqlx::query("SELECT connection, record, origin FROM statuses WHERE origin <> $1")
            .bind(&self.inner.replica)
            .fetch_all(&self.inner.reader)
            .await?;
        rows.iter()
            .map(|row| {
                let name: String = row.try_get("connection")?;
                Ok(StatusRow {
                    connection: ConnectionName::parse(&name).map_err(|e| Error::damaged("statuses", &name, e))?,
                    record: row.try_get("record")?,
                    origin: row.try_get("origin")?,
                })
            })
            .collect()
    }
}
