//! Taking jobs, and saying what became of them.

use std::{collections::HashMap, time::Duration};

use model::Millis;
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};
use tokio::sync::futures::Notified;

use super::{JobKey, LONGEST_WAIT, URGENT};
use crate::{
    Dialect, Error, Store,
    sql::{VALUES, list_from, statement},
};

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
    /// The number of this taking.
    pub claim: i64,
}

/// Which jobs a worker takes.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Only these kinds; all of them when empty. A kind that this version does not know is left to one that does.
    pub kinds: &'a [&'a str],
    /// Only what somebody waits for, so that it never waits behind long work.
    pub urgent: bool,
    /// Until when it is this worker's, unless renewed.
    pub lease: Duration,
}

impl Claim<'_> {
    /// Whatever is due.
    #[must_use]
    pub fn any(lease: Duration) -> Self {
        Self { kinds: &[], urgent: false, lease }
    }
}

fn millis(time: Duration) -> Millis {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn job_of(row: &AnyRow) -> Result<Job, Error> {
    let attempts: i64 = row.try_get("attempts")?;
    Ok(Job {
        id: row.try_get("id")?,
        key: JobKey { kind: row.try_get("kind")?, key: row.try_get("job_key")? },
        wakes: row.try_get("wakes")?,
        attempts: attempts - 1,
        claim: row.try_get("claims")?,
    })
}

impl Store {
    /// Takes the job that is due longest; `None` when nothing is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self, claim: &Claim<'_>) -> Result<Option<Job>, Error> {
        Ok(self.take(claim, None, 1).await?.pop())
    }

    /// Takes up to `most` more jobs that are due, of the same kind and of keys that begin alike, to do them together.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_alike(&self, job: &Job, prefix: &str, most: usize, lease: Duration) -> Result<Vec<Job>, Error> {
        let claim = Claim { kinds: &[job.key.kind.as_str()], urgent: false, lease };
        self.take(&claim, Some(prefix), most).await
    }

    async fn take(&self, claim: &Claim<'_>, prefix: Option<&str>, most: usize) -> Result<Vec<Job>, Error> {
        let now = self.inner.clock.now();
        let lease = millis(claim.lease);
        // 1: the lease, 2: now, 3 and 4: times so far ahead that only a clock which was set back can have written them.
        let mut text = "UPDATE jobs SET leased_until = $1, attempts = attempts + 1, claims = claims + 1 WHERE id IN \
             (SELECT id FROM jobs WHERE dead_at IS NULL AND (run_at <= $2 OR run_at > $3) \
             AND (leased_until <= $2 OR leased_until > $4)"
            .to_owned();
        if claim.urgent {
            text.push_str(&format!(" AND priority <= {URGENT}"));
        }
        if !claim.kinds.is_empty() {
            text.push_str(&format!(" AND kind IN ({})", list_from(5, claim.kinds.len())));
        }
        let after = 5 + claim.kinds.len();
        if prefix.is_some() {
            // Not LIKE: a key may hold its wildcards.
            text.push_str(&format!(" AND substr(job_key, 1, ${after}) = ${}", after + 1));
        }
        let order = if claim.urgent { "priority, run_at, id" } else { "run_at, id" };
        text.push_str(&format!(
            " ORDER BY {order} LIMIT {most} {}) RETURNING id, kind, job_key, wakes, attempts, claims",
            self.inner.dialect.skip_locked()
        ));
        let mut query = sqlx::query(AssertSqlSafe(text))
            .bind(now.saturating_add(lease))
            .bind(now)
            .bind(now.saturating_add(LONGEST_WAIT))
            .bind(now.saturating_add(lease.saturating_mul(2)));
        for kind in claim.kinds {
            query = query.bind((*kind).to_owned());
        }
        if let Some(prefix) = prefix {
            query = query.bind(i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX)).bind(prefix.to_owned());
        }
        let rows = query.fetch_all(&self.inner.writer).await?;
        rows.iter().map(job_of).collect()
    }

    /// Goes on holding jobs. Answers with the ids of those that are still this worker's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew(&self, jobs: &[Job], lease: Duration) -> Result<Vec<i64>, Error> {
        let until = self.inner.clock.now().saturating_add(millis(lease));
        let mut held = Vec::with_capacity(jobs.len());
        let mut tx = self.inner.begin().await?;
        for job in jobs {
            let done = sqlx::query("UPDATE jobs SET leased_until = $1 WHERE id = $2 AND claims = $3")
                .bind(until)
                .bind(job.id)
                .bind(job.claim)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() > 0 {
                held.push(job.id);
            }
        }
        tx.commit().await?;
        Ok(held)
    }

    /// Frees jobs of these kinds (of all kinds when empty) that a process which ended half way held. Only for whoever knows that
    /// nobody works on them: the one process on SQLite at its start, the leader for what it alone does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn free_jobs(&self, kinds: &[&str]) -> Result<(), Error> {
        let mut text = "UPDATE jobs SET leased_until = 0, claims = claims + 1 WHERE leased_until > 0".to_owned();
        if !kinds.is_empty() {
            text.push_str(&format!(" AND kind IN ({})", list_from(1, kinds.len())));
        }
        let mut query = statement(text);
        for kind in kinds {
            query = query.bind((*kind).to_owned());
        }
        query.execute(&self.inner.writer).await?;
        self.inner.jobs.notify_waiters();
        Ok(())
    }

    /// Makes everything due that waits: the clock was set back, and the times it waits for are the former clock's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pull_in_jobs(&self) -> Result<(), Error> {
        sqlx::query("UPDATE jobs SET run_at = $1 WHERE run_at > $1")
            .bind(self.inner.clock.now())
            .execute(&self.inner.writer)
            .await?;
        self.inner.jobs.notify_waiters();
        Ok(())
    }

    /// Frees all jobs where only one process can have held them: with SQLite.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn free_own_jobs(&self) -> Result<(), Error> {
        if self.inner.dialect == Dialect::Sqlite { self.free_jobs(&[]).await } else { Ok(()) }
    }

    /// Jobs are done; one that was asked for again meanwhile is due again at once.
    ///
    /// # Errors
    /// When that is not durably written; the jobs then run again when their leases end.
    pub async fn finish(&self, jobs: &[Job]) -> Result<(), Error> {
        let mut tx = self.inner.begin().await?;
        let held = held(&mut tx, self.inner.dialect, jobs).await?;
        let ours =
            jobs.iter().filter_map(|job| Some((job, held.get(&job.id)?))).filter(|(job, now)| now.claim == job.claim);
        let (done, again): (Vec<_>, Vec<_>) = ours.partition(|(job, now)| now.wakes == job.wakes);
        let id = |(job, _): &(&Job, &Standing)| job.id;
        of_each(&mut tx, "DELETE FROM jobs", done.iter().map(id).collect()).await?;
        let free = "UPDATE jobs SET leased_until = 0, attempts = 0, last_error = NULL, failed_at = NULL";
        of_each(&mut tx, free, again.iter().map(id).collect()).await?;
        tx.commit().await?;
        if !again.is_empty() {
            self.inner.jobs.notify_waiters();
        }
        Ok(())
    }

    /// The job failed; it is tried again at `retry_at`, or at once if it was asked for again meanwhile.
    ///
    /// # Errors
    /// When that is not durably written; the job then runs again when its lease ends.
    pub async fn postpone(&self, job: &Job, retry_at: Millis, error: &str) -> Result<(), Error> {
        let now = self.inner.clock.now();
        sqlx::query(
            "UPDATE jobs SET leased_until = 0, run_at = CASE WHEN wakes = $4 THEN $2 ELSE run_at END, \
             last_error = $3, failed_at = COALESCE(failed_at, $6) WHERE id = $1 AND claims = $5",
        )
        .bind(job.id)
        .bind(retry_at.min(now.saturating_add(LONGEST_WAIT)))
        .bind(error)
        .bind(job.wakes)
        .bind(job.claim)
        .bind(now)
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }

    /// The job failed too often: it is put aside until somebody asks for it, unless that happened meanwhile.
    ///
    /// # Errors
    /// When that is not durably written; the job then runs again when its lease ends.
    pub async fn bury(&self, job: &Job, error: &str) -> Result<(), Error> {
        sqlx::query(
            "UPDATE jobs SET leased_until = 0, dead_at = CASE WHEN wakes = $3 THEN $5 ELSE NULL END, \
             attempts = CASE WHEN wakes = $3 THEN attempts ELSE 0 END, \
             last_error = $2, failed_at = COALESCE(failed_at, $5) WHERE id = $1 AND claims = $4",
        )
        .bind(job.id)
        .bind(error)
        .bind(job.wakes)
        .bind(job.claim)
        .bind(self.inner.clock.now())
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
            "UPDATE jobs SET leased_until = 0, attempts = 0, last_error = NULL, failed_at = NULL, \
             run_at = CASE WHEN wakes = $3 THEN $2 ELSE run_at END WHERE id = $1 AND claims = $4",
        )
        .bind(job.id)
        .bind(at)
        .bind(job.wakes)
        .bind(job.claim)
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
            "SELECT MIN(CASE WHEN run_at > leased_until THEN run_at ELSE leased_until END) AS due FROM jobs \
             WHERE dead_at IS NULL",
        )
        .fetch_one(&self.inner.reader)
        .await?;
        Ok(row.try_get("due")?)
    }

    /// Waits until a job is asked for. Enable it before looking for due jobs, or a wake is missed.
    pub fn woken(&self) -> Notified<'_> {
        self.inner.jobs.notified()
    }
}

