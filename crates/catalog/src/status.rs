//! How reading goes: by connection, with its age, and honest about what was not read.

use model::Millis;
use serde::{Deserialize, Serialize};

/// The whole of it, as `/api/v1/catalog/status` and the events stream show it. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// When this was true.
    pub as_of: Millis,
    /// Do queries give full totals?
    pub ready: bool,
    /// Each configured GitLab.
    pub connections: Vec<ConnectionStatus>,
    /// What the catalog holds.
    pub totals: Totals,
}

/// What the catalog holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// References held.
    pub entities: usize,
    /// Problems by severity.
    pub problems: ProblemCounts,
}

/// Problems by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ProblemCounts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Notes.
    pub note: usize,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Not started yet.
    Waiting,
    /// Listing projects.
    Discovering,
    /// Reading files that changed.
    Reading,
    /// Reading groups and people, and what Locations lead to.
    Linking,
    /// Up to date; the next pass comes at `next_at`.
    Idle,
    /// The last pass failed; what is shown is the last good state.
    Failed,
}

/// How one connection goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    /// The configured name.
    pub name: String,
    /// The GitLab's address.
    pub url: String,
    /// What it does now.
    pub phase: Phase,
    /// Projects listed in this pass.
    pub projects_seen: u64,
    /// How many there should be, if GitLab said.
    pub projects_expected: Option<u64>,
    /// Entities from this connection.
    pub entities: u64,
    /// When this or the last pass began.
    pub started_at: Option<Millis>,
    /// When the last pass ended, well or not.
    pub finished_at: Option<Millis>,
    /// When the last pass ended well.
    pub last_good_at: Option<Millis>,
    /// When the next one begins.
    pub next_at: Option<Millis>,
    /// How often a pass runs, in seconds.
    pub interval_seconds: u64,
    /// Requests sent to this GitLab since the start of the process.
    pub requests: u64,
    /// Why the last pass failed.
    pub error: Option<UpstreamError>,
    /// Since when passes fail.
    #[serde(default)]
    pub failing_since: Option<Millis>,
    /// What the last pass could not read.
    pub partial: Vec<PartialRead>,
    /// What GitLab told us by itself.
    pub webhooks: Webhooks,
}

/// An error that ended a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamError {
    /// A stable name.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// `ours`, `upstream` or `caller`.
    pub whose: String,
    /// Will it be tried again by itself?
    pub retry: bool,
}

/// Something that was asked for and not answered, while the rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartialRead {
    /// What was not read.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Millis,
}

/// Webhooks of one connection, since the start of the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhooks {
    /// When the last one came.
    pub last_received_at: Option<Millis>,
    /// How many came.
    pub received: u64,
    /// Are they believed to tell of every push, so that little is asked?
    pub listening: bool,
    /// For people: why it is so.
    pub why: String,
    /// Since when they are not believed although they should come; `None` when they are, or when none are expected.
    pub doubted_since: Option<Millis>,
}

/// A status as the process that reads tells it to the others.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) status: ConnectionStatus,
    pub(crate) complete: bool,
}
