//! Jobs: who takes them, and what becomes of one that failed.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use model::{ConnectionName, Millis, ProjectId};
use store::{Job, JobKey};

use super::{Connection, Sync, connection::Gate, upstream::Failure};
use crate::{
    handle::{COMMITS_JOB, PASS_JOB, POLL_JOB, PROJECT_JOB, pass_job},
    status::Phase,
    timetable::HOLD,
};

/// How long a job may take before another worker may take it too. Jobs only read and reconcile, so twice is harmless.
const LEASE: Duration = Duration::from_secs(15 * 60);
/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What a job asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Pass,
    Poll,
    Project(ProjectId),
    Commits,
}

impl Sync {
    pub(super) async fn worker(self) {
        loop {
            // Registered before looking, so that no wake falls between looking and waiting.
            let woken = self.store().woken();
            tokio::pin!(woken);
            let _already_woken = woken.as_mut().enable();
            match self.store().claim(LEASE).await {
                Ok(Some(job)) => self.work(&job).await,
                Ok(None) => {
                    let wait = self.until_due().await;
                    tokio::select! {
                        () = woken => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the queue cannot be read");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn until_due(&self) -> Duration {
        let due = match self.store().next_due().await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                None
            }
        };
        let wait = due.map_or(5_000, |due| (due - self.catalog.clock().now()).clamp(1, 5_000));
        Duration::from_millis(u64::try_from(wait).unwrap_or(1))
    }

    async fn work(&self, job: &Job) {
        let ended = match self.task(&job.key) {
            Ok(Some((connection, task))) => self.attempt(job, &connection, task).await,
            Ok(None) => self.store().finish(job).await,
            Err(failure) => {
                let at = self.catalog.clock().now() + self.wait_after(job.attempts, &failure);
                self.store().postpone(job, at, &failure.to_string()).await
            }
        };
        if let Err(error) = ended {
            tracing::error!(kind = job.key.kind, key = job.key.key, %error, "the end of a job was not recorded");
        }
    }

    /// What a job asks for; nothing when its connection was removed: it is nobody's any more.
    fn task(&self, key: &JobKey) -> Result<Option<(Arc<Connection>, Task)>, Failure> {
        let of_connection = |task: Task| self.connection(&key.key).map(|connection| (connection, task));
        match key.kind.as_str() {
            PASS_JOB => Ok(of_connection(Task::Pass)),
            POLL_JOB => Ok(of_connection(Task::Poll)),
            COMMITS_JOB => Ok(of_connection(Task::Commits)),
            PROJECT_JOB => Ok(self.project_of(&key.key)),
            // A job of a newer version, or of a room that this process does not run.
            other => Err(Failure::Unknown(other.to_owned())),
        }
    }

    async fn attempt(&self, job: &Job, connection: &Connection, task: Task) -> Result<(), store::Error> {
        let gate = connection.gate(self.catalog.clock().now());
        if let Gate::Closed(until) = gate {
            return self.store().postpone(job, until, "the token was refused; nothing is asked until then").await;
        }
        match connection.while_connected(self.perform(connection, task)).boxed().await {
            Ok(go_on) => {
                if gate == Gate::Trial {
                    connection.open();
                    if task != Task::Pass {
                        // What waited meanwhile, and what nobody asked for, is found by a pass.
                        self.store().wake(&[pass_job(&connection.name)]).await?;
                    }
                }
                match go_on {
                    Some(at) => self.store().go_on(job, at).await,
                    None => self.store().finish(job).await,
                }
            }
            Err(failure) => {
                let mut at = self.catalog.clock().now() + self.wait_after(job.attempts, &failure);
                if failure.is_refused_token() {
                    at = self.catalog.clock().now() + HOLD;
                    self.refused(connection, &failure, at);
                    if task != Task::Pass {
                        // It finds out whether that was for good, and shows it.
                        self.store().wake_at(&pass_job(&connection.name), at).await?;
                    }
                }
                if task == Task::Pass {
                    self.tell(connection, |status| status.next_at = Some(at));
                }
                tracing::warn!(kind = job.key.kind, key = job.key.key, %failure, until = at, "a reading failed");
                self.store().postpone(job, at, &failure.to_string()).await
            }
        }
    }

    /// Answers when the job goes on, if it did only a part.
    async fn perform(&self, connection: &Connection, task: Task) -> Result<Option<Millis>, Failure> {
        match task {
            Task::Pass => self.pass(connection).await.map(|()| None),
            Task::Poll => self.poll(connection).await.map(|()| None),
            Task::Project(id) => self.project(connection, id).await.map(|()| None),
            Task::Commits => self.read_commits(connection).await,
        }
    }

    /// The token was refused: what was read stays, and nothing is asked for a while.
    fn refused(&self, connection: &Connection, failure: &Failure, until: Millis) {
        connection.close(until);
        let told = failure.told();
        self.tell(connection, |status| {
            status.phase = Phase::Failed;
            status.error = Some(told);
            status.next_at = Some(until);
        });
    }

    pub(super) fn connection(&self, name: &str) -> Option<Arc<Connection>> {
        ConnectionName::parse(name).ok().and_then(|name| self.connections().get(&name).cloned())
    }

    fn project_of(&self, key: &str) -> Option<(Arc<Connection>, Task)> {
        let (name, id) = key.split_once('/')?;
        Some((self.connection(name)?, Task::Project(ProjectId(id.parse().ok()?))))
    }

    /// Doubling from one second with full jitter, and never sooner than GitLab allows.
    fn wait_after(&self, attempts: i64, failure: &Failure) -> i64 {
        let longest = i64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(i64::MAX);
        let ceiling = (1_000_i64 << attempts.clamp(0, 20)).min(longest);
        let jitter = i64::try_from(self.random.next() % u64::try_from(ceiling).unwrap_or(1).max(1)).unwrap_or(0);
        let wait = (ceiling / 2 + jitter / 2).max(500);
        failure.not_before().map_or(wait, |at| wait.max(at - self.catalog.clock().now()))
    }
}
