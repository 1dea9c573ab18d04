//! The nouns of a GitLab instance as the sandbox keeps them. Plain values: no HTTP, no JSON, no git.

use std::sync::Arc;

use time::{Date, OffsetDateTime};

/// Who may see a group or project without being a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Visibility {
    /// Members only.
    #[default]
    Private,
    /// Everyone who is signed in.
    Internal,
    /// Everyone.
    Public,
}

impl Visibility {
    /// GitLab's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// Access levels, GitLab's numbers.
pub(crate) mod level {
    /// Sees a project's page, not its code.
    pub(crate) const GUEST: u8 = 10;
    /// Reads code.
    pub(crate) const REPORTER: u8 = 20;
    /// Pushes to unprotected branches.
    pub(crate) const DEVELOPER: u8 = 30;
    /// Pushes to protected branches, keeps webhooks.
    pub(crate) const MAINTAINER: u8 = 40;
    /// Everything.
    pub(crate) const OWNER: u8 = 50;

    /// The name GraphQL gives a level (`AccessLevelEnum`).
    pub(crate) fn graphql_name(level: u8) -> &'static str {
        match level {
            0 => "NO_ACCESS",
            1..=5 => "MINIMAL_ACCESS",
            6..=10 => "GUEST",
            11..=15 => "PLANNER",
            16..=20 => "REPORTER",
            21..=30 => "DEVELOPER",
            31..=40 => "MAINTAINER",
            _ => "OWNER",
        }
    }

    /// The name people read.
    pub(crate) fn human(level: u8) -> &'static str {
        match level {
            0 => "No access",
            1..=5 => "Minimal Access",
            6..=10 => "Guest",
            11..=15 => "Planner",
            16..=20 => "Reporter",
            21..=30 => "Developer",
            31..=40 => "Maintainer",
            _ => "Owner",
        }
    }

    /// The number of an `AccessLevelEnum` name.
    pub(crate) fn from_graphql(name: &str) -> Option<u8> {
        Some(match name {
            "NO_ACCESS" => 0,
            "MINIMAL_ACCESS" => 5,
            "GUEST" => GUEST,
            "PLANNER" => 15,
            "REPORTER" => REPORTER,
            "DEVELOPER" => DEVELOPER,
            "MAINTAINER" => MAINTAINER,
            "OWNER" => OWNER,
            _ => return None,
        })
    }
}

/// A user of the instance.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) job_title: Option<String>,
    /// `active`, `blocked`, …
    pub(crate) state: String,
    pub(crate) admin: bool,
    pub(crate) kind: UserKind,
    pub(crate) created: OffsetDateTime,
}

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserKind {
    Human,
    /// Made with a project or group access token.
    ProjectBot,
    /// Made by an owner for a program.
    ServiceAccount,
}

impl Person {
    /// GitLab's `bot`, which a service account is too.
    pub(crate) fn bot(&self) -> bool {
        self.kind != UserKind::Human
    }
}

/// A direct membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) user: u64,
    pub(crate) level: u8,
    pub(crate) created: OffsetDateTime,
    pub(crate) expires: Option<Date>,
}

/// A group; `path` is the full path.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: u64,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) parent: Option<u64>,
    pub(crate) description: String,
    pub(crate) visibility: Visibility,
    pub(crate) created: OffsetDateTime,
    pub(crate) members: Vec<Member>,
}

/// Where a project lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// In a group.
    Group(u64),
    /// In a person's own namespace.
    User(u64),
}

/// A project; `path` is the full path.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) namespace: Namespace,
    pub(crate) description: Option<String>,
    pub(crate) topics: Vec<String>,
    pub(crate) visibility: Visibility,
    pub(crate) archived: bool,
    pub(crate) default_branch: String,
    /// Language and share in per cent, largest first.
    pub(crate) languages: Vec<(String, f64)>,
    pub(crate) members: Vec<Member>,
    pub(crate) created: OffsetDateTime,
    pub(crate) last_activity: OffsetDateTime,
    pub(crate) forked_from: Option<u64>,
}

impl Project {
    /// The last segment of the full path.
    pub(crate) fn slug(&self) -> &str {
        last_segment(&self.path)
    }
}

impl Group {
    /// The last segment of the full path.
    pub(crate) fn slug(&self) -> &str {
        last_segment(&self.path)
    }
}

/// The part after the last slash.
pub(crate) fn last_segment(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

/// A file of a project as a world declares it.
#[derive(Clone, Debug)]
pub(crate) struct WorldFile {
    pub(crate) path: String,
    pub(crate) executable: bool,
    pub(crate) data: bytes::Bytes,
}

/// A commit as a world declares it, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct WorldCommit {
    pub(crate) author: Arc<Person>,
    pub(crate) at: OffsetDateTime,
    pub(crate) message: String,
}
