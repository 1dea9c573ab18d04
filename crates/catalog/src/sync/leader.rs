//! Several processes on one database: one leads. It alone reads by the clock, so that GitLab is asked once; what it does is
//! told to the others. All of them take webhooks and read what these tell of.

use std::{collections::HashMap, time::Duration};

use model::{ConnectionName, Millis};
use serde::{Deserialize, Serialize};
use store::{ProjectRow, StatusRow, TERM};
use tokio::time::Instant;

use super::{Sync, work::SINGLE};
use crate::{Catalog, CatalogError, Elsewhere, Event, handle::pass_job, project::Projects, status::Told};

/// From one sign of life to the next; several fit into a term.
const SIGN: Duration = Duration::from_secs(3);
/// The shortest time between two tellings of how reading goes.
const TELLING: Duration = Duration::from_millis(500);

/// What a process says of itself to the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Replica {
    /// Its version.
    pub version: String,
    /// The machine it runs on.
    pub host: String,
    /// When it began.
    pub started_at: Millis,
    /// The number of the last change that it shows.
    pub shown: i64,
    /// When each GitLab last told it something.
    pub hooks: HashMap<String, Millis>,
}

impl Sync {
    /// Gives signs of life, and leads when nobody else does.
    pub(super) async fn lead(self) {
        let catalog = &self.catalog;
        let mut sure_until = Instant::now();
        loop {
            match self.sign().await {
                Ok(leads) => {
                    if leads && !catalog.leads() {
                        tracing::info!(replica = self.store().replica(), "this process leads");
                        if let Err(error) = self.begin_to_lead().await {
                            tracing::error!(%error, "what the former leader held is not free yet");
                        }
                    }
                    sure_until = Instant::now() + TERM.saturating_sub(SIGN);
                    catalog.set_leads(leads);
                }
                Err(error) => {
                    tracing::warn!(%error, "no sign of life could be given");
                    // Another may lead from the end of the term on.
                    if Instant::now() >= sure_until {
                        catalog.set_leads(false);
                    }
                }
            }
            tokio::time::sleep(SIGN).await;
        }
    }

    async fn sign(&self) -> Result<bool, store::Error> {
        let leads = self.store().lead().await?;
        let mut replica = self.settings.replica.clone();
        replica.shown = self.catalog.shown();
        replica.hooks = self.catalog.hooks_received();
        let record = serde_json::to_string(&replica).unwrap_or_default();
        self.store().be_seen(&record).await?;
        if leads {
            for row in self.store().replicas().await? {
                let told: Replica = serde_json::from_str(&row.record).unwrap_or_default();
                if row.id != self.store().replica() {
                    self.catalog.hooks_were_received(&told.hooks);
                }
            }
        }
        Ok(leads)
    }

    /// What the former leader did half way is done again, and everything is looked at once.
    async fn begin_to_lead(&self) -> Result<(), store::Error> {
        self.store().free_jobs(SINGLE).await?;
        let passes: Vec<_> = self.connections().keys().map(pass_job).collect();
        self.store().wake(&passes).await
    }

    /// Tells the others how reading goes, while this process leads.
    pub(super) async fn tell_others(self) {
        let mut told: HashMap<ConnectionName, String> = HashMap::new();
        let mut events = self.catalog.events(None).coming;
        loop {
            tokio::time::sleep(TELLING).await;
            if self.catalog.leads() {
                for (name, record) in self.catalog.statuses_told() {
                    if told.get(&name) != Some(&record) {
                        match self.store().tell_status(&name, &record).await {
                            Ok(()) => {
                                told.insert(name, record);
                            }
                            Err(error) => tracing::warn!(%error, "how reading goes could not be told to the others"),
                        }
                    }
                }
            } else {
                told.clear();
            }
            // A receiver that lagged behind has missed something, too.
            while matches!(events.recv().await, Ok(Event::Entities { .. })) {}
        }
    }

    /// Takes over what other processes read of projects.
    pub(super) async fn take_over(self) {
        let mut elsewhere = self.catalog.elsewhere();
        loop {
            let took = match elsewhere.recv().await {
                Ok(Elsewhere::Projects(name, read, gone)) => {
                    let rows = self.store().projects_among(&name, &read).await;
                    rows.map(|rows| {
                        if let Some(connection) = self.connection(name.as_str()) {
                            let mut projects = connection.projects_mut();
                            gone.into_iter().for_each(|id| projects.remove(id));
                            projects.put_rows(&name, rows.into_values());
                        }
                    })
                }
                Ok(Elsewhere::Connection(_)) => Ok(()),
                Ok(Elsewhere::Anything) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    self.read_all_projects().await
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            };
            if let Err(error) = took {
                tracing::warn!(%error, "projects that another process read are not known here until they are read again");
            }
        }
    }

    async fn read_all_projects(&self) -> Result<(), store::Error> {
        let connections: Vec<_> = self.connections().values().cloned().collect();
        for connection in connections {
            let rows: HashMap<_, ProjectRow> = self.store().projects(&connection.name).await?;
            *connection.projects_mut() = Projects::of_rows(&connection.name, rows.into_values());
        }
        Ok(())
    }
}

impl Catalog {
    fn statuses_told(&self) -> Vec<(ConnectionName, String)> {
        let connections = self.connections();
        let told = connections.iter().filter_map(|(name, known)| {
            let told = Told { status: known.status.clone(), complete: known.complete };
            Some((name.clone(), serde_json::to_string(&told).ok()?))
        });
        told.collect()
    }

    /// How reading goes, as the leader says; nothing, while this process leads.
    pub(crate) async fn statuses_said(&self) -> Result<Vec<StatusRow>, store::Error> {
        if self.leads() { Ok(Vec::new()) } else { self.store().statuses_of_others().await }
    }

    /// Takes that over.
    pub(crate) fn take_statuses(&self, said: Vec<StatusRow>) {
        for row in said {
            match serde_json::from_str::<Told>(&row.record) {
                Ok(told) => self.take_status(&row.connection, told),
                // A newer version may tell more than this one knows.
                Err(error) => tracing::debug!(connection = %row.connection, %error, "a status cannot be read"),
            }
        }
    }

    /// The processes that use the database, with what they say of themselves.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn replicas(&self) -> Result<Vec<(store::ReplicaRow, Replica)>, CatalogError> {
        let rows = self.store().replicas().await?;
        let told = |row: store::ReplicaRow| {
            let told = serde_json::from_str(&row.record).unwrap_or_default();
            (row, told)
        };
        Ok(rows.into_iter().map(told).collect())
    }
}
