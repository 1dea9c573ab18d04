//! Connections in the words of `/api/v1`. Nothing here holds a secret.

use broker::check::{self, Grade, State};
use model::{Millis, People};
use serde::Serialize;
use utoipa::ToSchema;

use crate::times::Time;

/// A page on which something is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemedyLink {
    label: String,
    url: String,
}

/// What to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Remedy {
    text: String,
    /// Something to copy: a command, a host name, an address.
    copy: Option<String>,
    link: Option<RemedyLink>,
}

/// One check of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// `address`, `name`, `port`, `proxy`, `tls`, `gitlab`, `clock`, `token`, `expiry`, `version`, `kind`, `scope-read`,
    /// `projects`, `scope-act`, `scope-write`, `role`, `webhooks` or `rate`, in this order.
    id: &'static str,
    /// `read`, `act`, `hear` or `extra`.
    grade: &'static str,
    /// `passed`, `failed`, `note` or `skipped`.
    state: &'static str,
    title: String,
    detail: String,
    remedy: Option<Remedy>,
    /// Milliseconds.
    millis: u64,
}

/// What a test learnt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    version: Option<String>,
    /// `enterprise` or `community`.
    edition: Option<&'static str>,
    /// `personal`, `group`, `project`, `service-account`, `oauth` or `unknown`.
    token_kind: Option<String>,
    token_owner: Option<String>,
    token_name: Option<String>,
    scopes: Vec<String>,
    /// The day at whose beginning the token ends, `2027-02-18`.
    expires_on: Option<String>,
    /// Whole days until then, by now.
    days_left: Option<i64>,
    projects: Option<u64>,
    /// Requests a minute that GitLab allows, if it says so.
    rate_per_minute: Option<u64>,
}

/// A whole test.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The root of the instance, corrected where that was possible.
    url: String,
    corrected: bool,
    reads: bool,
    acts: bool,
    hears: bool,
    checked_at: Time,
    /// Milliseconds.
    millis: u64,
    checks: Vec<Check>,
    facts: Facts,
}

/// What keeps a connection from reading.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failing {
    /// The id of the check.
    check: &'static str,
    title: String,
    detail: String,
    remedy: Option<Remedy>,
    since: Time,
    /// When it last worked, if ever.
    worked_until: Option<Time>,
}

/// What a connection finds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Discovery {
    groups: Vec<String>,
    nested: bool,
    projects: Vec<String>,
    exclude: Vec<String>,
    topics: Vec<String>,
    archived: bool,
    forks: bool,
    membership: bool,
    branch: Option<String>,
    fallback_branch: Option<String>,
    file: Option<String>,
    people: DiscoveredPeople,
}

/// Which groups and people become entities.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiscoveredPeople {
    read: bool,
    groups: Vec<String>,
    users: Vec<String>,
    restrict_to: Option<String>,
    inherited: bool,
}

/// How GitLab tells us of changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hearing {
    /// `listening` or `polling`.
    mode: &'static str,
    /// Why, in a sentence.
    why: String,
    /// Hooks that were registered.
    hooks: u64,
    last_received_at: Option<Time>,
    /// Since the start of the process.
    received: u64,
}

/// A connection to a GitLab.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    name: String,
    url: String,
    /// The configuration file declares it: read-only here.
    declared: bool,
    /// `untested`, `working` or `failing`.
    state: &'static str,
    failing: Option<Failing>,
    report: Option<Report>,
    checked_at: Option<Time>,
    next_check_at: Option<Time>,
    /// `kept`, `file` or `env`.
    token_source: &'static str,
    /// Where it is when it is not kept here.
    token_place: Option<String>,
    proxy: Option<String>,
    no_proxy: Vec<String>,
    /// Is a private authority trusted?
    ca: bool,
    discovery: Discovery,
    webhooks: Hearing,
    added_at: Option<Time>,
    /// The row of the audit trail of the change that this answers; null when nothing was changed.
    permit: Option<String>,
}

/// All connections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionList {
    pub(super) items: Vec<Connection>,
}

/// What the catalog knows of a connection's webhooks.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) received: u64,
    pub(super) last: Option<Millis>,
    pub(super) poll_seconds: u64,
}

pub(super) fn remedy(remedy: Option<check::Remedy>) -> Option<Remedy> {
    remedy.map(|remedy| Remedy {
        text: remedy.text,
        copy: remedy.copy,
        link: remedy.link.map(|link| RemedyLink { label: link.label, url: link.url }),
    })
}

impl Check {
    /// In the words of the API.
    #[must_use]
    pub fn of(check: check::Check) -> Self {
        Self {
            id: check.id.as_str(),
            grade: match check.id.grade() {
                Grade::Read => "read",
                Grade::Act => "act",
                Grade::Hear => "hear",
                Grade::Extra => "extra",
            },
            state: match check.state {
                State::Passed => "passed",
                State::Failed => "failed",
                State::Note => "note",
                State::Skipped => "skipped",
            },
            title: check.title,
            detail: check.detail,
            remedy: remedy(check.remedy),
            millis: check.millis,
        }
    }
}

