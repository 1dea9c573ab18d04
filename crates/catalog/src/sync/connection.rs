//! Connections come and go while the process runs.
//!
//! A connection that is replaced or removed *ends*: its jobs stop at their next wait, and nothing of theirs is stored
//! afterwards, because whatever is stored is stored under [`Connection::write`].

use std::sync::{
    Arc, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};
use std::time::Duration;

use gitlab::Gitlab;
use model::{ConnectionName, Discovery, Millis, ProjectId};
use store::{Batch, Root, Source};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, watch},
    time::Instant,
};
use url::Url;

use super::{Sync, commits::Commits, schedule::Suspicion, upstream::Failure};
use crate::{
    CatalogError, ConnectionStatus, connections, discovery::Rules, handle::pass_job, project::Projects, timetable::HOLD,
};

/// Between two readings of projects that webhooks told of.
const PACE: Duration = Duration::from_millis(100);

/// What is known of one connection while it is read.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) name: ConnectionName,
    pub(super) url: Url,
    pub(super) gitlab: Gitlab,
    /// What of it is read.
    pub(super) rules: Rules,
    /// The name of catalog files.
    pub(super) file: String,
    projects: RwLock<Projects>,
    /// Held while storing.
    writing: Arc<Mutex<()>>,
    ended: watch::Sender<bool>,
    suspicion: std::sync::Mutex<Option<Suspicion>>,
    commits: std::sync::Mutex<Commits>,
    /// Which groups are asked for their activity next.
    turn: AtomicUsize,
    /// When the next projects may be read together.
    pace: std::sync::Mutex<Option<Instant>>,
    /// Until when nothing is asked, because the token was refused; 0 for nothing.
    closed_until: AtomicI64,
}

/// May GitLab be asked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// By this caller, to find out whether the others may.
    Trial,
    Closed(Millis),
}

impl Connection {
    pub(super) fn projects(&self) -> RwLockReadGuard<'_, Projects> {
        self.projects.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The branch to read a project's files from; `None` for the default one.
    pub(super) fn branch_of(&self, project: ProjectId) -> Option<String> {
        self.rules.branch()?;
        self.projects().get(project)?.branch().map(str::to_owned)
    }

    pub(super) fn projects_mut(&self) -> RwLockWriteGuard<'_, Projects> {
        self.projects.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to store what was read. Whoever has it stores before the connection can end.
    pub(super) async fn write(&self) -> Result<OwnedMutexGuard<()>, Failure> {
        let writing = Arc::clone(&self.writing).lock_owned().await;
        if self.has_ended() { Err(Failure::Ended) } else { Ok(writing) }
    }

    pub(super) fn commits(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes when something last happened in a project.
    pub(super) fn active(&self, project: &gitlab::Project) {
        if let Some(at) = project.last_activity_at {
            self.commits().active.insert(project.id, at);
        }
    }

    pub(super) fn suspect(&self, suspicion: Suspicion) {
        *self.suspicion.lock().unwrap_or_else(PoisonError::into_inner) = Some(suspicion);
    }

    /// Takes the suspicion that is to be decided on at `now`.
    pub(super) fn suspicion(&self, now: Millis) -> Option<Suspicion> {
        self.suspicion.lock().unwrap_or_else(PoisonError::into_inner).take_if(|suspicion| suspicion.is_due(now))
    }

    pub(super) fn next_turn(&self, of: usize) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed) % of.max(1)
    }

    /// Asks nothing until then.
    pub(super) fn close(&self, until: Millis) {
        self.closed_until.store(until, Ordering::Relaxed);
    }

    pub(super) fn open(&self) {
        self.close(0);
    }

    /// Takes the next turn to read projects together; answers when it is. One that comes alone has its turn at once; of a
    /// storm of pushes many are read in each.
    pub(super) fn turn(&self) -> Instant {
        let mut next = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
        *next = Some(turn + PACE);
        turn
    }

    /// Is nothing known that keeps us from asking?
    pub(super) fn is_open(&self) -> bool {
        self.closed_until.load(Ordering::Relaxed) == 0
    }

    /// May GitLab be asked? When a time without questions is over one caller may try; the others wait for what it finds.
    pub(super) fn gate(&self, now: Millis) -> Gate {
        let written = self.closed_until.load(Ordering::Relaxed);
        // Further ahead than anything is held: a clock that has been set back since said so.
        let until = if written > now.saturating_add(HOLD) { now } else { written };
        if until == 0 {
            return Gate::Open;
        }
        let next = now + HOLD;
        let first = until <= now
            && self.closed_until.compare_exchange(written, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        match (first, until <= now) {
            (true, _) => Gate::Trial,
            (false, true) => Gate::Closed(next),
            (false, false) => Gate::Closed(until),
        }
    }

    fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Ends it; nothing is stored any more when this returns.
    async fn end(&self) {
        self.ended.send_replace(true);
        drop(self.writing.lock().await);
    }

    /// Does `work` unless the connection ends before it is done: then there is nothing left to do.
    pub(super) async fn while_connected<T: Default>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut ended = self.ended.subscribe();
        tokio::select! {
            biased;
            _ = ended.wait_for(|ended| *ended) => Ok(T::default()),
            done = work => match done {
                Err(Failure::Ended) => Ok(T::default()),
                other => other,
            },
        }
    }
}

impl Sync {
    /// Reads this GitLab from now on, instead of what had the name before; a pass begins at once.
    ///
    /// What another GitLab brought under this name leaves the catalog first.
    ///
    /// # Errors
    /// When the discovery cannot be followed: nothing has changed then. When the store does not answer.
    pub async fn connect(
        &self,
        name: ConnectionName,
        gitlab: Gitlab,
        discovery: Discovery,
    ) -> Result<(), CatalogError> {
        let rules = Rules::compile(&discovery).map_err(CatalogError::Discovery)?;
        let sync = self.clone();
        to_the_end(async move { sync.connect_now(name, gitlab, rules).await }).await
    }

