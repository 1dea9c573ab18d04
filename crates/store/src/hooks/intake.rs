//! Group commit: the webhooks that come while one transaction is written to the disk are the next one.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Weak,
};

use model::ProjectId;
use sqlx::{AnyConnection, Row};
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

impl Inner {
    /// All of them in one transaction, with the jobs they wake; what became of each, in their order.
    async fn store_events(&self, events: &[HookEvent]) -> Result<Vec<Accepted>, Error> {
        let Some(now) = events.iter().map(|event| event.received_at).min() else { return Ok(Vec::new()) };
        let mut tx = self.begin().await?;
        let mut stored = insert(&mut tx, events).await?;
        let mut woken: BTreeMap<JobKey, i64> = BTreeMap::new();
        let accepted = events
            .iter()
            .map(|event| {
                if !stored.remove(&(event.connection.as_str().to_owned(), event.id.clone())) {
                    return Accepted::Duplicate;
                }
                if let Some(project) = event.project.and_then(number) {
                    let key =
                        JobKey { kind: "catalog.project".to_owned(), key: format!("{}/{project}", event.connection) };
                    *woken.entry(key).or_default() += 1;
                }
                Accepted::Stored
            })
            .collect();
        jobs::wake(&mut tx, &woken, URGENT, now).await?;
        if !woken.is_empty() {
            self.ring(&mut tx, Bell::Jobs).await?;
        }
        tx.commit().await?;
        if !woken.is_empty() {
            self.jobs.notify_waiters();
        }
        Ok(accepted)
    }
}

/// Answers with those that are new, by connection and id.
async fn insert(tx: &mut AnyConnection, events: &[HookEvent]) -> Result<HashSet<(String, String)>, Error> {
    // In one order everywhere, so that two replicas that take in the same events never wait for each other.
    let mut sorted: Vec<&HookEvent> = events.iter().collect();
    sorted.sort_unstable_by(|a, b| (&a.connection, &a.id).cmp(&(&b.connection, &b.id)));
    let mut query = statement(format!(
        "INSERT INTO hook_events (connection, id, kind, project_id, received_at) VALUES {} \
         ON CONFLICT (connection, id) DO NOTHING RETURNING connection, id",
        rows_of(5, sorted.len())
    ));
    for event in sorted {
        query = query
            .bind(event.connection.as_str().to_owned())
            .bind(event.id.clone())
            .bind(event.kind.clone())
            .bind(event.project.and_then(number))
            .bind(event.received_at);
    }
    let rows = query.fetch_all(tx).await?;
    rows.iter().map(|row| Ok((row.try_get("connection")?, row.try_get("id")?))).collect()
}