/// How a job's row is now.
pub(crate) struct Standing {
    pub(crate) claim: i64,
    wakes: i64,
}

/// The rows of some jobs, which nobody can take or wake until the transaction ends. They are held in one order everywhere,
/// so that two who hold the same never wait for each other.
pub(crate) async fn held(
    tx: &mut AnyConnection,
    dialect: Dialect,
    jobs: &[Job],
) -> Result<HashMap<i64, Standing>, Error> {
    let mut held = HashMap::with_capacity(jobs.len());
    let mut jobs: Vec<&Job> = jobs.iter().collect();
    jobs.sort_unstable_by_key(|job| &job.key);
    for chunk in jobs.chunks(VALUES) {
        let mut query = statement(format!(
            "SELECT id, claims, wakes FROM jobs WHERE id IN ({}) ORDER BY kind, job_key {}",
            list_from(1, chunk.len()),
            dialect.for_update()
        ));
        for job in chunk {
            query = query.bind(job.id);
        }
        for row in query.fetch_all(&mut *tx).await? {
            held.insert(row.try_get("id")?, Standing { claim: row.try_get("claims")?, wakes: row.try_get("wakes")? });
        }
    }
    Ok(held)
}

/// Does the same to some rows.
async fn of_each(tx: &mut AnyConnection, what: &str, ids: Vec<i64>) -> Result<(), Error> {
    for chunk in ids.chunks(VALUES) {
        let mut query = statement(format!("{what} WHERE id IN ({})", list_from(1, chunk.len())));
        for id in chunk {
            query = query.bind(*id);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}
