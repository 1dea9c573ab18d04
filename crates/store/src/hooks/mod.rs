//! Webhooks: stored once each, in one transaction with the job that they wake.

mod intake;

use std::collections::HashSet;

use model::{ConnectionName, Millis, ProjectId};
use sqlx::Row;

use crate::{Error, Store};

pub(crate) use intake::{Intake, take_in};

/// How long an event id is remembered to recognise a second delivery. GitLab does not deliver again by itself; people
/// resend from the last seven days.
const REMEMBERED: Millis = 8 * 24 * 60 * 60 * 1000;

/// A webhook that was authenticated. Its payload is not kept: it only says where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookEvent {
    /// Which GitLab sent it.
    pub connection: ConnectionName,
    /// GitLab's identifier of this event, the same for every delivery of it.
    pub id: String,
    /// GitLab's name of the event, for example `push`.
    pub kind: String,
    /// The project it is about.
    pub project: Option<ProjectId>,
    /// When it came.
    pub received_at: Millis,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is durably stored and its job is woken.
    Stored,
    /// It had come before.
    Duplicate,
}

impl Store {
    /// Stores an event and wakes the job that looks at its project, both or neither. Whoever calls at the same time is
    /// stored in the same transaction: a disk has its time for each, not for each event.
    ///
    /// # Errors
    /// When it is not durably stored; the sender must then be told so.
    pub async fn accept_hook(&self, event: HookEvent) -> Result<Accepted, Error> {
        self.inner.intake.accept(event).await
    }

    /// The projects that webhooks of a connection told of since a time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn told_of(&self, connection: &ConnectionName, since: Millis) -> Result<HashSet<ProjectId>, Error> {
        let rows = sqlx::query(
            "SELECT DISTINCT project_id FROM hook_events WHERE connection = $1 AND received_at >= $2 \
             AND project_id IS NOT NULL",
        )
        .bind(connection.as_str())
        .bind(since)
        .fetch_all(&self.inner.reader)
        .await?;
        rows.iter().map(|row| Ok(ProjectId(u64::try_from(row.try_get::<i64, _>("project_id")?).unwrap_or(0)))).collect()
    }

    /// When a GitLab last told us something, as far as it is remembered.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_hook(&self, connection: &ConnectionName) -> Result<Option<Millis>, Error> {
        let row = sqlx::query("SELECT MAX(received_at) AS at FROM hook_events WHERE connection = $1")
            .bind(connection.as_str())
            .fetch_one(&self.inner.reader)
            .await?;
        Ok(row.try_get("at")?)
    }

    /// Forgets event ids that are older than anybody resends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_old_hooks(&self) -> Result<u64, Error> {
        let before = self.inner.clock.now() - REMEMBERED;
        let gone = sqlx::query("DELETE FROM hook_events WHERE received_at < $1")
            .bind(before)
            .execute(&self.inner.writer)
            .await?;
        Ok(gone.rows_affected())
    }
}
