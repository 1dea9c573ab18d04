//! The catalog's status in the words of `/api/v1`: times as text.

use catalog::{Phase, ProblemCounts, Status};
use serde::Serialize;
use utoipa::ToSchema;

use crate::times::Time;

/// Problems by severity.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Severities {
    error: u64,
    warning: u64,
    note: u64,
}

/// What the catalog holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    entities: u64,
    problems: Severities,
}

/// An error that ended a pass.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionError {
    code: String,
    message: String,
    remedy: String,
    /// `ours`, `upstream` or `caller`.
    whose: String,
    /// Will it be tried again by itself?
    retry: bool,
}

/// Something that could not be read while the rest was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartialRead {
    what: String,
    reason: String,
    since: Time,
}

/// Webhooks since the start of the process.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Webhooks {
    last_received_at: Option<Time>,
    received: u64,
}

/// How one connection goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionStatus {
    name: String,
    url: String,
    /// `waiting`, `discovering`, `reading`, `linking`, `idle` or `failed`.
    phase: &'static str,
    projects_seen: u64,
    projects_expected: Option<u64>,
    entities: u64,
    started_at: Option<Time>,
    finished_at: Option<Time>,
    last_good_at: Option<Time>,
    next_at: Option<Time>,
    interval_seconds: u64,
    requests: u64,
    error: Option<ConnectionError>,
    partial: Vec<PartialRead>,
    webhooks: Webhooks,
}

/// How reading goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogStatus {
    as_of: Time,
    /// Do queries give full totals?
    ready: bool,
    connections: Vec<ConnectionStatus>,
    totals: Totals,
}

impl CatalogStatus {
    pub(crate) fn of(status: Status) -> Self {
        Self {
            as_of: Time(status.as_of),
            ready: status.ready,
            connections: status.connections.into_iter().map(connection).collect(),
            totals: Totals { entities: status.totals.entities as u64, problems: severities(status.totals.problems) },
        }
    }
}

fn severities(counts: ProblemCounts) -> Severities {
    Severities { error: counts.error as u64, warning: counts.warning as u64, note: counts.note as u64 }
}

fn connection(status: catalog::ConnectionStatus) -> ConnectionStatus {
    ConnectionStatus {
        name: status.name,
        url: status.url,
        phase: match status.phase {
            Phase::Waiting => "waiting",
            Phase::Discovering => "discovering",
            Phase::Reading => "reading",
            Phase::Linking => "linking",
            Phase::Idle => "idle",
            Phase::Failed => "failed",
        },
        projects_seen: status.projects_seen,
        projects_expected: status.projects_expected,
        entities: status.entities,
        started_at: status.started_at.map(Time),
        finished_at: status.finished_at.map(Time),
        last_good_at: status.last_good_at.map(Time),
        next_at: status.next_at.map(Time),
        interval_seconds: status.interval_seconds,
        requests: status.requests,
        error: status.error.map(|error| ConnectionError {
            code: error.code,
            message: error.message,
            remedy: error.remedy,
            whose: error.whose,
            retry: error.retry,
        }),
        partial: status
            .partial
            .into_iter()
            .map(|partial| PartialRead { what: partial.what, reason: partial.reason, since: Time(partial.since) })
            .collect(),
        webhooks: Webhooks {
            last_received_at: status.webhooks.last_received_at.map(Time),
            received: status.webhooks.received,
        },
    }
}
