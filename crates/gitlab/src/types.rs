//! What the reading side gives out. Everything is parsed: a time is a time, an unknown visibility counts as private.

use model::{BlobId, GroupId, Millis, ProjectId, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// Which GitLab this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// For example `18.2.1-ee`.
    pub version: String,
    /// The commit it was built from, short.
    #[serde(default)]
    pub revision: String,
    /// Enterprise Edition, licensed or not.
    #[serde(default)]
    pub enterprise: bool,
}

/// What GitLab says about our own token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// Its number.
    pub id: u64,
    /// The name its maker gave it.
    pub name: String,
    /// For example `read_api`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The day on which it stops working (at midnight UTC); `None` for never.
    #[serde(default, deserialize_with = "day")]
    pub expires_at: Option<Date>,
    /// Whose it is; a bot for project and group tokens.
    pub user_id: UserId,
    /// Does it work?
    #[serde(default)]
    pub active: bool,
    /// Was it taken back?
    #[serde(default)]
    pub revoked: bool,
}

impl TokenInfo {
    /// May it read what the catalog needs?
    #[must_use]
    pub fn reads_api(&self) -> bool {
        self.scopes.iter().any(|s| s == "api" || s == "read_api")
    }
}

/// A user as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct User {
    /// Survives renames.
    pub id: UserId,
    /// The name in addresses and mentions.
    pub username: String,
    /// The full name.
    pub name: String,
    /// `active`, `blocked`, `deactivated`, `banned` …, lower-case.
    pub state: String,
    /// The address they chose to show.
    pub public_email: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// Their page.
    pub web_url: String,
    /// Made by GitLab for a token or a service.
    pub bot: bool,
}

/// Who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Members.
    Private,
    /// Everybody who is signed in and not external.
    Internal,
    /// Everybody.
    Public,
}

impl Visibility {
    /// Reads GitLab's word; what we do not know counts as private.
    #[must_use]
    pub fn read(text: Option<&str>) -> Self {
        match text.map(str::to_ascii_lowercase).as_deref() {
            Some("public") => Self::Public,
            Some("internal") => Self::Internal,
            _ => Self::Private,
        }
    }

    /// GitLab's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// What to read of each project beside its description.
#[derive(Debug, Clone, Copy, Default)]
pub struct Want<'a> {
    /// Files whose blob ids and sizes are wanted, by path from the root. Each costs GitLab work on every project.
    pub paths: &'a [&'a str],
}

/// Whose projects a list names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope<'a> {
    /// Those that the token's user is a member of.
    #[default]
    Member,
    /// All that the token may see: for an administrator, the whole instance.
    Visible,
    /// Those of one group.
    Group {
        /// The group's full path.
        path: &'a str,
        /// Also of the groups below it.
        nested: bool,
    },
}

/// Which projects to list, and what of them beside [`Want`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listing<'a> {
    /// Whose.
    pub scope: Scope<'a>,
    /// Only those with all of these topics. GitLab does not filter a group's projects by them.
    pub topics: &'a [String],
    /// Look for files on this branch instead of the default one.
    pub branch: Option<&'a str>,
    /// Where a project does not have that branch.
    pub fallback_branch: Option<&'a str>,
    /// Ask whether each is a fork. The oldest of the supported versions do not know that field and refuse the question.
    pub forks: bool,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in GitLab's order.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<String>,
    /// How many there are over all pages; only the first page says it.
    pub total: Option<u64>,
    /// What of this page GitLab did not answer. Not empty means that something may be missing from `items`.
    pub partial: Vec<Partial>,
}

/// Something that was asked for and not answered. What was known of it stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Partial {
    /// What: the full path of a group or project, or else the place in the answer (`projects.nodes.3`).
    pub at: String,
    /// Why, in GitLab's words.
    pub message: String,
}

/// The group a project lies in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupRef {
    /// Survives renames and moves.
    pub id: GroupId,
    /// For example `sandrill/checkout`.
    pub full_path: String,
    /// The display name.
    pub name: String,
    /// Its page.
    pub web_url: String,
}

