//! The connections that the catalog knows: their addresses and how reading them goes.

use std::collections::BTreeMap;

use model::{ConnectionName, Millis};
use url::Url;

use crate::{
    Catalog, CatalogError,
    handle::contains,
    status::{ConnectionStatus, Phase, Webhooks},
};

/// The connections by name.
pub(crate) type Connections = BTreeMap<ConnectionName, Connection>;

/// What is known of one.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) url: Url,
    /// Was everything it can see read once, in this run or an earlier one?
    pub(crate) complete: bool,
    pub(crate) status: ConnectionStatus,
}

impl Catalog {
    /// The connection whose GitLab an address belongs to.
    #[must_use]
    pub fn connection_of_url(&self, address: &str) -> Option<ConnectionName> {
        let address = Url::parse(address).ok()?;
        self.connections().iter().find(|(_, c)| contains(&c.url, &address)).map(|(name, _)| name.clone())
    }

    /// Notes that a GitLab told us something.
    pub fn hook_received(&self, connection: &ConnectionName) {
        let now = self.clock().now();
        self.update_status(connection, |status| {
            status.webhooks =
                Webhooks { last_received_at: Some(now), received: status.webhooks.received.saturating_add(1) };
        });
    }

    pub(crate) fn known(&self, name: &ConnectionName) -> Result<(), CatalogError> {
        if self.connections().contains_key(name) {
            return Ok(());
        }
        Err(CatalogError::Unknown {
            what: format!("connection {name}"),
            remedy: "list the connections with GET /api/v1/connections".to_owned(),
        })
    }

    /// Knows a connection from now on, or knows it anew: what GitLab told by itself stays counted.
    pub(crate) fn put_connection(&self, name: &ConnectionName, url: &Url, last_good_at: Option<Millis>, entities: u64) {
        let mut connections = self.connections();
        let webhooks = connections.get(name).map(|known| known.status.webhooks.clone()).unwrap_or_default();
        let interval = self.interval_seconds();
        let status = ConnectionStatus { entities, webhooks, ..waiting(name, url, last_good_at, interval) };
        connections.insert(name.clone(), Connection { url: url.clone(), complete: last_good_at.is_some(), status });
        drop(connections);
        self.tell_status();
    }

    pub(crate) fn remove_connection(&self, name: &ConnectionName) {
        self.connections().remove(name);
        self.tell_status();
    }

    pub(crate) fn update_status(&self, connection: &ConnectionName, change: impl FnOnce(&mut ConnectionStatus)) {
        self.update_status_if(connection, || true, change);
    }

    /// Changes the status if `current` holds; nothing replaces the connection while that is asked.
    pub(crate) fn update_status_if(
        &self,
        connection: &ConnectionName,
        current: impl FnOnce() -> bool,
        change: impl FnOnce(&mut ConnectionStatus),
    ) {
        if let Some(connection) = self.connections().get_mut(connection)
            && current()
        {
            change(&mut connection.status);
        }
        self.tell_status();
    }

    pub(crate) fn mark_complete(&self, connection: &ConnectionName) {
        if let Some(connection) = self.connections().get_mut(connection) {
            connection.complete = true;
        }
    }
}

fn waiting(name: &ConnectionName, url: &Url, last_good_at: Option<i64>, interval_seconds: u64) -> ConnectionStatus {
    ConnectionStatus {
        name: name.to_string(),
        url: url.to_string(),
        phase: Phase::Waiting,
        projects_seen: 0,
        projects_expected: None,
        entities: 0,
        started_at: None,
        finished_at: None,
        last_good_at,
        next_at: None,
        interval_seconds,
        requests: 0,
        error: None,
        partial: Vec::new(),
        webhooks: Webhooks::default(),
    }
}
