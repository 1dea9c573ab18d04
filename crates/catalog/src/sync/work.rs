//! Jobs: who takes them, and what becomes of one that failed.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use model::{ConnectionName, ProjectId};
use store::Job;

use super::{Connection, Sync, upstream::Failure};
use crate::handle::{PASS_JOB, PROJECT_JOB};

/// How long a job may take before another worker may take it too. Jobs only read and reconcile, so twice is harmless.
const LEASE: Duration = Duration::from_secs(15 * 60);
/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

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
        let done = match job.key.kind.as_str() {
            PASS_JOB => match self.connection(&job.key.key) {
                Some(connection) => connection.while_connected(self.pass(&connection)).boxed().await,
                None => Ok(()),
            },
            PROJECT_JOB => match self.project_of(&job.key.key) {
                Some((connection, id)) => connection.while_connected(self.project(&connection, id)).boxed().await,
                None => Ok(()),
            },
            // A job of a newer version, or of a room that this process does not run.
            other => Err(Failure::Unknown(other.to_owned())),
        };
        let ended = match done {
            Ok(()) => self.store().finish(job).await,
            Err(failure) => {
                let wait = self.wait_after(job.attempts, &failure);
                tracing::warn!(kind = job.key.kind, key = job.key.key, %failure, wait_ms = wait, "a reading failed");
                self.store().postpone(job, self.catalog.clock().now() + wait, &failure.to_string()).await
            }
        };
        if let Err(error) = ended {
            tracing::error!(kind = job.key.kind, key = job.key.key, %error, "the end of a job was not recorded");
        }
    }

    /// A connection that was removed is nobody's any more: its jobs end.
    pub(super) fn connection(&self, name: &str) -> Option<Arc<Connection>> {
        ConnectionName::parse(name).ok().and_then(|name| self.connections().get(&name).cloned())
    }

    fn project_of(&self, key: &str) -> Option<(Arc<Connection>, ProjectId)> {
        let (name, id) = key.split_once('/')?;
        Some((self.connection(name)?, ProjectId(id.parse().ok()?)))
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
