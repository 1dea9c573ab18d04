//! What the catalog holds of one entity.

use serde::{Deserialize, Serialize};

use crate::{BlobId, ConnectionName, EntityRef, Millis, Problem, ProjectId, RefKey, RelationType, implied_relations};

/// How an entity came to be in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Declared in a catalog file.
    File,
    /// Inferred from a project without a usable catalog file.
    Inferred,
    /// A group or user of GitLab.
    Directory,
    /// A location registered by a person through the API.
    Registered,
}

impl Origin {
    /// The spelling of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Inferred => "inferred",
            Self::Directory => "directory",
            Self::Registered => "registered",
        }
    }
}

/// Where an owner is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// `spec.owner` of the catalog file.
    Declared,
    /// The last matching line of CODEOWNERS.
    Codeowners,
    /// Who wrote most of what was committed lately.
    Commits,
    /// The GitLab group the project lives in.
    Group,
    /// Nobody is known.
    Missing,
}

impl Evidence {
    /// The spelling of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Codeowners => "codeowners",
            Self::Commits => "commits",
            Self::Group => "group",
            Self::Missing => "missing",
        }
    }
}

/// Who owns an entity and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The owner as written or inferred; absent only with [`Evidence::Missing`].
    pub owner: Option<RefKey>,
    /// Where it is known from.
    pub evidence: Evidence,
    /// For people: `catalog-info.yaml line 9`, `.gitlab/CODEOWNERS line 3`, `82 % of 37 commits since 27 August`.
    pub detail: String,
    /// With [`Evidence::Commits`]: how much of it, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u8>,
}

impl Ownership {
    /// How sure it is, in percent: what somebody wrote down is surer than what follows from it.
    #[must_use]
    pub fn confidence(&self) -> u8 {
        match self.evidence {
            Evidence::Declared => 100,
            Evidence::Codeowners => 90,
            // Who writes most need not be who answers for it.
            Evidence::Commits => self.share.unwrap_or(0).min(85),
            Evidence::Group => 40,
            Evidence::Missing => 0,
        }
    }

    /// Is it stated, or as good as that, rather than guessed?
    #[must_use]
    pub fn is_stated(&self) -> bool {
        self.confidence() >= 80
    }
}

/// One inferred value and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The field it fills, dotted.
    pub field: String,
    /// The value.
    pub value: String,
    /// Why: `82.4 % of the repository's bytes`.
    pub because: String,
    /// A link to what was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The file, or the project or group, an entity was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which connection read it.
    pub connection: ConnectionName,
    /// The project; absent for groups and users.
    pub project: Option<ProjectId>,
    /// The project's (or group's) full path when it was read.
    pub project_path: String,
    /// The project's web address.
    pub project_url: String,
    /// The file in the repository; absent for inferred entities, groups and users.
    pub file: Option<String>,
    /// The branch that was read.
    pub git_ref: Option<String>,
    /// The blob that was read.
    pub blob: Option<BlobId>,
    /// The line on which the document starts, from 1.
    pub line: Option<u32>,
}

impl Source {
    /// The web address of the file, or of the project when there is no file.
    #[must_use]
    pub fn url(&self) -> String {
        match (&self.file, &self.git_ref) {
            (Some(file), Some(git_ref)) => format!("{}/-/blob/{git_ref}/{file}", self.project_url),
            _ => self.project_url.clone(),
        }
    }

    /// The web address of another file of the same project and branch, at a line.
    #[must_use]
    pub fn url_in(&self, file: &str, line: Option<u32>) -> String {
        let branch = self.git_ref.as_deref().unwrap_or("HEAD");
        let line = line.map_or(String::new(), |line| format!("#L{line}"));
        format!("{}/-/blob/{branch}/{file}{line}", self.project_url)
    }

    /// The web address of one line of the file.
    #[must_use]
    pub fn line_url(&self, line: u32) -> String {
        if self.file.is_some() { format!("{}#L{line}", self.url()) } else { self.url() }
    }
}

/// Why what is shown may be old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staleness {
    /// When reading began to fail.
    pub since: Millis,
    /// What GitLab answered.
    pub reason: String,
}

/// One entity as the catalog holds it: one document of one file, one inferred component, one group or user.
///
/// Two of them may claim one reference; [`Entity::claimed_at`] decides which holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The store's number of this row; 0 until stored. Never used again for another entity.
    pub id: i64,
    /// Its reference, in the case it was written.
    pub entity_ref: EntityRef,
    /// How it came to be here.
    pub origin: Origin,
    /// From where.
    pub source: Source,
    /// `{apiVersion, kind, metadata, spec}` as JSON text, defaults and annotations filled in, without `uid`, `etag`,
    /// relations and status.
    pub body: String,
    /// What the body states about others, seen from this entity.
    pub relations: Vec<(RelationType, RefKey)>,
    /// References that people use for it besides its own: a group's path in other spellings.
    pub aliases: Vec<RefKey>,
    /// Who owns it. Groups, users and Locations without an owner have none.
    pub ownership: Option<Ownership>,
    /// The repository's main language, if known.
    pub language: Option<String>,
    /// For inferred entities: what was concluded from what.
    pub facts: Vec<Fact>,
    /// What is wrong with it; conflicts and dangling references are found by the index and not kept here.
    pub problems: Vec<Problem>,
    /// Set while GitLab does not answer for it.
    pub stale: Option<Staleness>,
    /// When this document first claimed its reference. The earliest claim holds; ties go to the older project.
    pub claimed_at: Millis,
    /// When its content last changed.
    pub changed_at: Millis,
}

impl Entity {
    /// An entity that says `body`, with the relations that its `spec` states and nothing else known of it.
    #[must_use]
    pub fn stated(entity_ref: EntityRef, origin: Origin, source: Source, body: String) -> Self {
        Self {
            id: 0,
            relations: Self::relations_of(&entity_ref, &body),
            entity_ref,
            origin,
            source,
            body,
            aliases: Vec::new(),
            ownership: None,
            language: None,
            facts: Vec::new(),
            problems: Vec::new(),
            stale: None,
            claimed_at: 0,
            changed_at: 0,
        }
    }

    /// The relations that a body states, or none when the body is not JSON (which only a damaged store can give).
    #[must_use]
    pub fn relations_of(entity_ref: &EntityRef, body: &str) -> Vec<(RelationType, RefKey)> {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(body) else { return Vec::new() };
        value.get("spec").map(|spec| implied_relations(entity_ref, spec)).unwrap_or_default()
    }
}
