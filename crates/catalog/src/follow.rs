//! The index follows the feed of the store: changes are shown in the order in which they were committed, whoever made them.
//!
//! What this process stored itself is at hand and not read again. A change that is seen twice, or late, is harmless: what
//! is shown is read by its number, as it is now.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use model::{ConnectionName, ProjectId};
use store::{Applied, Batch, Dialect, FeedRow, Root, Told};
use tokio::sync::{Notify, broadcast, watch};

use crate::{
    Catalog, CatalogError,
    index::{Change, Touched},
};

/// Rows of the feed that are read at once.
const ROWS: i64 = 256;
/// Entities that are in memory beside the index while everything is read again.
const SLICE: usize = 500;
/// How long after a failure the feed is looked at again.
const AGAIN: Duration = Duration::from_secs(1);

/// Something that another process changed and that is held outside of the index.
#[derive(Debug, Clone)]
pub enum Elsewhere {
    /// Projects of a connection were read, or are gone.
    Projects(ConnectionName, Vec<ProjectId>, Vec<ProjectId>),
    /// A connection was added, changed or removed.
    Connection(ConnectionName),
    /// More than is kept: everything may have changed.
    Anything,
}

/// How far the feed is followed.
#[derive(Debug)]
pub(crate) struct Follow {
    /// The number of the last row that is shown. Held while following, so that rows are shown in order.
    shown: tokio::sync::Mutex<i64>,
    /// What this process stored and does not show yet, by its number in the feed.
    own: Mutex<BTreeMap<i64, Applied>>,
    elsewhere: broadcast::Sender<Elsewhere>,
    /// Rung when the feed could not be read.
    behind: Notify,
    leads: watch::Sender<bool>,
    /// As `shown`, to be looked at.
    seen: watch::Sender<i64>,
}

impl Follow {
    pub(crate) fn from(head: i64, dialect: Dialect) -> Self {
        Self {
            shown: tokio::sync::Mutex::new(head),
            own: Mutex::default(),
            elsewhere: broadcast::channel(1_024).0,
            behind: Notify::new(),
            // With SQLite there is one process, which does everything.
            leads: watch::Sender::new(dialect == Dialect::Sqlite),
            seen: watch::Sender::new(head),
        }
    }

    fn own(&self) -> MutexGuard<'_, BTreeMap<i64, Applied>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Catalog {
    /// Stores what was read and shows it: the index follows the store, never the other way round. Answers with the roots
    /// that another reading stored meanwhile.
    pub(crate) async fn store_batch(
        &self,
        connection: &ConnectionName,
        batch: Batch,
    ) -> Result<Vec<Root>, store::Error> {
        let mut applied = self.store().apply(connection, batch).await?;
        let overtaken = std::mem::take(&mut applied.overtaken);
        self.show(applied).await;
        Ok(overtaken)
    }

    /// Shows what was stored, after everything that was stored before it. It is stored, so if the feed cannot be read it is
    /// shown when that can.
    pub(crate) async fn show(&self, applied: Applied) {
        let Some(seq) = applied.seq else { return };
        self.following().own().insert(seq, applied);
        if let Err(error) = self.catch_up().await {
            tracing::error!(%error, "what was stored is not shown yet; trying again");
            self.following().behind.notify_one();
        }
    }

