//! The catalog as other rooms hold it: an index to read, a status, events, and what can be asked of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use model::{Clock, ConnectionName, Entity, ProjectId, Source};
use policy::Permit;
use sha2::{Digest, Sha256};
use store::{JobKey, Location, Store};
use tokio::sync::Notify;
use url::Url;

use crate::{
    RefreshCatalog, RegisterLocation, Scope, UnregisterLocation,
    connections::Connections,
    discovery::DiscoveryFault,
    events::{Events, Feed},
    follow::Follow,
    index::{Filling, Index},
    status::{Status, Totals},
};

/// The job that reads one project again; its key is `connection/project`.
pub(crate) const PROJECT_JOB: &str = "catalog.project";
/// The job that reads everything a connection can see; its key is the connection.
pub(crate) const PASS_JOB: &str = "catalog.pass";

/// The job that looks for activity and for lost webhooks; its key is the connection.
pub(crate) const POLL_JOB: &str = "catalog.poll";

/// The job that looks at recent commits for owners; its key is the connection.
pub(crate) const COMMITS_JOB: &str = "catalog.commits";

/// Why something asked of the catalog was not done.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no such connection, project or location.
    #[error("{what} is not known here: {remedy}")]
    Unknown {
        /// What was named.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What a connection should find cannot be followed.
    #[error("what the connection should find cannot be followed: {}", told(.0))]
    Discovery(Vec<DiscoveryFault>),
    /// The process ends.
    #[error("Stagedoor is stopping: ask again when it runs")]
    Stopping,
}

fn told(faults: &[DiscoveryFault]) -> String {
    let one = |fault: &DiscoveryFault| format!("{}: {}; {}", fault.pointer, fault.message, fault.remedy);
    faults.iter().map(one).collect::<Vec<_>>().join(". ")
}

/// The catalog. Clones share it.
#[derive(Debug, Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    index: RwLock<Index>,
    feed: Feed,
    follow: Follow,
    connections: Mutex<Connections>,
    /// Rung when something may be due sooner or later than before.
    timetables: Notify,
    interval_seconds: u64,
}

