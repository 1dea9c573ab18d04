//! The queue of readings, as a person sees it: what waits, what fails, and doing something about it.

use model::{ConnectionName, Millis, Source, Staleness};
use policy::Permit;
use store::{QueueCounts, QueueRow, QueueState};

use crate::{
    Catalog, CatalogError, DropJob, RetryJob,
    handle::{COMMITS_JOB, PASS_JOB, POLL_JOB, PROJECT_JOB, project_job},
};

/// A job with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// The job.
    pub row: QueueRow,
    /// What it does, for people.
    pub title: &'static str,
    /// On what: a project's path where it is known, else the key.
    pub about: String,
    /// Of which connection.
    pub connection: Option<ConnectionName>,
}

/// A reading that was asked for begins within a second. One that waits for so long is late.
const LATE: Millis = 5_000;

fn title(kind: &str) -> &'static str {
    match kind {
        PROJECT_JOB => "Read a project",
        PASS_JOB => "Read everything",
        POLL_JOB => "Look for activity",
        COMMITS_JOB => "Look at commits for owners",
        _ => "A job of another version",
    }
}

impl Catalog {
    /// How many jobs there are in each state.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn queue_counts(&self) -> Result<QueueCounts, CatalogError> {
        Ok(self.store().queue_counts().await?)
    }

    /// Jobs, the worst state first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn queue(&self, state: Option<QueueState>, limit: u32) -> Result<Vec<QueuedJob>, CatalogError> {
        let mut jobs = Vec::new();
        for row in self.store().queue(state, limit).await? {
            let (name, project) = row.key.key.split_once('/').unwrap_or((&row.key.key, ""));
            let connection = ConnectionName::parse(name).ok();
            let about = match (&connection, project.parse().map(model::ProjectId)) {
                (Some(connection), Ok(id)) => self.store().project(connection, id).await?.map(|project| project.path),
                _ => None,
            };
            let about = about.unwrap_or_else(|| row.key.key.clone());
            jobs.push(QueuedJob { title: title(&row.key.kind), about, connection, row });
        }
        Ok(jobs)
    }

    /// Why what is shown of a project may be older than what GitLab told of: it was to be read again and was not yet.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn overdue(&self, source: &Source) -> Result<Option<Staleness>, CatalogError> {
        let Some(project) = source.project else { return Ok(None) };
        let Some(job) = self.store().queued(&project_job(&source.connection, project)).await? else { return Ok(None) };
        let since = job.failed_at.unwrap_or(job.run_at);
        Ok(match job.last_error {
            Some(why) if job.failed_at.is_some() => {
                Some(Staleness { since, reason: format!("it was to be read again and could not be: {why}") })
            }
            _ if self.clock().now() - since > LATE => {
                Some(Staleness { since, reason: "it waits to be read again".to_owned() })
            }
            _ => None,
        })
    }

    /// Has jobs tried again now. Answers with how many.
    ///
    /// # Errors
    /// When there is none of that number, or the store refuses.
    pub async fn retry_jobs(&self, permit: &Permit<RetryJob>) -> Result<u64, CatalogError> {
        let id = permit.action().id;
        match (self.store().retry_jobs(id).await?, id) {
            (0, Some(id)) => Err(no_job(id)),
            (retried, _) => Ok(retried),
        }
    }

    /// Takes a job out that was put aside. What it would have read is read when anything else asks for it.
    ///
    /// # Errors
    /// When none of that number is put aside, or the store refuses.
    pub async fn drop_job(&self, permit: &Permit<DropJob>) -> Result<(), CatalogError> {
        let id = permit.action().id;
        if self.store().drop_dead_job(id).await? { Ok(()) } else { Err(no_job(id)) }
    }
}

fn no_job(id: i64) -> CatalogError {
    CatalogError::Unknown {
        what: format!("job {id}"),
        remedy: "it may be done meanwhile, and only one that was put aside can be dropped; look with GET /api/v1/queue"
            .to_owned(),
    }
}
