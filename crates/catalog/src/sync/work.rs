//! Jobs: who takes them, and what becomes of one that failed.

use std::{slice::from_ref, sync::Arc, time::Duration};

use futures::FutureExt;
use model::{ConnectionName, Millis, ProjectId};
use store::{Claim, Job, JobKey};

use super::{Connection, Sync, connection::Gate, project::Failed, upstream::Failure};
use crate::{
    handle::{COMMITS_JOB, PASS_JOB, POLL_JOB, PROJECT_JOB, pass_job},
    status::Phase,
    timetable::HOLD,
};

/// How long a worker that says nothing holds a job. It says so again all the time, so this is how long the jobs of a
/// process that died wait for another.
const LEASE: Duration = Duration::from_secs(60);
/// How long after the database refused something it is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// From one saying so to the next.
const RENEWAL: Duration = Duration::from_secs(20);
/// The longest wait after a failure: how long at most a GitLab that is well again is not asked. A hundred projects that wait
/// cost one request.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Projects that are read together: their files cost a request a hundred.
const TOGETHER: usize = 100;
/// After so many failures in a row that are its own, about ten minutes, a job is put aside for a person to see. It is tried
/// again when anything asks for it.
const MOST_ATTEMPTS: i64 = 30;

/// What every replica does.
const SHARED: &[&str] = &[PROJECT_JOB];
/// What only the leader does: two at once would ask GitLab twice.
pub(super) const SINGLE: &[&str] = &[PASS_JOB, POLL_JOB, COMMITS_JOB];
const ALL: &[&str] = &[PROJECT_JOB, PASS_JOB, POLL_JOB, COMMITS_JOB];

/// What a job asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Task {
    Pass,
    Poll,
    Projects(Vec<ProjectId>),
    Commits,
}

/// What became of it.
enum Done {
    All,
    /// It goes on then.
    Part(Millis),
    Some(Failed),
}

impl Default for Done {
    /// Of a connection that ended meanwhile: there is nothing left to do.
    fn default() -> Self {
        Self::All
    }
}

