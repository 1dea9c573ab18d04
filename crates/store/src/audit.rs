//! The audit trail: rows are only ever added, and each carries the hash of the one before it.

use std::sync::Weak;

use async_trait::async_trait;
use model::Millis;
use policy::{Trail, TrailEntry, TrailError, TrailId};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::Row;
use tokio::sync::mpsc;

use crate::{Error, Inner, Store};

/// The hash before the first row.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, without gaps from 1.
    pub id: i64,
    /// When.
    pub at: Millis,
    /// What, as JSON: `{"what": "decided" | "ended" | "abandoned", …}`.
    pub record: String,
    /// The hash of the row before.
    pub previous: String,
    /// SHA-256 over number, time, record and `previous`, in hex.
    pub hash: String,
}

/// Where a chain of rows is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The content does not give the hash.
    #[error("row {0} was altered")]
    Altered(i64),
    /// A row is missing or stands in the wrong place.
    #[error("row {0} does not follow the row before it: rows were removed or reordered")]
    Broken(i64),
}

impl AuditRow {
    fn hash_of(id: i64, at: Millis, record: &str, previous: &str) -> String {
        hex::encode(Sha256::digest(format!("{id}\n{at}\n{previous}\n{record}")))
    }

    /// Checks that rows, from the first on, are what was written.
    ///
    /// # Errors
    /// The first row that is not.
    pub fn verify(rows: &[Self]) -> Result<(), ChainError> {
        let mut chain = Chain::default();
        rows.iter().try_for_each(|row| chain.next(row))
    }
}

/// The chain as far as it was looked at, for rows that come one by one.
#[derive(Debug)]
pub(crate) struct Chain {
    number: i64,
    hash: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { number: 0, hash: GENESIS.to_owned() }
    }
}

impl Chain {
    /// Is this the row that was written next?
    pub(crate) fn next(&mut self, row: &AuditRow) -> Result<(), ChainError> {
        if row.id != self.number + 1 || row.previous != self.hash {
            return Err(ChainError::Broken(row.id));
        }
        if row.hash != AuditRow::hash_of(row.id, row.at, &row.record, &row.previous) {
            return Err(ChainError::Altered(row.id));
        }
        self.number = row.id;
        self.hash.clone_from(&row.hash);
        Ok(())
    }
}

impl Inner {
    async fn append(&self, at: Millis, record: &serde_json::Value) -> Result<TrailId, Error> {
        let mut tx = self.begin().await?;
        if let Some(lock) = self.dialect.lock_chain() {
            sqlx::query(lock).execute(&mut *tx).await?;
        }
        let last = sqlx::query("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetch_optional(&mut *tx).await?;
        let (id, previous) = match last {
            Some(row) => (row.try_get::<i64, _>("id")? + 1, row.try_get::<String, _>("hash")?),
            None => (1, GENESIS.to_owned()),
        };
        let record = record.to_string();
        sqlx::query("INSERT INTO audit (id, at, record, previous, hash) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(at)
            .bind(&record)
            .bind(&previous)
            .bind(AuditRow::hash_of(id, at, &record, &previous))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(TrailId(id))
    }
}

impl Store {
    /// Rows after a number, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_after(&self, id: i64, limit: i64) -> Result<Vec<AuditRow>, Error> {
        let rows = sqlx::query("SELECT id, at, record, previous, hash FROM audit WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(id)
            .bind(limit)
            .fetch_all(&self.inner.reader)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    id: row.try_get("id")?,
                    at: row.try_get("at")?,
                    record: row.try_get("record")?,
                    previous: row.try_get("previous")?,
                    hash: row.try_get("hash")?,
                })
            })
            .collect()
    }
}

#[async_trait]
impl Trail for Store {
    async fn decided(&self, entry: &TrailEntry) -> Result<TrailId, TrailError> {
        let record = json!({"what": "decided", "principal": entry.principal, "request": entry.request,
            "action": entry.action, "resource": entry.resource, "allowed": entry.allowed, "rule": entry.rule});
        self.inner.append(entry.at, &record).await.map_err(|e| TrailError(e.to_string()))
    }

    async fn ended(&self, id: TrailId, at: Millis, outcome: &str) -> Result<(), TrailError> {
        let record = json!({"what": "ended", "of": id, "outcome": outcome});
        self.inner.append(at, &record).await.map(|_| ()).map_err(|e| TrailError(e.to_string()))
    }

    fn abandoned(&self, id: TrailId) {
        if self.inner.abandoned.send(id).is_err() {
            tracing::error!(audit_row = id.0, "a permit was abandoned while the store was closing");
        }
    }
}

/// Writes the rows that destructors could not wait for.
pub(crate) async fn record_abandoned(inner: Weak<Inner>, mut dropped: mpsc::UnboundedReceiver<TrailId>) {
    while let Some(id) = dropped.recv().await {
        let Some(inner) = inner.upgrade() else { return };
        let record = json!({"what": "abandoned", "of": id});
        if let Err(error) = inner.append(inner.clock.now(), &record).await {
            tracing::error!(audit_row = id.0, %error, "an abandoned permit could not be recorded");
        }
    }
}
