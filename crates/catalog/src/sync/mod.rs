//! Reading GitLab: what wakes a reading, and what one does.
//!
//! Events wake, state decides: a webhook, a schedule and a person all wake the same jobs, and a job reads what is
//! there. Two kinds exist: a *pass* looks at everything a connection can see and reads what differs from what is held,
//! a *project job* does so for one project and for what was read from its files. Nothing is removed on an error answer.

mod commits;
mod connection;
mod fetch;
mod leader;
mod missing;
mod orphans;
mod pass;
mod people;
mod project;
mod roots;
mod schedule;
mod upstream;
mod vanished;
mod work;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use model::{ConnectionName, Random};
use store::{Dialect, Store};
use tokio::{sync::Mutex, task::JoinSet};

use self::connection::Connection;
use crate::{Catalog, CatalogError, handle::pass_job};

pub use leader::Replica;

/// Jobs worked on at once: two for whatever is due, passes among them, and two for what somebody waits for alone, so that a
/// push never waits behind a pass.
const URGENT_ONLY: [bool; 4] = [false, true, false, true];

/// How often and what to read. How often a pass runs is the catalog's, which tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSettings {
    /// From one look at which projects were active to the next.
    pub poll: Duration,
    /// The name of catalog files.
    pub catalog_file: String,
    /// Look at recent commits for owners that nobody stated.
    pub commits: bool,
    /// What this process says of itself to others that use the database.
    pub replica: Replica,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(60),
            catalog_file: "catalog-info.yaml".to_owned(),
            commits: true,
            replica: Replica::default(),
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
        self.store().free_own_jobs().await?;
        if self.catalog.leads() {
            let passes: Vec<_> = self.connections().keys().map(pass_job).collect();
            self.store().wake(&passes).await?;
        }
        let mut workers = JoinSet::new();
        for urgent in URGENT_ONLY {
            workers.spawn(self.clone().worker(urgent));
        }
        workers.spawn(self.clone().schedule());
        let catalog = self.catalog.clone();
        workers.spawn(async move { catalog.follow().await });
        if self.store().dialect() == Dialect::Postgres {
            workers.spawn(self.clone().lead());
            workers.spawn(self.clone().tell_others());
            workers.spawn(self.clone().take_over());
        }
        workers.join_next().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