impl Sync {
    /// Takes one job after the other; an urgent worker only those that somebody waits for.
    pub(super) async fn worker(self, urgent: bool) {
        loop {
            // Registered before looking, so that no wake falls between looking and waiting.
            let woken = self.store().woken();
            tokio::pin!(woken);
            let _already_woken = woken.as_mut().enable();
            let kinds = if self.catalog.leads() { ALL } else { SHARED };
            match self.store().claim(&Claim { kinds, urgent, lease: LEASE }).await {
                Ok(Some(job)) => self.work(job).await,
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
        // What is due and not ours to take must not keep us looking.
        let wait = due.map_or(5_000, |due| (due - self.catalog.clock().now()).clamp(100, 5_000));
        Duration::from_millis(u64::try_from(wait).unwrap_or(1))
    }

    async fn work(&self, job: Job) {
        let (ended, jobs) = match self.connection_of(&job.key) {
            Some(connection) => {
                let jobs = self.with_alike(job, &connection).await;
                // Dropped half way when another has the jobs: what is stored afterwards would be refused anyway.
                let work = self.attempt(&jobs, &connection).boxed();
                let ended = tokio::select! {
                    ended = work => ended,
                    () = self.hold_until_lost(&jobs) => {
                        tracing::warn!(kind = jobs[0].key.kind, key = jobs[0].key.key, "a job was taken over by another worker");
                        Ok(())
                    }
                };
                (ended, jobs)
            }
            // Its connection was removed: it is nobody's any more.
            None => (self.store().finish(from_ref(&job)).await, vec![job]),
        };
        if let Err(error) = ended {
            tracing::error!(%error, "the end of a job was not recorded; it runs again");
            self.give_back(&jobs).await;
        }
    }

    /// Has jobs done again as soon as the database takes anything, so that they need not wait for the end of their lease.
    async fn give_back(&self, jobs: &[Job]) {
        let until = tokio::time::Instant::now() + LEASE;
        while tokio::time::Instant::now() < until {
            tokio::time::sleep(AGAIN).await;
            let now = self.catalog.clock().now();
            let again = jobs.iter().map(|job| self.store().postpone(job, now, "the end of it could not be recorded"));
            if futures::future::join_all(again).await.iter().all(Result::is_ok) {
                return;
            }
        }
    }

    /// The job, and others of the same connection that cost nothing to do with it.
    async fn with_alike(&self, job: Job, connection: &Connection) -> Vec<Job> {
        let mut jobs = vec![job];
        if jobs[0].key.kind == PROJECT_JOB && connection.is_open() {
            tokio::time::sleep_until(connection.turn()).await;
            let prefix = format!("{}/", connection.name);
            match self.store().claim_alike(&jobs[0], &prefix, TOGETHER - 1, LEASE).await {
                Ok(more) => jobs.extend(more),
                Err(error) => tracing::warn!(%error, "more jobs could not be taken"),
            }
        }
        jobs
    }

    /// Goes on holding the jobs; ends when another has one of them, or may have.
    async fn hold_until_lost(&self, jobs: &[Job]) {
        let mut held_until = tokio::time::Instant::now() + LEASE;
        loop {
            tokio::time::sleep(RENEWAL).await;
            match self.store().renew(jobs, LEASE).await {
                Ok(held) if held.len() == jobs.len() => held_until = tokio::time::Instant::now() + LEASE,
                Ok(_) => return,
                Err(error) if tokio::time::Instant::now() < held_until => {
                    tracing::warn!(%error, "a job could not be held on to; trying again");
                }
                Err(_) => return,
            }
        }
    }

    fn task(jobs: &[Job]) -> Result<Task, Failure> {
        let kind = jobs.first().map(|job| job.key.kind.as_str()).unwrap_or_default();
        match kind {
            PASS_JOB => Ok(Task::Pass),
            POLL_JOB => Ok(Task::Poll),
            COMMITS_JOB => Ok(Task::Commits),
            PROJECT_JOB => jobs.iter().map(|job| project_of(&job.key)).collect::<Result<_, _>>().map(Task::Projects),
            other => Err(Failure::Unknown(other.to_owned())),
        }
    }

    async fn attempt(&self, jobs: &[Job], connection: &Connection) -> Result<(), store::Error> {
        let now = self.catalog.clock().now();
        let gate = connection.gate(now);
        if let Gate::Closed(until) = gate {
            for job in jobs {
                self.store().postpone(job, until, "the token was refused; nothing is asked until then").await?;
            }
            return Ok(());
        }
        let task = match Self::task(jobs) {
            Ok(task) => task,
            Err(failure) => {
                for job in jobs {
                    self.store().bury(job, &failure.to_string()).await?;
                }
                return Ok(());
            }
        };
        match connection.while_connected(self.perform(connection, &task, jobs)).await {
            Ok(done) => {
                if gate == Gate::Trial {
                    connection.open();
                    if task != Task::Pass {
                        // What waited meanwhile, and what nobody asked for, is found by a pass.
                        self.store().wake(&[pass_job(&connection.name)]).await?;
                    }
                }
                match done {
                    Done::All => self.store().finish(jobs).await,
                    Done::Part(at) => self.store().go_on(&jobs[0], at).await,
                    Done::Some(failed) => self.some_failed(jobs, &failed).await,
                }
            }
            Err(failure) => self.all_failed(jobs, connection, &task, &failure).await,
        }
    }

    async fn perform(&self, connection: &Connection, task: &Task, jobs: &[Job]) -> Result<Done, Failure> {
        match task {
            Task::Pass => self.pass(connection, jobs).await.map(|()| Done::All),
            Task::Poll => self.poll(connection).await.map(|()| Done::All),
            Task::Commits => Ok(self.read_commits(connection).await?.map_or(Done::All, Done::Part)),
            Task::Projects(ids) => {
                let failed = self.projects(connection, ids, jobs).await?;
                Ok(if failed.is_empty() { Done::All } else { Done::Some(failed) })
            }
        }
    }

    async fn some_failed(&self, jobs: &[Job], failed: &Failed) -> Result<(), store::Error> {
        let of = |job: &Job| project_of(&job.key).ok().and_then(|id| failed.get(&id));
        let (bad, good): (Vec<Job>, Vec<Job>) = jobs.iter().cloned().partition(|job| of(job).is_some());
        self.store().finish(&good).await?;
        for job in &bad {
            if let Some(failure) = of(job) {
                self.put_off(job, failure, self.retry_at(job, failure)).await?;
            }
        }
        Ok(())
    }

    async fn all_failed(
        &self,
        jobs: &[Job],
        connection: &Connection,
        task: &Task,
        failure: &Failure,
    ) -> Result<(), store::Error> {
        let hold = failure.is_refused_token().then(|| self.catalog.clock().now() + HOLD);
        if let Some(until) = hold {
            self.refused(connection, failure, until);
            if *task != Task::Pass {
                // It finds out whether that was for good, and shows it.
                self.store().wake_at(&pass_job(&connection.name), until).await?;
            }
        }
        for job in jobs {
            let at = hold.unwrap_or_else(|| self.retry_at(job, failure));
            if *task == Task::Pass {
                self.tell(connection, |status| status.next_at = Some(at));
            }
            self.put_off(job, failure, at).await?;
        }
        Ok(())
    }

    /// To be tried again, unless it is hopeless and nothing but itself is to blame.
    async fn put_off(&self, job: &Job, failure: &Failure, at: Millis) -> Result<(), store::Error> {
        let (kind, key) = (&job.key.kind, &job.key.key);
        if job.attempts + 1 >= MOST_ATTEMPTS && *kind == PROJECT_JOB && !failure.is_of_all() {
            tracing::error!(kind, key, %failure, "a job failed too often and is put aside");
            return self.store().bury(job, &failure.to_string()).await;
        }
        tracing::warn!(kind, key, %failure, until = at, "a reading failed");
        self.store().postpone(job, at, &failure.to_string()).await
    }

    fn retry_at(&self, job: &Job, failure: &Failure) -> Millis {
        self.catalog.clock().now() + self.wait_after(job.attempts, failure)
    }

    /// The token was refused: what was read stays, and nothing is asked for a while.
    fn refused(&self, connection: &Connection, failure: &Failure, until: Millis) {
        connection.close(until);
        let (told, now) = (failure.told(), self.catalog.clock().now());
        self.tell(connection, |status| {
            status.phase = Phase::Failed;
            status.error = Some(told);
            status.failing_since.get_or_insert(now);
            status.next_at = Some(until);
        });
    }

    pub(super) fn connection(&self, name: &str) -> Option<Arc<Connection>> {
        ConnectionName::parse(name).ok().and_then(|name| self.connections().get(&name).cloned())
    }

    /// Every key begins with a connection; a project's goes on with its number.
    fn connection_of(&self, key: &JobKey) -> Option<Arc<Connection>> {
        self.connection(key.key.split('/').next().unwrap_or_default())
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

fn project_of(key: &JobKey) -> Result<ProjectId, Failure> {
    let id = key.key.split_once('/').and_then(|(_, id)| id.parse().ok());
    id.map(ProjectId).ok_or_else(|| Failure::Unknown(key.key.clone()))
}