    /// Reads it no longer. Everything it brought leaves the store and the index, registered locations included.
    ///
    /// # Errors
    /// When the store does not answer; the connection is then not read any more, and what it brought is still shown.
    pub async fn disconnect(&self, name: &ConnectionName) -> Result<(), CatalogError> {
        let (sync, name) = (self.clone(), name.clone());
        to_the_end(async move {
            let _alone = sync.changing.lock().await;
            sync.stop(&name).await;
            sync.catalog.remove_connection(&name);
            sync.forget_all_of(&name).await
        })
        .await
    }

    /// Takes out what connections brought that are neither in `kept` nor added nor connected: they were removed while no
    /// process ran.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_others(&self, kept: &[ConnectionName]) -> Result<(), CatalogError> {
        let _alone = self.changing.lock().await;
        let held = self.store().connections_held().await?;
        // Asked last: another process may have added one meanwhile, and what it brought is not ours to remove.
        let added = self.store().connections().await?;
        for name in held {
            if !kept.contains(&name)
                && !added.iter().any(|row| row.name == name)
                && self.connection(name.as_str()).is_none()
            {
                tracing::info!(connection = %name, "nothing is connected under this name: what it brought is removed");
                self.forget_all_of(&name).await?;
            }
        }
        Ok(())
    }

    async fn connect_now(&self, name: ConnectionName, gitlab: Gitlab, rules: Rules) -> Result<(), CatalogError> {
        let _alone = self.changing.lock().await;
        self.stop(&name).await;
        let url = gitlab.url().clone();
        let source = Source { url: url.to_string(), reading: self.reading(&rules) };
        match self.store().source(&name).await? {
            Some(held) if held.url != source.url => {
                self.forget_all_of(&name).await?;
                self.store().put_source(&name, &source).await?;
            }
            Some(held) if held.reading != source.reading => self.store().read_anew(&name, &source).await?,
            Some(_) => {}
            // Of a version that did not note it.
            None => self.store().put_source(&name, &source).await?,
        }
        let last_good_at = self.store().last_pass(&name).await?;
        let rows = self.store().projects(&name).await?;
        let connection = Connection {
            name: name.clone(),
            url: url.clone(),
            gitlab,
            file: rules.file().unwrap_or(&self.settings.catalog_file).to_owned(),
            rules,
            projects: RwLock::new(Projects::of_rows(&name, rows.into_values())),
            writing: Arc::default(),
            ended: watch::Sender::new(false),
            suspicion: std::sync::Mutex::default(),
            commits: std::sync::Mutex::new(Commits::of(self.store().shares(&name).await?)),
            turn: AtomicUsize::default(),
            pace: std::sync::Mutex::default(),
            closed_until: AtomicI64::default(),
        };
        let poll = i64::try_from(self.settings.poll.as_millis()).unwrap_or(i64::MAX);
        self.catalog.put_connection(&name, &url, last_good_at, poll);
        self.connections_mut().insert(name.clone(), Arc::new(connection));
        if self.catalog.leads() {
            self.store().wake(&[pass_job(&name)]).await?;
        }
        Ok(())
    }

    /// What is read of each project: when it changes, the files that are held are others than those wanted.
    fn reading(&self, rules: &Rules) -> String {
        let file = rules.file().unwrap_or(&self.settings.catalog_file);
        [file, rules.branch().unwrap_or_default(), rules.fallback_branch().unwrap_or_default()].join("\n")
    }

    async fn stop(&self, name: &ConnectionName) {
        let running = self.connections_mut().remove(name);
        if let Some(running) = running {
            running.end().await;
        }
    }

    async fn forget_all_of(&self, name: &ConnectionName) -> Result<(), CatalogError> {
        let applied = self.store().forget_connection(name).await?;
        self.catalog.show(applied).await;
        Ok(())
    }

    /// Stores a batch and shows it.
    pub(super) async fn keep(
        &self,
        connection: &Connection,
        writing: OwnedMutexGuard<()>,
        batch: Batch,
    ) -> Result<Vec<Root>, Failure> {
        let (catalog, name) = (self.catalog.clone(), connection.name.clone());
        stored(writing, async move { catalog.store_batch(&name, batch).await }).await
    }

    /// Changes the times, unless the connection has ended.
    pub(super) fn retime(&self, connection: &Connection, change: impl FnOnce(&mut connections::Connection)) {
        self.catalog.retime_if(&connection.name, || !connection.has_ended(), change);
    }

    /// Changes the status, unless the connection has ended: it is then another's.
    pub(super) fn tell(&self, connection: &Connection, change: impl FnOnce(&mut ConnectionStatus)) {
        self.catalog.update_status_if(&connection.name, || !connection.has_ended(), change);
    }
}

/// A caller that goes away half way must not leave the store and the index apart.
async fn to_the_end(work: impl Future<Output = Result<(), CatalogError>> + Send + 'static) -> Result<(), CatalogError> {
    tokio::spawn(work).await.unwrap_or(Err(CatalogError::Stopping))
}

/// Stores to the end, also when whoever read it ends meanwhile: the index must not miss what the store has, and nothing may
/// be stored after the connection ended.
pub(super) async fn stored<T: Send + 'static>(
    writing: OwnedMutexGuard<()>,
    work: impl Future<Output = Result<T, store::Error>> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::spawn(async move {
        let done = work.await;
        drop(writing);
        done
    });
    Ok(done.await.map_err(|_| Failure::Ended)??)
}
