//! The connections that the catalog knows: their addresses and how reading them goes.

use std::collections::{BTreeMap, HashMap};

use model::{ConnectionName, Millis};
use tokio::sync::futures::Notified;
use url::Url;

use crate::{
    Catalog, CatalogError,
    handle::contains,
    status::{ConnectionStatus, Phase, Told, Webhooks},
    timetable::{Due, Intervals, Timetable},
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
    pub(crate) timetable: Timetable,
    /// When this process last took a webhook of it.
    hook_here: Option<Millis>,
}

impl Connection {
    /// The status says what the timetable does.
    fn tell_times(&mut self) {
        let table = &self.timetable;
        self.status.interval_seconds = u64::try_from(table.pass_interval() / 1_000).unwrap_or(0);
        if let Some(next) = table.next_pass() {
            self.status.next_at = Some(next);
        }
        let webhooks = &mut self.status.webhooks;
        webhooks.listening = table.trusts();
        webhooks.doubted_since = table.doubt().map(|(since, _)| since);
        webhooks.why = match (table.listening(), table.doubt()) {
            (false, _) => "no webhooks are known to cover everything that is read".to_owned(),
            (true, None) => "webhooks tell of every push".to_owned(),
            (true, Some((_, why))) => format!("{why}; polling until the next webhook comes"),
        };
    }
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
        self.retime(connection, |known| {
            known.timetable.believe();
            known.hook_here = Some(now);
            known.status.webhooks.last_received_at = Some(now);
            known.status.webhooks.received = known.status.webhooks.received.saturating_add(1);
        });
    }

    /// When each GitLab last told this process something.
    pub(crate) fn hooks_received(&self) -> HashMap<String, Millis> {
        let connections = self.connections();
        let told = connections.iter().filter_map(|(name, known)| Some((name.to_string(), known.hook_here?)));
        told.collect()
    }

    /// Notes when GitLab told another process something.
    pub(crate) fn hooks_were_received(&self, hooks: &HashMap<String, Millis>) {
        for (name, at) in hooks {
            let Ok(name) = ConnectionName::parse(name) else { continue };
            let known = self.connections().get(&name).and_then(|known| known.status.webhooks.last_received_at);
            if known.is_none_or(|known| known < *at) {
                self.retime(&name, |known| {
                    known.timetable.believe();
                    known.status.webhooks.last_received_at = Some(*at);
                });
            }
        }
    }

    /// Takes over how the reading of a connection goes, as the process that reads it told.
    pub(crate) fn take_status(&self, name: &ConnectionName, told: Told) {
        let mut connections = self.connections();
        let Some(known) = connections.get_mut(name) else { return };
        if known.status == told.status && known.complete == told.complete {
            return;
        }
        known.status = told.status;
        known.complete |= told.complete;
        drop(connections);
        self.tell_status();
    }

    /// Says whether webhooks reach us for everything that this connection reads. If so, little is asked by the clock; a
    /// push that none told of ends that until the next one comes.
    pub fn set_listening(&self, connection: &ConnectionName, listening: bool) {
        self.retime(connection, |known| known.timetable.listen(listening));
    }

    pub(crate) fn doubt_webhooks(&self, connection: &ConnectionName, why: String) {
        let now = self.clock().now();
        self.retime(connection, |known| known.timetable.doubt_it(now, why));
    }

    pub(crate) fn trusts_webhooks(&self, connection: &ConnectionName) -> bool {
        self.connections().get(connection).is_some_and(|known| known.timetable.trusts())
    }

    /// Changes the times of a connection, and what the status says about them.
    fn retime(&self, connection: &ConnectionName, change: impl FnOnce(&mut Connection)) {
        self.retime_if(connection, || true, change);
    }

    /// As `retime`, if `current` holds; nothing replaces the connection while that is asked.
    pub(crate) fn retime_if(
        &self,
        connection: &ConnectionName,
        current: impl FnOnce() -> bool,
        change: impl FnOnce(&mut Connection),
    ) {
        if let Some(known) = self.connections().get_mut(connection)
            && current()
        {
            change(known);
            known.tell_times();
        }
        self.timetables().notify_waiters();
        self.tell_status();
    }

    pub(crate) fn timetables_changed(&self) -> Notified<'_> {
        self.timetables().notified()
    }

    /// What is due at `now`.
    pub(crate) fn due(&self, now: Millis) -> Vec<(ConnectionName, Due)> {
        let mut connections = self.connections();
        let due = connections.iter_mut().map(|(name, known)| (name.clone(), known.timetable.due(now)));
        due.filter(|(_, due)| *due != Due::default()).collect()
    }

    /// Takes what is due at `now`; it is then no longer.
    pub(crate) fn take_due(&self, now: Millis) -> Vec<(ConnectionName, Due)> {
        let mut connections = self.connections();
        let due = connections.iter_mut().map(|(name, known)| (name.clone(), known.timetable.take(now)));
        due.filter(|(_, due)| *due != Due::default()).collect()
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.connections().values().map(|known| known.timetable.next()).min()
    }

    /// Until when activity is known.
    pub(crate) fn known_to(&self, connection: &ConnectionName) -> Option<Millis> {
        self.connections().get(connection).map(|known| known.timetable.known_to)
    }

    pub(crate) fn polled(&self, connection: &ConnectionName, asked: Millis) {
        if let Some(known) = self.connections().get_mut(connection) {
            known.timetable.known_to = asked;
        }
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

    /// Knows a connection from now on, or knows it anew: what GitLab told by itself still holds.
    pub(crate) fn put_connection(&self, name: &ConnectionName, url: &Url, last_good_at: Option<Millis>, poll: Millis) {
        let entities = self.count_of(name);
        let mut connections = self.connections();
        let before = connections.get(name);
        let pass = i64::try_from(self.interval_seconds()).unwrap_or(i64::MAX).saturating_mul(1_000);
        let mut timetable = Timetable::new(Intervals { pass, poll }, self.clock().now());
        if let Some(before) = before {
            timetable.keep(&before.timetable);
        }
        let webhooks = before.map(|known| known.status.webhooks.clone()).unwrap_or_default();
        let status = ConnectionStatus { entities, webhooks, ..waiting(name, url, last_good_at) };
        let hook_here = before.and_then(|known| known.hook_here);
        let complete = last_good_at.is_some();
        let mut known = Connection { url: url.clone(), complete, status, timetable, hook_here };
        known.tell_times();
        connections.insert(name.clone(), known);
        drop(connections);
        self.timetables().notify_waiters();
        self.tell_status();
    }

    /// How many entities came by a connection.
    pub(crate) fn count_of(&self, connection: &ConnectionName) -> u64 {
        u64::try_from(self.index().count_of(connection)).unwrap_or(u64::MAX)
    }

    pub(crate) fn remove_connection(&self, name: &ConnectionName) {
        self.connections().remove(name);
        self.tell_status();
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

fn waiting(name: &ConnectionName, url: &Url, last_good_at: Option<i64>) -> ConnectionStatus {
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
        interval_seconds: 0,
        requests: 0,
        error: None,
        failing_since: None,
        partial: Vec::new(),
        webhooks: Webhooks::default(),
    }
}
