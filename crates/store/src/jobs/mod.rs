//! Work that happens later: one row a thing to do, however often it is asked for.
//!
//! A job carries no truth, only what to look at. Waking one that is waiting changes nothing; waking one that is being
//! worked on makes it run once more afterwards. A worker holds a job by a *lease* that it renews; when it dies the
//! lease ends and another takes the job. Each taking has a number (`claims`), and what a worker says of a job counts
//! only while the number is still its own: one that was held up and comes back late changes nothing.

mod claim;
mod queue;

use std::collections::BTreeMap;

use model::Millis;
use sqlx::AnyConnection;

use crate::{
    Error, Store,
    sql::{VALUES, rows_of, statement},
};

pub(crate) use claim::held;
pub use claim::{Claim, Job};
pub use queue::{QueueCounts, QueueRow, QueueState};

/// Somebody waits for it: a person asked, or GitLab told of a change.
pub(crate) const URGENT: i64 = 10;
/// What the clock asks for.
pub(crate) const ROUTINE: i64 = 50;

/// A job is never put off for longer. A time further ahead was written by a clock that has been set back since.
pub const LONGEST_WAIT: Millis = 60 * 60 * 1000;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// Which kind, for example `catalog.project`.
    pub kind: String,
    /// On what, for example `main/17`.
    pub key: String,
}

/// Asks for jobs inside a transaction: each as often as the map says. The map's order is the order in which every
/// writer locks rows, so that two of them never wait for each other. Answers whether that changed anything.
pub(crate) async fn wake(
    connection: &mut AnyConnection,
    jobs: &BTreeMap<JobKey, i64>,
    priority: i64,
    run_at: Millis,
) -> Result<bool, Error> {
    let mut changed = false;
    let jobs: Vec<_> = jobs.iter().collect();
    for chunk in jobs.chunks(VALUES / 7) {
        // One that waits for its turn already is left as it is: whoever takes it reads what this transaction commits, for
        // its row is locked until then. A dead job that is asked for again is tried again from the beginning.
        let mut query = statement(format!(
            "INSERT INTO jobs (kind, job_key, wakes, priority, run_at, leased_until, attempts) VALUES {} \
             ON CONFLICT (kind, job_key) DO UPDATE SET wakes = jobs.wakes + excluded.wakes, \
             priority = CASE WHEN jobs.priority < excluded.priority THEN jobs.priority ELSE excluded.priority END, \
             run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END, \
             attempts = CASE WHEN jobs.dead_at IS NULL THEN jobs.attempts ELSE 0 END, \
             dead_at = NULL \
             WHERE jobs.leased_until <> 0 OR jobs.dead_at IS NOT NULL OR jobs.run_at > excluded.run_at \
             OR jobs.priority > excluded.priority",
            rows_of(7, chunk.len())
        ));
        for (key, wakes) in chunk {
            query = query
                .bind(key.kind.clone())
                .bind(key.key.clone())
                .bind(**wakes)
                .bind(priority)
                .bind(run_at)
                .bind(0_i64)
                .bind(0_i64);
        }
        changed |= query.execute(&mut *connection).await?.rows_affected() > 0;
    }
    Ok(changed)
}

/// Each once, however often it is named.
pub(crate) fn once(keys: &[JobKey]) -> BTreeMap<JobKey, i64> {
    keys.iter().map(|key| (key.clone(), 1)).collect()
}

impl Store {
    /// Asks for jobs, to be done now, because the clock says so.
    ///
    /// # Errors
    /// When they are not durably asked for.
    pub async fn wake(&self, keys: &[JobKey]) -> Result<(), Error> {
        self.ask_for(keys, ROUTINE, self.inner.clock.now()).await
    }

    /// Asks for jobs that somebody waits for.
    ///
    /// # Errors
    /// When they are not durably asked for.
    pub async fn wake_urgently(&self, keys: &[JobKey]) -> Result<(), Error> {
        self.ask_for(keys, URGENT, self.inner.clock.now()).await
    }

    /// Asks for a job, to be done at a time, or sooner if it was asked for so.
    ///
    /// # Errors
    /// When it is not durably asked for.
    pub async fn wake_at(&self, key: &JobKey, at: Millis) -> Result<(), Error> {
        self.ask_for(std::slice::from_ref(key), ROUTINE, at).await
    }

    async fn ask_for(&self, keys: &[JobKey], priority: i64, at: Millis) -> Result<(), Error> {
        let mut tx = self.inner.begin().await?;
        if wake(&mut tx, &once(keys), priority, at).await? {
            self.inner.ring(&mut tx, crate::listen::Bell::Jobs).await?;
        }
        tx.commit().await?;
        self.inner.jobs.notify_waiters();
        Ok(())
    }
}
