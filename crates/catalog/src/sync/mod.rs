//! Reading GitLab: what wakes a reading, and what one does.
//!
//! Events wake, state decides: a webhook, a schedule and a person all wake the same jobs, and a job reads what is
//! there. Two kinds exist: a *pass* looks at everything a connection can see and reads what differs from what is held,
//! a *project job* does so for one project and for what was read from its files. Nothing is removed on an error answer.

mod fetch;
mod orphans;
mod pass;
mod project;
mod roots;
mod upstream;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use futures::FutureExt;
use gitlab::{Gitlab, Project, Want};
use model::{ConnectionName, ProjectId, Random};
use store::{Job, Root, Store};
use tokio::{sync::Mutex, task::JoinSet};
use url::Url;

use crate::{
    Catalog, CatalogError,
    handle::{PASS_JOB, PROJECT_JOB, pass_job, project_job},
    project::{ProjectRecord, Projects},
    sync::fetch::Fetched,
};

/// How long a job may take before another worker may take it too. Jobs only read and reconcile, so twice is harmless.
const LEASE: Duration = Duration::from_secs(15 * 60);
/// Jobs worked on at once: one may be a long pass, and a push must not wait for it.
const WORKERS: usize = 4;
/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How often and what to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSettings {
    /// From one pass to the next.
    pub interval: Duration,
    /// From one look at which projects were active to the next.
    pub poll: Duration,
    /// The name of catalog files.
    pub catalog_file: String,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(600),
            poll: Duration::from_secs(60),
            catalog_file: "catalog-info.yaml".to_owned(),
        }
    }
}

/// Reads all connections until it is told to stop.
#[derive(Debug, Clone)]
pub struct Sync {
    catalog: Catalog,
    connections: Arc<BTreeMap<ConnectionName, Connection>>,
    random: Arc<dyn Random>,
    settings: Arc<SyncSettings>,
}

/// What is known of one connection while the process runs.
#[derive(Debug)]
struct Connection {
    name: ConnectionName,
    url: Url,
    gitlab: Gitlab,
    projects: RwLock<Projects>,
    /// Roots that project jobs read while a pass was under way: what the pass read of them may be older. Held while
    /// storing, so that of two readings the later one wins.
    fresh: Mutex<BTreeSet<Root>>,
}

impl Connection {
    fn projects(&self) -> RwLockReadGuard<'_, Projects> {
        self.projects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn projects_mut(&self) -> RwLockWriteGuard<'_, Projects> {
        self.projects.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sync {
    /// Prepares reading `clients` into `catalog`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn new(
        catalog: Catalog,
        clients: Vec<(ConnectionName, Gitlab)>,
        random: Arc<dyn Random>,
        settings: SyncSettings,
    ) -> Result<Self, CatalogError> {
        let mut connections = BTreeMap::new();
        for (name, gitlab) in clients {
            let rows = catalog.store().projects(&name).await?;
            let url = catalog.url_of(&name).ok_or_else(|| CatalogError::Unknown {
                what: format!("connection {name}"),
                remedy: "open the catalog with the same connections that are read".to_owned(),
            })?;
            let projects = RwLock::new(Projects::of_rows(&name, rows.into_values()));
            let fresh = Mutex::new(BTreeSet::new());
            connections.insert(name.clone(), Connection { name, url, gitlab, projects, fresh });
        }
        Ok(Self { catalog, connections: Arc::new(connections), random, settings: Arc::new(settings) })
    }

    fn store(&self) -> &Store {
        self.catalog.store()
    }

