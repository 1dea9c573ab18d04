//! Group commit: the webhooks that come while one transaction is written to the disk are the next one.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Weak,
};

use model::{ConnectionName, ProjectId};
use sqlx::{Any, AnyConnection, Row, any::AnyArguments, query::Query};
use tokio::sync::{mpsc, oneshot};

use super::{Accepted, HookEvent};
use crate::{
    Error, Inner, JobKey,
    jobs::{self, URGENT},
    listen::Bell,
    sql::{rows_of, statement},
};

/// Events in one transaction. More would only make each of them wait longer.
const MOST: usize = 256;
/// Events that wait for the next transactions. Whoever comes then waits to be let in; nothing is dropped.
const QUEUE: usize = 1_024;

/// An event and who wants to know what became of it.
pub(crate) struct Waiting {
    event: HookEvent,
    answer: oneshot::Sender<Result<Accepted, Error>>,
}

/// Where events are handed in.
#[derive(Debug)]
pub(crate) struct Intake {
    sender: mpsc::Sender<Waiting>,
}

impl Intake {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Waiting>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self { sender }, receiver)
    }

    pub(super) async fn accept(&self, event: HookEvent) -> Result<Accepted, Error> {
        let (answer, told) = oneshot::channel();
        self.sender.send(Waiting { event, answer }).await.map_err(|_| Error::Closing)?;
        told.await.map_err(|_| Error::Closing)?
    }
}

/// Stores what is handed in until nobody can hand in anything any more.
pub(crate) async fn take_in(inner: Weak<Inner>, mut receiver: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(MOST);
    while receiver.recv_many(&mut group, MOST).await > 0 {
        let Some(inner) = inner.upgrade() else { return };
        let (events, answers): (Vec<_>, Vec<_>) = group.drain(..).map(|w| (w.event, w.answer)).unzip();
        match inner.store_events(&events).await {
            Ok(accepted) => {
                for (answer, accepted) in answers.into_iter().zip(accepted) {
                    // Whoever went away meanwhile is told when it sends the event again.
                    let _nobody_waits = answer.send(Ok(accepted));
                }
            }
            Err(error) => {
                let why = error.to_string();
                for answer in answers {
                    let _nobody_waits = answer.send(Err(Error::Group(why.clone())));
                }
            }
        }
    }
}

fn number(project: ProjectId) -> Option<i64> {
    i64::try_from(project.0).ok()
}

/// Events of one group, each once, in one order everywhere: two replicas that take in the same never wait for each other.
type Group<'a> = BTreeMap<(&'a ConnectionName, &'a str), &'a HookEvent>;

impl Inner {
    /// All of them in one transaction, with the jobs they wake; what became of each, in their order.
    async fn store_events(&self, events: &[HookEvent]) -> Result<Vec<Accepted>, Error> {
        let Some(now) = events.iter().map(|event| event.received_at).min() else { return Ok(Vec::new()) };
        let group: Group<'_> =
            events.iter().rev().map(|event| ((&event.connection, event.id.as_str()), event)).collect();
        let mut tx = self.begin().await?;
        let mut new: HashSet<(ConnectionName, String)> = if insert(&mut tx, &group).await? == group.len() {
            group.keys().map(|(connection, id)| ((*connection).clone(), (*id).to_owned())).collect()
        } else {
            // Some had come before. That is rare; then it is done again in a way that tells which.
            tx.rollback().await?;
            tx = self.begin().await?;
            insert_telling(&mut tx, &group).await?
        };
        let mut woken: BTreeMap<JobKey, i64> = BTreeMap::new();
        let accepted = events
            .iter()
            .map(|event| {
                if !new.remove(&(event.connection.clone(), event.id.clone())) {
                    return Accepted::Duplicate;
                }
                if let Some(project) = event.project.and_then(number) {
                    let key = format!("{}/{project}", event.connection);
                    *woken.entry(JobKey { kind: "catalog.project".to_owned(), key }).or_default() += 1;
                }
                Accepted::Stored
            })
            .collect();
        let rings = jobs::wake(&mut tx, &woken, URGENT, now).await?;
        if rings {
            self.ring(&mut tx, Bell::Jobs).await?;
        }
        tx.commit().await?;
        if rings {
            self.jobs.notify_waiters();
        }
        Ok(accepted)
    }
}

fn inserting(group: &Group<'_>, returning: &str) -> Query<'static, Any, AnyArguments> {
    let mut query = statement(format!(
        "INSERT INTO hook_events (connection, id, kind, project_id, received_at) VALUES {} \
         ON CONFLICT (connection, id) DO NOTHING {returning}",
        rows_of(5, group.len())
    ));
    for event in group.values() {
        query = query
            .bind(event.connection.as_str().to_owned())
            .bind(event.id.clone())
            .bind(event.kind.clone())
            .bind(event.project.and_then(number))
            .bind(event.received_at);
    }
    query
}

/// Answers with how many are new.
async fn insert(tx: &mut AnyConnection, group: &Group<'_>) -> Result<usize, Error> {
    let done = inserting(group, "").execute(tx).await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Answers with those that are new. Every row that comes back costs a change of threads with SQLite.
async fn insert_telling(tx: &mut AnyConnection, group: &Group<'_>) -> Result<HashSet<(ConnectionName, String)>, Error> {
    let rows = inserting(group, "RETURNING connection, id").fetch_all(tx).await?;
    let mut new = HashSet::with_capacity(rows.len());
    for row in rows {
        let (name, id): (String, String) = (row.try_get("connection")?, row.try_get("id")?);
        new.insert((ConnectionName::parse(&name).map_err(|e| Error::damaged("hook_events", &name, e))?, id));
    }
    Ok(new)
}
