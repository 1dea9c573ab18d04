//! What left the catalog and can still come back: an entity that is shown again keeps its number and its claim.

use model::{Entity, Millis};
use sqlx::Row;

use super::entities;
use crate::{Error, Store};

/// How long what is gone is kept.
const KEPT: Millis = 7 * 24 * 60 * 60 * 1000;

/// An entity that left the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct RemovedRow {
    /// As it was last.
    pub entity: Entity,
    /// Why it left.
    pub because: String,
    /// When it left.
    pub removed_at: Millis,
    /// When it is forgotten for good.
    pub kept_until: Millis,
}

impl Store {
    /// What left the catalog lately, the latest first, and how much of it there is in all.
    ///
    /// # Errors
    /// When the database does not answer or a row is damaged.
    pub async fn removed(&self, limit: u32) -> Result<(u64, Vec<RemovedRow>), Error> {
        let total = sqlx::query("SELECT COUNT(*) AS held FROM entities WHERE gone_at > 0")
            .fetch_one(&self.inner.reader)
            .await?;
        let rows = sqlx::query(
            "SELECT id, record, claimed_at, changed_at, gone_at, gone_because FROM entities WHERE gone_at > 0 \
             ORDER BY gone_at DESC, id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.inner.reader)
        .await?;
        let rows = rows
            .iter()
            .map(|row| {
                let removed_at: Millis = row.try_get("gone_at")?;
                let because: Option<String> = row.try_get("gone_because")?;
                Ok(RemovedRow {
                    entity: entities::read(row)?,
                    because: because.unwrap_or_default(),
                    removed_at,
                    kept_until: removed_at.saturating_add(KEPT),
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok((u64::try_from(total.try_get::<i64, _>("held")?).unwrap_or(0), rows))
    }

    /// Forgets for good what left the catalog long ago, and which jobs stored what before the feed begins.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_removed(&self) -> Result<u64, Error> {
        let before = self.inner.clock.now().saturating_sub(KEPT);
        let gone = sqlx::query("DELETE FROM entities WHERE gone_at > 0 AND gone_at < $1")
            .bind(before)
            .execute(&self.inner.writer)
            .await?;
        sqlx::query("DELETE FROM fresh WHERE seq < (SELECT COALESCE(MIN(seq), 0) FROM feed)")
            .execute(&self.inner.writer)
            .await?;
        Ok(gone.rows_affected())
    }
}