impl Catalog {
    /// The catalog as the store has it. Connections come with `Sync::connect`; until then nothing is read anew.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(store: Store, clock: Arc<dyn Clock>, interval_seconds: u64) -> Result<Self, CatalogError> {
        // Before the entities: what is stored meanwhile is followed afterwards, and seen twice rather than never.
        let head = store.feed_head().await?;
        let mut filling = Filling::default();
        store.each_entity(|entity| filling.put(entity)).await?;
        Ok(Self::over(store, clock, filling.finish(), interval_seconds, head))
    }

    /// A catalog of given entities without connections: what rooms above test with.
    #[must_use]
    pub fn of_entities(store: Store, clock: Arc<dyn Clock>, entities: Vec<Entity>) -> Self {
        let mut filling = Filling::default();
        entities.into_iter().for_each(|entity| filling.put(entity));
        Self::over(store, clock, filling.finish(), 0, 0)
    }

    fn over(store: Store, clock: Arc<dyn Clock>, index: Index, interval_seconds: u64, head: i64) -> Self {
        let shared = Shared {
            follow: Follow::from(head, store.dialect()),
            store,
            clock,
            index: RwLock::new(index),
            feed: Feed::starting_at(u64::try_from(head).unwrap_or(0)),
            connections: Mutex::new(Connections::new()),
            timetables: Notify::new(),
            interval_seconds,
        };
        Self { shared: Arc::new(shared) }
    }

    /// The index, to read. Never hold it while waiting for anything.
    pub fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connections(&self) -> MutexGuard<'_, Connections> {
        self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How reading goes.
    #[must_use]
    pub fn status(&self) -> Status {
        let totals = {
            let index = self.index();
            Totals { entities: index.len(), problems: index.problem_counts() }
        };
        let connections = self.connections().values().map(|c| c.status.clone()).collect();
        Status { as_of: self.shared.clock.now(), ready: self.is_ready(), connections, totals }
    }

    /// Do queries give full totals? Every connection must have been read completely once, in this run or before; without
    /// a connection nothing is missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.connections().values().all(|c| c.complete)
    }

    /// What happened after event `after`, and what comes.
    #[must_use]
    pub fn events(&self, after: Option<u64>) -> Events {
        self.shared.feed.since(after)
    }

    /// The text of the file that an entity was read from; `None` when there is no file or it is too large to be kept.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn source_text(&self, source: &Source) -> Result<Option<String>, CatalogError> {
        let (Some(project), Some(file)) = (source.project, source.file.as_deref()) else { return Ok(None) };
        let files = self.shared.store.files(&source.connection, &[project]).await?;
        let wanted = |row: &store::FileRow| row.key.path == file && source.blob.as_ref().is_none_or(|b| *b == row.blob);
        Ok(files.into_iter().find(wanted).and_then(|row| row.text))
    }

    /// Has it read again now. Answers with the number of jobs that were woken.
    ///
    /// # Errors
    /// When the connection or project is not known, or the store refuses.
    pub async fn refresh(&self, permit: &Permit<RefreshCatalog>) -> Result<u64, CatalogError> {
        let jobs: Vec<JobKey> = match &permit.action().scope {
            Scope::Everything => self.connections().keys().map(pass_job).collect(),
            Scope::Connection(name) => {
                self.known(name)?;
                vec![pass_job(name)]
            }
            Scope::Project(name, project) => {
                self.known(name)?;
                vec![project_job(name, *project)]
            }
        };
        self.shared.store.wake_urgently(&jobs).await?;
        Ok(u64::try_from(jobs.len()).unwrap_or(u64::MAX))
    }

    /// Adds a catalog file by its web address; it is read at once.
    ///
    /// # Errors
    /// When no connection reaches the address, or the store refuses.
    pub async fn register_location(&self, permit: &Permit<RegisterLocation>) -> Result<Location, CatalogError> {
        let target = permit.action().target.clone();
        let connection = self.connection_of_url(&target).ok_or_else(|| CatalogError::Unknown {
            what: target.clone(),
            remedy: "use the web address of a file in a connected GitLab, https://…/group/project/-/blob/main/catalog-info.yaml"
                .to_owned(),
        })?;
        let id = location_id(&target);
        let location = Location { id, connection, kind: "url".to_owned(), target, created_at: self.shared.clock.now() };
        self.shared.store.add_location(&location).await?;
        self.shared.store.wake_urgently(&[pass_job(&location.connection)]).await?;
        Ok(location)
    }

    /// Takes a registered location out; what it brought goes with the next reading, which begins at once.
    ///
    /// # Errors
    /// When there is none of that id, or the store refuses.
    pub async fn unregister_location(&self, permit: &Permit<UnregisterLocation>) -> Result<Location, CatalogError> {
        let id = &permit.action().id;
        let removed = self.shared.store.remove_location(id).await?.ok_or_else(|| CatalogError::Unknown {
            what: format!("location {id}"),
            remedy: "list the registered ones with GET /api/catalog/locations".to_owned(),
        })?;
        let gone =
            store::Batch { roots_gone: vec![store::Root::Location(removed.id.clone())], ..store::Batch::default() };
        // To the end, also when who asked goes away: the index must not miss what the store has.
        let (catalog, connection) = (self.clone(), removed.connection.clone());
        let stored = tokio::spawn(async move { catalog.store_batch(&connection, gone).await });
        stored.await.map_err(|_| CatalogError::Stopping)??;
        Ok(removed)
    }

    /// The registered locations, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn locations(&self) -> Result<Vec<Location>, CatalogError> {
        Ok(self.shared.store.locations().await?)
    }

    /// What left the catalog within the last days, the latest first, and how much that is in all.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn removed(&self, limit: u32) -> Result<(u64, Vec<store::RemovedRow>), CatalogError> {
        Ok(self.shared.store.removed(limit).await?)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    pub(crate) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.shared.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.shared.feed
    }

    pub(crate) fn following(&self) -> &Follow {
        &self.shared.follow
    }

    pub(crate) fn tell_status(&self) {
        self.shared.feed.status();
    }

    pub(crate) fn timetables(&self) -> &Notify {
        &self.shared.timetables
    }

    pub(crate) fn interval_seconds(&self) -> u64 {
        self.shared.interval_seconds
    }
}

/// Is `address` on the instance at `root`, also when that one lives below a path?
pub(crate) fn contains(root: &Url, address: &Url) -> bool {
    root.scheme() == address.scheme()
        && root.host_str() == address.host_str()
        && root.port_or_known_default() == address.port_or_known_default()
        && address.path().starts_with(root.path().trim_end_matches('/'))
}

pub(crate) fn pass_job(connection: &ConnectionName) -> JobKey {
    JobKey { kind: PASS_JOB.to_owned(), key: connection.to_string() }
}

pub(crate) fn poll_job(connection: &ConnectionName) -> JobKey {
    JobKey { kind: POLL_JOB.to_owned(), key: connection.to_string() }
}

pub(crate) fn commits_job(connection: &ConnectionName) -> JobKey {
    JobKey { kind: COMMITS_JOB.to_owned(), key: connection.to_string() }
}

pub(crate) fn project_job(connection: &ConnectionName, project: ProjectId) -> JobKey {
    JobKey { kind: PROJECT_JOB.to_owned(), key: format!("{connection}/{project}") }
}

/// The same address always gets the same identifier, so registering twice is one registration.
fn location_id(target: &str) -> String {
    hex::encode(&Sha256::digest(target.as_bytes())[..16])
}
