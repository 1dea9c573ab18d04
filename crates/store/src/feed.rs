//! The change feed: what each transaction changed, in the order in which they were committed. Every replica follows it.
//!
//! A row says *which* rows changed, not how they look now: whoever follows reads them. So a follower that is late, or
//! sees a change twice, ends at the same state.

use model::{ConnectionName, Entity, Millis, ProjectId};
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row};

use crate::{
    Error, Store,
    catalog::read_entity,
    listen::Bell,
    sql::{VALUES, list_from, statement},
};

/// How long changes are kept. A replica that was away for longer reads everything again.
const KEPT: Millis = 60 * 60 * 1000;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Told {
    /// Entities and projects of a connection.
    Catalog {
        /// Which connection.
        connection: ConnectionName,
        /// New and changed entities, by number.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        put: Vec<i64>,
        /// Entities that are gone, by number.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<i64>,
        /// Projects that were read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        projects: Vec<ProjectId>,
        /// Projects that are gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        projects_gone: Vec<ProjectId>,
    },
    /// A connection was added, changed or removed.
    Connection {
        /// Which.
        name: ConnectionName,
    },
    /// A newer version tells something that this one does not follow.
    #[serde(other)]
    Unknown,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Its number; they rise, with gaps.
    pub seq: i64,
    /// The replica that made the change.
    pub origin: String,
    /// What changed.
    pub told: Told,
    /// When.
    pub at: Millis,
}

impl Told {
    pub(crate) fn says_something(&self) -> bool {
        match self {
            Self::Catalog { put, removed, projects, projects_gone, .. } => {
                !(put.is_empty() && removed.is_empty() && projects.is_empty() && projects_gone.is_empty())
            }
            Self::Connection { .. } => true,
            Self::Unknown => false,
        }
    }
}

/// The number of the newest row; 0 before the first.
pub(crate) async fn head(connection: &mut AnyConnection) -> Result<i64, Error> {
    let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS seq FROM feed").fetch_one(connection).await?;
    Ok(row.try_get("seq")?)
}

/// Adds a row at the end of a transaction. Until that commits no other can add one: numbers rise in the order of
/// commits, so that nobody who follows misses one that was late.
pub(crate) async fn tell(store: &Store, tx: &mut AnyConnection, told: &Told) -> Result<i64, Error> {
    let inner = &store.inner;
    if let Some(lock) = inner.dialect.lock_feed() {
        sqlx::query(lock).execute(&mut *tx).await?;
    }
    let record = serde_json::to_string(told).map_err(|e| Error::damaged("feed", "new", e))?;
    let row = sqlx::query("INSERT INTO feed (origin, record, at) VALUES ($1, $2, $3) RETURNING seq")
        .bind(&inner.replica)
        .bind(record)
        .bind(inner.clock.now())
        .fetch_one(&mut *tx)
        .await?;
    inner.ring(tx, Bell::Feed).await?;
    Ok(row.try_get("seq")?)
}

impl Store {
    /// The number of the newest row; 0 before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn feed_head(&self) -> Result<i64, Error> {
        head(&mut *self.inner.reader.acquire().await?).await
    }

    /// How many rows come after a number, and for how long the oldest of them has been there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn feed_behind(&self, seq: i64) -> Result<(u64, Millis), Error> {
        let row = sqlx::query("SELECT COUNT(*) AS held, MIN(at) AS since FROM feed WHERE seq > $1")
            .bind(seq)
            .fetch_one(&self.inner.reader)
            .await?;
        let (held, since): (i64, Option<Millis>) = (row.try_get("held")?, row.try_get("since")?);
        let now = self.inner.clock.now();
        Ok((u64::try_from(held).unwrap_or(0), now.saturating_sub(since.unwrap_or(now))))
    }

    /// The rows after a number, oldest first; `None` when some of them are not kept any more.
    ///
    /// # Errors
    /// When the database does not answer or a row is damaged.
    pub async fn feed_after(&self, seq: i64, limit: i64) -> Result<Option<Vec<FeedRow>>, Error> {
        let rows = sqlx::query("SELECT seq, origin, record, at FROM feed WHERE seq >= $1 ORDER BY seq LIMIT $2")
            .bind(seq)
            .bind(limit.saturating_add(1))
            .fetch_all(&self.inner.reader)
            .await?;
        let mut rows = rows
            .iter()
            .map(|row| {
                let (seq, record): (i64, String) = (row.try_get("seq")?, row.try_get("record")?);
                let told = serde_json::from_str(&record).map_err(|e| Error::damaged("feed", seq, e))?;
                Ok(FeedRow { seq, origin: row.try_get("origin")?, told, at: row.try_get("at")? })
            })
            .collect::<Result<Vec<FeedRow>, Error>>()?;
        // The last row that a follower saw is the proof that nothing between was forgotten.
        if seq > 0 && rows.first().is_none_or(|first| first.seq != seq) {
            return Ok(None);
        }
        if seq > 0 {
            rows.remove(0);
        }
        Ok(Some(rows))
    }

    /// Forgets what every replica must have followed long ago, except the newest row. Only ever what comes before all that
    /// stays: a row by a clock that goes wrong leaves no gap that a follower would not notice.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_old_feed(&self) -> Result<u64, Error> {
        let gone = sqlx::query(
            "DELETE FROM feed WHERE seq < (SELECT COALESCE(MIN(CASE WHEN at >= $1 THEN seq END), MAX(seq)) FROM feed)",
        )
        .bind(self.inner.clock.now().saturating_sub(KEPT))
        .execute(&self.inner.writer)
        .await?;
        Ok(gone.rows_affected())
    }

    /// Entities by their numbers; those that are gone are left out.
    ///
    /// # Errors
    /// When the database does not answer or a row is damaged.
    pub async fn entities_by_id(&self, ids: &[i64]) -> Result<Vec<Entity>, Error> {
        let mut entities = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES) {
            let mut query = statement(format!(
                "SELECT id, record, claimed_at, changed_at FROM entities WHERE gone_at = 0 AND id IN ({})",
                list_from(1, chunk.len())
            ));
            for id in chunk {
                query = query.bind(*id);
            }
            for row in query.fetch_all(&self.inner.reader).await? {
                entities.push(read_entity(&row)?);
            }
        }
        Ok(entities)
    }
}