/// A project as discovery sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Survives renames and moves.
    pub id: ProjectId,
    /// The full path, for example `sandrill/checkout/payments-api`.
    pub path: String,
    /// The display name.
    pub name: String,
    /// What its people wrote; empty counts as none.
    pub description: Option<String>,
    /// Its page.
    pub web_url: String,
    /// Read-only for good.
    pub archived: bool,
    /// Who may see it.
    pub visibility: Visibility,
    /// The last push, issue, comment …; GitLab moves it at most once an hour.
    pub last_activity_at: Option<Millis>,
    /// Its topics.
    pub topics: Vec<String>,
    /// The group it lies in; `None` in the space of a user.
    pub group: Option<GroupRef>,
    /// The full path of the group or user it lies in.
    pub namespace_path: String,
    /// Its files.
    pub repository: Repository,
    /// Languages and their share in per cent, the largest first.
    pub languages: Vec<(String, f64)>,
    /// Was it made from another project? `None` when that was not asked.
    pub forked: Option<bool>,
}

/// What could be seen of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repository {
    /// The token may not read code here: a definite answer.
    Unreadable,
    /// There is no commit on a default branch.
    Empty,
    /// There is something to read.
    Ready {
        /// The branch that was looked at: the default one, unless another was named and is there.
        root_ref: String,
        /// The wanted files that exist there, by path.
        files: Vec<FileMeta>,
    },
    /// GitLab answered with an error (the reason): nothing follows from it, what was known stays.
    Unanswered(String),
}

/// A file that exists on the default branch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileMeta {
    /// From the root.
    pub path: String,
    /// Equal ids mean equal bytes.
    pub blob: BlobId,
    /// In bytes.
    pub size: u64,
}

/// Is a project there?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existence {
    /// Under this full path.
    Present(String),
    /// GitLab says definitely 404: deleted, or no longer visible to this token.
    Gone,
}

/// A file whose text is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileWanted {
    /// Of which project.
    pub project: ProjectId,
    /// From the root.
    pub path: String,
    /// Its size in bytes where it is known (from [`FileMeta`]); `None` costs one more question.
    pub size: Option<u64>,
}

/// The answer to one [`FileWanted`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// Of which project.
    pub project: ProjectId,
    /// From the root.
    pub path: String,
    /// Its id, where the file was found.
    pub blob: Option<BlobId>,
    /// Its size in bytes, where it is known.
    pub size: Option<u64>,
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text; GitLab has made UTF-8 of it.
    Text(String),
    /// Not text.
    Binary,
    /// The project answered, and has no such file.
    Missing,
    /// Larger than what is read.
    TooLarge,
    /// GitLab did not answer for this file (the reason): what was known stays.
    Unanswered(String),
}

/// A group and its own members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Survives renames and moves.
    pub id: GroupId,
    /// For example `sandrill/checkout`.
    pub full_path: String,
    /// The display name.
    pub name: String,
    /// What its people wrote; empty counts as none.
    pub description: Option<String>,
    /// Its page.
    pub web_url: String,
    /// The full path of the group above; `None` at the top.
    pub parent_path: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// A picture.
    pub avatar_url: Option<String>,
    /// Direct members only; inherited ones are members of a group above.
    pub members: Vec<Member>,
}

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// Who.
    pub user: User,
    /// GitLab's access level: 10 guest, 20 reporter, 30 developer, 40 maintainer, 50 owner.
    pub level: u16,
}

/// A group with all groups below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTree {
    /// The top group first, the others in GitLab's order.
    pub groups: Vec<Group>,
    /// What was not answered. For a group named here the known members stay.
    pub partial: Vec<Partial>,
    /// Were all groups listed? If not, a group that is absent here is not gone.
    pub complete: bool,
}

/// A system hook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hook {
    /// Its number.
    pub id: u64,
    /// Where it delivers.
    pub url: String,
    /// Does it deliver pushes?
    #[serde(default)]
    pub push_events: bool,
    /// `executable`, `temporarily_disabled` or `disabled`, where GitLab says it.
    #[serde(default)]
    pub alert_status: Option<String>,
}

/// Reads a time of GitLab's, ISO 8601 with offset.
pub(crate) fn instant(text: &str) -> Option<Millis> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Millis::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Text that says something.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.trim().is_empty())
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    Date::parse(&text, format_description!("[year]-[month]-[day]")).map(Some).map_err(serde::de::Error::custom)
}