    /// Reads until the future is dropped. Every connection begins with a pass.
    ///
    /// # Errors
    /// When the store does not take the first jobs.
    pub async fn run(self) -> Result<(), CatalogError> {
        let passes: Vec<_> = self.connections.keys().map(pass_job).collect();
        self.store().wake(&passes).await?;
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            workers.spawn(self.clone().worker());
        }
        workers.spawn(self.clone().schedule());
        workers.join_next().await;
        Ok(())
    }

    /// Wakes passes, asks which projects were active, and forgets old event ids.
    async fn schedule(self) {
        let mut pass = tokio::time::interval(self.settings.interval);
        let mut poll = tokio::time::interval(self.settings.poll);
        pass.tick().await;
        poll.tick().await;
        let mut since = self.catalog.clock().now();
        loop {
            let done = tokio::select! {
                _ = pass.tick() => self.wake_passes().await,
                _ = poll.tick() => {
                    let asked = self.catalog.clock().now();
                    let done = self.wake_active(since).await;
                    since = asked;
                    done
                }
            };
            if let Err(error) = done {
                tracing::error!(%error, "what is due could not be woken; it is tried again with the next tick");
            }
        }
    }

    async fn wake_passes(&self) -> Result<(), store::Error> {
        let passes: Vec<_> = self.connections.keys().map(pass_job).collect();
        self.store().wake(&passes).await?;
        self.store().forget_old_hooks().await?;
        Ok(())
    }

    /// GitLab moves a project's activity with every push; what a webhook should have told is found so within a minute.
    async fn wake_active(&self, since: i64) -> Result<(), store::Error> {
        for connection in self.connections.values() {
            match self.moved(connection, since).await {
                Ok(moved) => {
                    let jobs: Vec<_> = moved.into_iter().map(|id| project_job(&connection.name, id)).collect();
                    self.store().wake(&jobs).await?;
                }
                Err(error) => tracing::warn!(connection = %connection.name, %error, "activity could not be asked for"),
            }
            let requests = connection.gitlab.usage().sent;
            self.catalog.update_status(&connection.name, |status| status.requests = requests);
        }
        Ok(())
    }

    /// The projects whose files differ from what is held, of those that were active. GitLab tells activity to the hour
    /// only, so most of them are as they were; a hundred cost one request.
    async fn moved(&self, connection: &Connection, since: i64) -> Result<Vec<ProjectId>, upstream::Failure> {
        let active = connection.gitlab.active_since(since).await?;
        if active.is_empty() {
            return Ok(Vec::new());
        }
        let paths = fetch::paths(&self.settings.catalog_file);
        let want: Vec<&str> = paths.iter().map(String::as_str).collect();
        let held: HashMap<_, _> = self
            .store()
            .files(&connection.name, &active)
            .await?
            .into_iter()
            .map(|file| (file.key, file.blob))
            .collect();
        let found = connection.gitlab.projects_by_id(&active, &Want { paths: &want }).await?;
        let known = |project: &Project| {
            let mut listed = Fetched::default();
            let wanted = listed.listed(project, &paths, &held);
            let same = connection.projects().get(project.id) == Some(&ProjectRecord::of(project));
            project.archived || (same && listed.same_as(&wanted, &held))
        };
        Ok(found.iter().filter(|project| !known(project)).map(|project| project.id).collect())
    }

    async fn worker(self) {
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
                Some(connection) => self.pass(connection).boxed().await,
                None => Ok(()),
            },
            PROJECT_JOB => match self.project_of(&job.key.key) {
                Some((connection, id)) => self.project(connection, id).boxed().await,
                None => Ok(()),
            },
            // A job of a newer version, or of a room that this process does not run.
            other => Err(upstream::Failure::Unknown(other.to_owned())),
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

    /// A connection that was taken out of the configuration is nobody's any more: its jobs end.
    fn connection(&self, name: &str) -> Option<&Connection> {
        ConnectionName::parse(name).ok().and_then(|name| self.connections.get(&name))
    }

    fn project_of(&self, key: &str) -> Option<(&Connection, ProjectId)> {
        let (name, id) = key.split_once('/')?;
        Some((self.connection(name)?, ProjectId(id.parse().ok()?)))
    }

    /// Doubling from one second with full jitter, and never sooner than GitLab allows.
    fn wait_after(&self, attempts: i64, failure: &upstream::Failure) -> i64 {
        let longest = i64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(i64::MAX);
        let ceiling = (1_000_i64 << attempts.clamp(0, 20)).min(longest);
        let jitter = i64::try_from(self.random.next() % u64::try_from(ceiling).unwrap_or(1).max(1)).unwrap_or(0);
        let wait = (ceiling / 2 + jitter / 2).max(500);
        failure.not_before().map_or(wait, |at| wait.max(at - self.catalog.clock().now()))
    }
}