    /// Shows what is new in the feed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn catch_up(&self) -> Result<(), store::Error> {
        let mut shown = self.following().shown.lock().await;
        loop {
            let Some(rows) = self.store().feed_after(*shown, ROWS).await? else {
                return self.read_all(&mut shown).await;
            };
            let last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS;
            for row in rows {
                let seq = row.seq;
                self.take_in(row).await?;
                *shown = seq;
                self.following().seen.send_replace(seq);
            }
            if last {
                self.following().own().retain(|seq, _| *seq > *shown);
                return Ok(());
            }
        }
    }

    async fn take_in(&self, row: FeedRow) -> Result<(), store::Error> {
        let ours = row.origin == self.store().replica();
        let elsewhere = match row.told {
            Told::Catalog { connection, put, removed, projects, projects_gone } => {
                let own = self.following().own().remove(&row.seq);
                let (put, removed) = match own {
                    Some(applied) => (applied.put, applied.removed),
                    None => (self.store().entities_by_id(&put).await?, removed),
                };
                let put = put.into_iter().map(|entity| Change::Put(Box::new(entity)));
                self.show_changes(row.seq, removed.into_iter().map(Change::Remove).chain(put));
                Elsewhere::Projects(connection, projects, projects_gone)
            }
            Told::Connection { name } => Elsewhere::Connection(name),
            Told::Unknown => return Ok(()),
        };
        if !ours {
            // An error only says that nobody holds such things.
            let _nobody_listens = self.following().elsewhere.send(elsewhere);
        }
        Ok(())
    }

    /// In portions, between which readers have their turn; told as one change when all of it is shown.
    fn show_changes(&self, seq: i64, changes: impl Iterator<Item = Change>) {
        let touched = self.take_portions(changes);
        self.feed().entities(u64::try_from(seq).unwrap_or(0), touched);
    }

    fn take_portions(&self, changes: impl Iterator<Item = Change>) -> Touched {
        let mut changes = changes.peekable();
        let mut touched = Touched::default();
        while changes.peek().is_some() {
            let some = self.index_mut().apply_some(&mut changes);
            touched.changed.extend(some.changed);
            touched.removed.extend(some.removed);
        }
        touched
    }

    /// The feed does not reach back to what is shown: everything is read again.
    async fn read_all(&self, shown: &mut i64) -> Result<(), store::Error> {
        tracing::warn!(shown, "the feed does not reach back to what is shown; everything is read again");
        let head = self.store().feed_head().await?;
        let mut left = self.index().ids();
        let mut read = Vec::with_capacity(SLICE);
        self.store()
            .each_entity(|entity| {
                left.remove(&entity.id);
                read.push(Change::Put(Box::new(entity)));
                if read.len() == SLICE {
                    self.take_portions(read.drain(..));
                }
            })
            .await?;
        self.take_portions(read.into_iter().chain(left.into_iter().map(Change::Remove)));
        *shown = head;
        self.following().own().retain(|seq, _| *seq > head);
        self.following().seen.send_replace(head);
        self.feed().everything(u64::try_from(head).unwrap_or(0));
        let _nobody_listens = self.following().elsewhere.send(Elsewhere::Anything);
        self.tell_status();
        Ok(())
    }

    /// Follows what other processes store, until the future is dropped.
    pub async fn follow(&self) {
        let mut listener = self.store().listener();
        loop {
            tokio::select! {
                () = listener.heard() => {}
                () = self.following().behind.notified() => tokio::time::sleep(AGAIN).await,
            }
            let followed = async {
                // What is said to be read was stored before it was said: whoever believes it must show it.
                let said = self.statuses_said().await?;
                self.catch_up().await?;
                self.take_statuses(said);
                Ok::<(), store::Error>(())
            };
            if let Err(error) = followed.await {
                tracing::warn!(%error, "the feed cannot be read; what is shown is as it was");
                self.following().behind.notify_one();
            }
        }
    }

    /// What others change and the index does not hold.
    #[must_use]
    pub fn elsewhere(&self) -> broadcast::Receiver<Elsewhere> {
        self.following().elsewhere.subscribe()
    }

    /// The number of the last change that is shown.
    #[must_use]
    pub fn shown(&self) -> i64 {
        *self.following().seen.borrow()
    }

    /// Does this process do what only one does?
    #[must_use]
    pub fn leads(&self) -> bool {
        *self.following().leads.borrow()
    }

    /// Says whether this process does what only one does.
    pub(crate) fn set_leads(&self, leads: bool) {
        self.following().leads.send_if_modified(|led| std::mem::replace(led, leads) != leads);
    }

    /// Told when this process begins or ends to lead.
    #[must_use]
    pub fn leading(&self) -> watch::Receiver<bool> {
        self.following().leads.subscribe()
    }

    /// The newest change of all processes.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn feed_head(&self) -> Result<i64, CatalogError> {
        Ok(self.store().feed_head().await?)
    }
}
