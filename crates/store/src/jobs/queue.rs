//! The queue as a person sees it: what waits, what fails, what was put aside, and doing something about it.

use model::Millis;
use sqlx::{Row, any::AnyRow};

use super::{JobKey, LONGEST_WAIT, URGENT};
use crate::{Error, Store};

/// How it is with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueState {
    /// It failed too often and is put aside until somebody asks for it.
    Dead,
    /// It failed and is tried again by itself.
    Retrying,
    /// A worker holds it.
    Running,
    /// It was asked for and its turn has not come.
    Waiting,
}

/// A job of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// The row.
    pub id: i64,
    /// What to do.
    pub key: JobKey,
    /// How it is with it.
    pub state: QueueState,
    /// How often it was tried since it last went well.
    pub attempts: i64,
    /// When its turn comes, or came.
    pub run_at: Millis,
    /// Since when it fails.
    pub failed_at: Option<Millis>,
    /// When it was put aside.
    pub dead_at: Option<Millis>,
    /// Why it failed last.
    pub last_error: Option<String>,
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Their turn has not come, or no worker is free.
    pub waiting: u64,
    /// Held by a worker.
    pub running: u64,
    /// Tried again by themselves.
    pub retrying: u64,
    /// Put aside.
    pub dead: u64,
    /// Since when the job that is due longest waits; `None` when none is due.
    pub oldest_due: Option<Millis>,
}

/// The state of a row, worst first; `$1` is now. One text, so that counts and lists never disagree.
const STATE: &str = "CAST(CASE WHEN dead_at IS NOT NULL THEN 0 WHEN leased_until > $1 THEN 2 \
     WHEN failed_at IS NOT NULL THEN 1 ELSE 3 END AS BIGINT)";

impl QueueState {
    fn number(self) -> i64 {
        match self {
            Self::Dead => 0,
            Self::Retrying => 1,
            Self::Running => 2,
            Self::Waiting => 3,
        }
    }

    fn of(number: i64) -> Self {
        match number {
            0 => Self::Dead,
            1 => Self::Retrying,
            2 => Self::Running,
            _ => Self::Waiting,
        }
    }
}

/// Rows as [`row_of`] reads them.
fn select() -> String {
    format!("SELECT id, kind, job_key, {STATE} AS state, attempts, run_at, failed_at, dead_at, last_error FROM jobs")
}

fn row_of(row: &AnyRow) -> Result<QueueRow, Error> {
    Ok(QueueRow {
        id: row.try_get("id")?,
        key: JobKey { kind: row.try_get("kind")?, key: row.try_get("job_key")? },
        state: QueueState::of(row.try_get("state")?),
        attempts: row.try_get("attempts")?,
        run_at: row.try_get("run_at")?,
        failed_at: row.try_get("failed_at")?,
        dead_at: row.try_get("dead_at")?,
        last_error: row.try_get("last_error")?,
    })
}

impl Store {
    /// How many jobs there are in each state.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queue_counts(&self) -> Result<QueueCounts, Error> {
        let now = self.inner.clock.now();
        let text = format!("SELECT {STATE} AS state, COUNT(*) AS held FROM jobs GROUP BY 1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(now).fetch_all(&self.inner.reader).await?;
        let mut counts = QueueCounts::default();
        for row in rows {
            let held = u64::try_from(row.try_get::<i64, _>("held")?).unwrap_or(0);
            match QueueState::of(row.try_get("state")?) {
                QueueState::Dead => counts.dead = held,
                QueueState::Retrying => counts.retrying = held,
                QueueState::Running => counts.running = held,
                QueueState::Waiting => counts.waiting = held,
            }
        }
        let row = sqlx::query(
            "SELECT MIN(run_at) AS due FROM jobs WHERE dead_at IS NULL AND leased_until <= $1 AND run_at <= $1",
        )
        .bind(now)
        .fetch_one(&self.inner.reader)
        .await?;
        counts.oldest_due = row.try_get("due")?;
        Ok(counts)
    }

    /// Jobs, the worst state first, of one state or of all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queue(&self, state: Option<QueueState>, limit: u32) -> Result<Vec<QueueRow>, Error> {
        let only = state.map_or_else(String::new, |state| format!("WHERE {STATE} = {}", state.number()));
        let text = format!("{} {only} ORDER BY 4, run_at, id LIMIT {limit}", select());
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(text)).bind(self.inner.clock.now()).fetch_all(&self.inner.reader).await?;
        rows.iter().map(row_of).collect()
    }

    /// One job, while it is to be done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queued(&self, key: &JobKey) -> Result<Option<QueueRow>, Error> {
        let text = format!("{} WHERE kind = $2 AND job_key = $3", select());
        let row = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(self.inner.clock.now())
            .bind(&key.kind)
            .bind(&key.key)
            .fetch_optional(&self.inner.reader)
            .await?;
        row.as_ref().map(row_of).transpose()
    }

    /// Has a job tried again now, as if it had never failed; `false` when there is none of this number. Without a number: all that are
    /// dead. Answers with how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retry_jobs(&self, id: Option<i64>) -> Result<u64, Error> {
        let now = self.inner.clock.now();
        let which = if id.is_some() { "id = $4" } else { "dead_at IS NOT NULL AND $4 = 0" };
        let text = format!(
            "UPDATE jobs SET run_at = CASE WHEN run_at < $1 THEN run_at ELSE $1 END, attempts = 0, wakes = wakes + 1, \
             dead_at = NULL, priority = $2, leased_until = CASE WHEN leased_until > $3 THEN 0 ELSE leased_until END \
             WHERE {which}"
        );
        let done = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(now)
            .bind(URGENT)
            .bind(now.saturating_add(LONGEST_WAIT))
            .bind(id.unwrap_or(0))
            .execute(&self.inner.writer)
            .await?;
        self.inner.jobs.notify_waiters();
        Ok(done.rows_affected())
    }

    /// Takes a dead job out of the queue; `false` when none of this number is dead.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drop_dead_job(&self, id: i64) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM jobs WHERE id = $1 AND dead_at IS NOT NULL")
            .bind(id)
            .execute(&self.inner.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
