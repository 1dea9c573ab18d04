//! A catalog that reads fakes, and ways to wait for it without waiting for time.

use std::{sync::Arc, time::Duration};

use gitlab::{Gitlab, Settings};
use model::{Clock, ConnectionName, Discovery, FixedRandom, ManualClock, RefKey};
use secrecy::SecretString;
use store::{JobKey, QueueCounts, QueueState, Store};

use super::fake::Fake;
use crate::{
    Catalog, ConnectionStatus, Event, Phase,
    handle::pass_job,
    index::Query,
    sync::{Sync, SyncSettings},
};

/// 2026-11-20T12:00:00Z.
pub(crate) const NOW: i64 = 1_795_176_000_000;
/// How long anything may take before it counts as not happening; nothing here measures speed.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct House {
    pub(crate) sync: Sync,
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    url: String,
    commits: bool,
    running: tokio::task::JoinHandle<()>,
    folder: Arc<tempfile::TempDir>,
}

pub(crate) fn name(text: &str) -> ConnectionName {
    ConnectionName::parse(text).expect("legal")
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(false).await
    }

    /// Also looks at commits.
    pub(crate) async fn with_commits() -> Self {
        Self::with(true).await
    }

    async fn with(commits: bool) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("folder"));
        let url = format!("sqlite:{}", folder.path().join("s.sqlite").display());
        Self::over(folder, url, ManualClock::at(NOW), commits).await
    }

    async fn over(folder: Arc<tempfile::TempDir>, url: String, clock: ManualClock, commits: bool) -> Self {
        let store = Store::open(&url, Arc::new(clock.clone())).await.expect("store");
        let catalog = Catalog::open(store.clone(), Arc::new(clock.clone()), 600).await.expect("catalog");
        let sync = Sync::new(
            catalog.clone(),
            Arc::new(FixedRandom::seeded(1)),
            SyncSettings { commits, ..SyncSettings::default() },
        );
        let running = sync.clone();
        let running = tokio::spawn(async move { running.run().await.expect("runs") });
        Self { sync, catalog, store, clock, url, commits, running, folder }
    }

    /// Ends the process as a crash would, and starts another over the same data.
    pub(crate) async fn again(mut self) -> Self {
        self.running.abort();
        (&mut self.running).await.expect_err("aborted");
        Self::over(Arc::clone(&self.folder), self.url.clone(), self.clock.clone(), self.commits).await
    }

    pub(crate) fn client(&self, connection: &str, fake: &Fake) -> Gitlab {
        let token = SecretString::from("glpat-AAAABBBBCCCCDDDDEEEE");
        let mut settings = Settings::new(name(connection), fake.url.clone(), token);
        settings.timeouts.backoff = Duration::from_micros(50);
        settings.timeouts.backoff_max = Duration::from_micros(50);
        Gitlab::new(settings, Arc::new(self.clock.clone()), Arc::new(FixedRandom::seeded(2))).expect("client")
    }

    pub(crate) async fn connect(&self, connection: &str, fake: &Fake, discovery: Discovery) {
        let client = self.client(connection, fake);
        self.sync.connect(name(connection), client, discovery).await.expect("connected");
    }

    /// Connects, and waits for the pass that this begins.
    pub(crate) async fn read(&self, connection: &str, fake: &Fake, discovery: Discovery) -> ConnectionStatus {
        let mut events = self.catalog.events(None).coming;
        self.clock.advance(1);
        let since = self.clock.now();
        self.connect(connection, fake, discovery).await;
        self.ended(connection, since, &mut events).await
    }

    /// Has everything read again, and waits for the end of it.
    pub(crate) async fn pass(&self, connection: &str) -> ConnectionStatus {
        let mut events = self.catalog.events(None).coming;
        self.clock.advance(1);
        let since = self.clock.now();
        self.store.wake(&[pass_job(&name(connection))]).await.expect("woken");
        self.ended(connection, since, &mut events).await
    }

    async fn ended(
        &self,
        connection: &str,
        since: i64,
        events: &mut tokio::sync::broadcast::Receiver<Event>,
    ) -> ConnectionStatus {
        loop {
            let status = self.status(connection);
            if status.started_at.is_some_and(|at| at >= since) && matches!(status.phase, Phase::Idle | Phase::Failed) {
                // Its job ends a little later; a clock that is moved before would end its lease instead.
                while self.holds(&pass_job(&name(connection))).await {
                    tokio::task::yield_now().await;
                }
                return status;
            }
            tokio::time::timeout(PATIENCE, events.recv()).await.expect("the pass ends").ok();
        }
    }

    async fn holds(&self, key: &JobKey) -> bool {
        let running = self.store.queue(Some(QueueState::Running), 500).await.expect("jobs");
        running.iter().any(|row| row.key == *key)
    }

    /// Lets time pass, and has everybody look at the clock.
    pub(crate) async fn later(&self, millis: i64) {
        self.clock.advance(millis);
        self.catalog.timetables().notify_waiters();
        self.store.wake(&[]).await.expect("rung");
    }

    /// Wakes a job now and waits until it is done.
    pub(crate) async fn job(&self, key: JobKey) {
        self.store.wake(&[key]).await.expect("woken");
        self.until_done().await;
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut events = self.catalog.events(None).coming;
        while !holds(self) {
            tokio::time::timeout(PATIENCE, events.recv()).await.unwrap_or_else(|_| panic!("never: {what}")).ok();
        }
    }

    /// Waits until no job is left.
    pub(crate) async fn until_done(&self) {
        self.until_jobs("the jobs end", |jobs| jobs.running + jobs.waiting + jobs.retrying == 0).await;
    }

    /// Waits until no job is worked on or due; some may wait for their time.
    pub(crate) async fn until_waiting(&self) {
        self.until_jobs("the jobs wait", |counts| counts.running == 0 && counts.oldest_due.is_none()).await;
    }

    async fn until_jobs(&self, what: &str, holds: impl Fn(QueueCounts) -> bool) {
        let waiting = async {
            while !holds(self.store.queue_counts().await.expect("jobs")) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    pub(crate) fn status(&self, connection: &str) -> ConnectionStatus {
        let status = self.catalog.status();
        status.connections.into_iter().find(|c| c.name == connection).expect("known")
    }

    /// The references that are held, of one kind.
    pub(crate) fn held(&self, kind: &str) -> Vec<String> {
        let index = self.catalog.index();
        let prefix = format!("{kind}:default/");
        let all = Query { limit: 100_000, ..Query::default() };
        let page = index.query(&all).expect("a query");
        let keys = page.items.iter().map(|view| view.key().as_str());
        let mut names: Vec<String> = keys.filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned)).collect();
        names.sort();
        names
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.catalog.index().get(&RefKey::parse(key).expect("reference")).is_some()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.running.abort();
    }
}