impl Report {
    /// In the words of the API; days are counted from `now`.
    #[must_use]
    pub fn of(report: check::Report, now: Millis) -> Self {
        let facts = report.facts;
        let kind = facts.token_kind.and_then(|kind| serde_json::to_value(kind).ok());
        Self {
            url: report.url,
            corrected: report.corrected,
            reads: report.reads,
            acts: report.acts,
            hears: report.hears,
            checked_at: Time(report.checked_at),
            millis: report.millis,
            checks: report.checks.into_iter().map(Check::of).collect(),
            facts: Facts {
                version: facts.version,
                edition: facts.enterprise.map(|enterprise| if enterprise { "enterprise" } else { "community" }),
                token_kind: kind.and_then(|kind| kind.as_str().map(str::to_owned)),
                token_owner: facts.token_owner,
                token_name: facts.token_name,
                scopes: facts.scopes,
                expires_on: facts.expires_on,
                days_left: facts.expires_at.map(|at| (at - now).div_euclid(86_400_000)),
                projects: facts.projects,
                rate_per_minute: facts.rate,
            },
        }
    }
}

impl Discovery {
    fn of(discovery: model::Discovery) -> Self {
        let People { read, groups, users, restrict_to, inherited } = discovery.people;
        Self {
            groups: discovery.groups,
            nested: discovery.nested,
            projects: discovery.projects,
            exclude: discovery.exclude,
            topics: discovery.topics,
            archived: discovery.archived,
            forks: discovery.forks,
            membership: discovery.membership,
            branch: discovery.branch,
            fallback_branch: discovery.fallback_branch,
            file: discovery.file,
            people: DiscoveredPeople { read, groups, users, restrict_to, inherited },
        }
    }
}

impl Connection {
    pub(super) fn of(connection: broker::Connection, heard: &Heard, now: Millis) -> Self {
        let webhooks = hearing(&connection, heard);
        let added_at = match connection.origin {
            broker::Origin::Declared => None,
            broker::Origin::Added(at) => Some(Time(at)),
        };
        Self {
            name: connection.name.to_string(),
            url: connection.url.to_string(),
            declared: added_at.is_none(),
            state: match (&connection.failing, &connection.report) {
                (Some(_), _) => "failing",
                (None, Some(_)) => "working",
                (None, None) => "untested",
            },
            failing: connection.failing.map(|failing| Failing {
                check: failing.check.as_str(),
                title: failing.title,
                detail: failing.detail,
                remedy: remedy(failing.remedy),
                since: Time(failing.since),
                worked_until: failing.worked_until.map(Time),
            }),
            report: connection.report.map(|report| Report::of(report, now)),
            checked_at: connection.checked_at.map(Time),
            next_check_at: connection.next_check.map(Time),
            token_source: match (&connection.token_place, connection.token_in_file) {
                (None, _) => "kept",
                (Some(_), true) => "file",
                (Some(_), false) => "env",
            },
            token_place: connection.token_place,
            proxy: connection.proxy,
            no_proxy: connection.no_proxy,
            ca: connection.ca,
            discovery: Discovery::of(connection.discovery),
            webhooks,
            added_at,
            permit: None,
        }
    }

    /// As the answer to a change.
    pub(super) fn permitted(self, id: policy::TrailId) -> Self {
        Self { permit: Some(id.0.to_string()), ..self }
    }
}

fn hearing(connection: &broker::Connection, heard: &Heard) -> Hearing {
    let until = format!("GitLab is asked every {} s", heard.poll_seconds);
    let failing = connection.hooks.iter().find_map(|hook| hook.error.as_ref());
    let (mode, why) = if let Some(error) = failing {
        ("polling", format!("GitLab did not reach us when it tried: {error}. Until it does, {until}."))
    } else if !connection.hooks.is_empty() {
        ("listening", "Webhooks are registered.".to_owned())
    } else if heard.received > 0 {
        ("listening", "GitLab tells us of changes by hooks that were made there.".to_owned())
    } else if connection.takes_hooks {
        ("polling", format!("No webhook is registered; {until}."))
    } else {
        ("polling", format!("No webhook secret is configured; {until}."))
    };
    Hearing {
        mode,
        why,
        hooks: connection.hooks.len() as u64,
        last_received_at: heard.last.map(Time),
        received: heard.received,
    }
}

/// What registering webhooks came to, one row a place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookRows {
    pub(super) registered: Vec<HookRow>,
}

/// One webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookRow {
    /// `system`, or the full path of a group or project.
    pub(super) of: String,
    /// GitLab's number for it.
    pub(super) hook: Option<u64>,
    /// GitLab tried it, and it arrived.
    pub(super) tested: bool,
    /// Why not.
    pub(super) error: Option<String>,
    /// What to do then.
    pub(super) remedy: Option<String>,
    /// The row of the audit trail, when something was done.
    pub(super) permit: Option<String>,
}

/// What a discovery would find.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    pub(super) projects: u64,
    /// Counted to the end?
    pub(super) exact: bool,
    pub(super) groups: u64,
    /// Some full paths.
    pub(super) examples: Vec<String>,
    pub(super) requests: u64,
    pub(super) notes: Vec<String>,
}

/// A connection of another catalog's configuration, without its token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportedDraft {
    name: String,
    url: String,
    discovery: Discovery,
}

/// What was found in another catalog's configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    drafts: Vec<ImportedDraft>,
    /// What has no equivalent or means something else, each with the reason.
    notes: Vec<String>,
}

impl Imported {
    pub(super) fn of(found: broker::import::Imported) -> Self {
        let draft = |connection: broker::import::Connection| ImportedDraft {
            name: connection.name,
            url: connection.url,
            discovery: Discovery::of(connection.discovery),
        };
        let mut notes = found.notes;
        notes.extend(
            found
                .locations
                .into_iter()
                .map(|url| format!("register this catalog file when the connection reads: {url}")),
        );
        Self { drafts: found.connections.into_iter().map(draft).collect(), notes }
    }
}
