//! Reading GitLab: what wakes a reading, and what one does.
//!
//! Events wake, state decides: a webhook, a schedule and a person all wake the same jobs, and a job reads what is
//! there. Two kinds exist: a *pass* looks at everything a connection can see and reads what differs from what is held,
//! a *project job* does so for one project and for what was read from its files. Nothing is removed on an error answer.

mod connection;
mod fetch;
mod orphans;
mod pass;
mod people;
mod project;
mod roots;
mod upstream;
mod vanished;
mod work;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use gitlab::{Project, Want};
use model::{ConnectionName, ProjectId, Random};
use store::Store;
use tokio::{sync::Mutex, task::JoinSet};

use self::{connection::Connection, fetch::Fetched};
use crate::{
    Catalog, CatalogError,
    handle::{pass_job, project_job},
    project::ProjectRecord,
};

/// Jobs worked on at once: one may be a long pass, and a push must not wait for it.
const WORKERS: usize = 4;

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

type Connections = BTreeMap<ConnectionName, Arc<Connection>>;

/// Reads all connections until it is told to stop. Clones share them.
#[derive(Debug, Clone)]
pub struct Sync {
    catalog: Catalog,
    connections: Arc<RwLock<Connections>>,
    /// Held while a connection comes or goes.
    changing: Arc<Mutex<()>>,
    random: Arc<dyn Random>,
    settings: Arc<SyncSettings>,
}

impl Sync {
    /// Prepares reading into `catalog` what [`Sync::connect`] will name.
    #[must_use]
    pub fn new(catalog: Catalog, random: Arc<dyn Random>, settings: SyncSettings) -> Self {
        let settings = Arc::new(settings);
        Self { catalog, connections: Arc::default(), changing: Arc::default(), random, settings }
    }

    fn connections(&self) -> RwLockReadGuard<'_, Connections> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections_mut(&self) -> RwLockWriteGuard<'_, Connections> {
        self.connections.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> &Store {
        self.catalog.store()
    }

    /// Reads until the future is dropped. Every connection begins with a pass; those that come later are read, too.
    ///
    /// # Errors
    /// When the store does not take the first jobs.
    pub async fn run(self) -> Result<(), CatalogError> {
        let passes: Vec<_> = self.connections().keys().map(pass_job).collect();
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
        let passes: Vec<_> = self.connections().keys().map(pass_job).collect();
        self.store().wake(&passes).await?;
        self.store().forget_old_hooks().await?;
        Ok(())
    }

    /// GitLab moves a project's activity with every push; what a webhook should have told is found so within a minute.
    async fn wake_active(&self, since: i64) -> Result<(), store::Error> {
        let connections: Vec<_> = self.connections().values().cloned().collect();
        for connection in &connections {
            match self.moved(connection, since).await {
                Ok(moved) => {
                    let jobs: Vec<_> = moved.into_iter().map(|id| project_job(&connection.name, id)).collect();
                    self.store().wake(&jobs).await?;
                }
                Err(error) => tracing::warn!(connection = %connection.name, %error, "activity could not be asked for"),
            }
            let requests = connection.gitlab.usage().sent;
            self.tell(connection, |status| status.requests = requests);
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
        let paths = fetch::paths(&connection.file);
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
}
