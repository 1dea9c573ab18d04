//! Who wrote what was committed lately, project by project, so that nobody is asked twice.

use std::collections::HashMap;

use model::{ConnectionName, Millis, ProjectId};
use sqlx::Row;

use crate::{Error, Store, catalog::number};

/// What was found out about one project; `record` is the catalog's own JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareRow {
    /// The project.
    pub project: ProjectId,
    /// The project's last activity when it was asked.
    pub active_at: Millis,
    /// When it was asked.
    pub asked_at: Millis,
    /// What the catalog keeps of the answer.
    pub record: String,
}

impl Store {
    /// Everything that was found out about a connection's projects.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn shares(&self, connection: &ConnectionName) -> Result<HashMap<ProjectId, ShareRow>, Error> {
        let rows = sqlx::query("SELECT project_id, active_at, asked_at, record FROM shares WHERE connection = $1")
            .bind(connection.as_str())
            .fetch_all(&self.inner.reader)
            .await?;
        rows.iter()
            .map(|row| {
                let project = ProjectId(u64::try_from(row.try_get::<i64, _>("project_id")?).unwrap_or(0));
                let row = ShareRow {
                    project,
                    active_at: row.try_get("active_at")?,
                    asked_at: row.try_get("asked_at")?,
                    record: row.try_get("record")?,
                };
                Ok((project, row))
            })
            .collect()
    }

    /// Keeps what was found out about one project.
    ///
    /// # Errors
    /// When it is not durably kept.
    pub async fn put_share(&self, connection: &ConnectionName, row: &ShareRow) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO shares (connection, project_id, active_at, asked_at, record) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (connection, project_id) DO UPDATE SET active_at = excluded.active_at, \
             asked_at = excluded.asked_at, record = excluded.record",
        )
        .bind(connection.as_str())
        .bind(number(row.project.0))
        .bind(row.active_at)
        .bind(row.asked_at)
        .bind(&row.record)
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }
}
