//! Work that happens later: one row a thing to do, however often it is asked for.
//!
//! A job carries no truth, only what to look at. Waking one that is waiting changes nothing; waking one that is being
//! worked on makes it run once more afterwards.

use std::time::Duration;

use model::Millis;
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use tokio::sync::futures::Notified;

use crate::{Dialect, Error, Store};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobKey {
    /// Which kind, for example `catalog.project`.
    pub kind: String,
    /// On what, for example `main/17`.
    pub key: String,
}

/// A job that this process holds until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The row.
    pub id: i64,
    /// What to do.
    pub key: JobKey,
    /// How often it was asked for when it was taken.
    pub wakes: i64,
    /// How often it was tried before.
    pub attempts: i64,
}

/// Asks for a job inside a transaction.
pub(crate) async fn wake(connection: &mut AnyConnection, key: &JobKey, run_at: Millis) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO jobs (kind, job_key, wakes, run_at, leased_until, attempts) VALUES ($1, $2, 1, $3, 0, 0) \
         ON CONFLICT (kind, job_key) DO UPDATE SET wakes = jobs.wakes + 1, \
         run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END",
    )
    .bind(&key.kind)
    .bind(&key.key)
    .bind(run_at)
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Asks for jobs, to be done now.
    ///
    /// # Errors
    /// When they are not durably asked for.
    pub async fn wake(&self, keys: &[JobKey]) -> Result<(), Error> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.writer.begin_with(self.inner.dialect.begin()).await?;
        for key in keys {
            wake(&mut tx, key, now).await?;
        }
        tx.commit().await?;
        self.inner.jobs.notify_waiters();
        Ok(())
    }

    /// Asks for a job, to be done at a time, or sooner if it was asked for so.
    ///
    /// # Errors
    /// When it is not durably asked for.
    pub async fn wake_at(&self, key: &JobKey, at: Millis) -> Result<(), Error> {
        wake(&mut *self.inner.writer.acquire().await?, key, at).await?;
        self.inner.jobs.notify_waiters();
        Ok(())
    }

    /// Takes the job that is due longest, for `lease`; `None` when nothing is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self, lease: Duration) -> Result<Option<Job>, Error> {
        let now = self.inner.clock.now();
        let until = now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let text = format!(
            "UPDATE jobs SET leased_until = $1, attempts = attempts + 1 WHERE id = \
             (SELECT id FROM jobs WHERE run_at <= $2 AND leased_until <= $2 ORDER BY run_at, id LIMIT 1 {}) \
             RETURNING id, kind, job_key, wakes, attempts",
            self.inner.dialect.skip_locked()
        );
        let row = sqlx::query(AssertSqlSafe(text)).bind(until).bind(now).fetch_optional(&self.inner.writer).await?;
        row.map(|row| {
            let attempts: i64 = row.try_get("attempts")?;
            Ok(Job {
                id: row.try_get("id")?,
                key: JobKey { kind: row.try_get("kind")?, key: row.try_get("job_key")? },
                wakes: row.try_get("wakes")?,
                attempts: attempts - 1,
            })
        })
        .transpose()
    }

    /// Frees the jobs that a process which ended half way held, where only one process works on them: with SQLite. With
    /// PostgreSQL another may be at work, so their leases have to end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn free_jobs(&self) -> Result<(), Error> {
        if self.inner.dialect == Dialect::Sqlite {
            sqlx::query("UPDATE jobs SET leased_until = 0").execute(&self.inner.writer).await?;
        }
        Ok(())
    }

    /// The job is done; if it was asked for again meanwhile, it is due again at once.
    ///
    /// # Errors
    /// When that is not durably written; the job then runs again when its lease ends.
    pub async fn finish(&self, job: &Job) -> Result<(), Error> {
        let gone = sqlx::query("DELETE FROM jobs WHERE id = $1 AND wakes = $2")
            .bind(job.id)
            .bind(job.wakes)
            .execute(&self.inner.writer)
            .await?;
        if gone.rows_affected() == 0 {
            sqlx::query("UPDATE jobs SET leased_until = 0, attempts = 0, last_error = NULL WHERE id = $1")
                .bind(job.id)
                .execute(&self.inner.writer)
                .await?;
            self.inner.jobs.notify_waiters();
        }
        Ok(())
    }

    /// The job failed; it is tried again at `retry_at`, or at once if it was asked for again meanwhile.
    ///
    /// # Errors
    /// When that is not durably written; the job then runs again when its lease ends.
    pub async fn postpone(&self, job: &Job, retry_at: Millis, error: &str) -> Result<(), Error> {
        sqlx::query(
            "UPDATE jobs SET leased_until = 0, run_at = CASE WHEN wakes = $4 THEN $2 ELSE run_at END, \
             last_error = $3 WHERE id = $1",
        )
        .bind(job.id)
        .bind(retry_at)
        .bind(error)
        .bind(job.wakes)
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }

    /// The job did a part of its work; it goes on at `at`, or at once if it was asked for again meanwhile.
    ///
    /// # Errors
    /// When that is not durably written; the job then runs again when its lease ends.
    pub async fn go_on(&self, job: &Job, at: Millis) -> Result<(), Error> {
        sqlx::query(
            "UPDATE jobs SET leased_until = 0, attempts = 0, last_error = NULL, \
             run_at = CASE WHEN wakes = $3 THEN $2 ELSE run_at END WHERE id = $1",
        )
        .bind(job.id)
        .bind(at)
        .bind(job.wakes)
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }

    /// When the next job is due; `None` when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_due(&self) -> Result<Option<Millis>, Error> {
        // A job that is being worked on is due when its lease ends: its worker may have died.
        let row = sqlx::query(
            "SELECT MIN(CASE WHEN run_at > leased_until THEN run_at ELSE leased_until END) AS due FROM jobs",
        )
        .fetch_one(&self.inner.reader)
        .await?;
        Ok(row.try_get("due")?)
    }

    /// Waits until a job is asked for in this process. Enable it before looking for due jobs, or a wake is missed.
    pub fn woken(&self) -> Notified<'_> {
        self.inner.jobs.notified()
    }
}
