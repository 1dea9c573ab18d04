//! What of one GitLab is read: the options people know from their catalog's configuration, as one value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a connection finds. The default is everything the token's user is a member of.
///
/// Patterns are regular expressions over full paths (people: over user names), unanchored as in JavaScript's `test`.
// They are kept as text here; `catalog` compiles them and says which one is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Discovery {
    /// Only projects below these groups, by full path. Empty: wherever the token's user is a member.
    pub groups: Vec<String>,
    /// Also projects of the groups below them.
    pub nested: bool,
    /// Only projects whose full path matches one of these.
    pub projects: Vec<String>,
    /// Never these: full paths of projects, or of groups with all below them.
    pub exclude: Vec<String>,
    /// Only projects that have all of these topics.
    pub topics: Vec<String>,
    /// Also archived projects.
    pub archived: bool,
    /// Also forks.
    pub forks: bool,
    /// Only projects of which the token's user is a member. Without it an administrator's token reads the whole
    /// instance; it needs `groups` unless the whole instance is meant.
    pub membership: bool,
    /// Read catalog files from this branch; without one from each project's default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// For projects that do not have `branch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_branch: Option<String>,
    /// The path of catalog files. Absent: as the server is configured, `catalog-info.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which groups and people become entities.
    pub people: People,
}

/// Which groups and people become entities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct People {
    /// Read them at all.
    pub read: bool,
    /// Only groups whose full path matches one of these.
    pub groups: Vec<String>,
    /// Only people whose user name matches one of these.
    pub users: Vec<String>,
    /// Only people who are members of this group or of one below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restrict_to: Option<String>,
    /// A member of a group counts as a member of the groups below it.
    pub inherited: bool,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            nested: true,
            projects: Vec::new(),
            exclude: Vec::new(),
            topics: Vec::new(),
            archived: false,
            forks: true,
            membership: true,
            branch: None,
            fallback_branch: None,
            file: None,
            people: People::default(),
        }
    }
}

impl Default for People {
    fn default() -> Self {
        Self { read: true, groups: Vec::new(), users: Vec::new(), restrict_to: None, inherited: false }
    }
}
