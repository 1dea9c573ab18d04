//! The rows of `sandrill.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::world::model::Visibility;

#[derive(Debug, Deserialize)]
pub(super) struct Sheet {
    #[serde(default)]
    pub(super) people: Vec<PersonRow>,
    #[serde(default)]
    pub(super) groups: Vec<GroupRow>,
    #[serde(default)]
    pub(super) projects: Vec<ProjectRow>,
    /// Role to user name; a role that is not named here is found by level.
    #[serde(default)]
    pub(super) tokens: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PersonRow {
    pub(super) username: String,
    pub(super) name: String,
    pub(super) email: String,
    #[serde(default)]
    pub(super) job_title: Option<String>,
    #[serde(default = "active")]
    pub(super) state: String,
    #[serde(default)]
    pub(super) bot: bool,
    #[serde(default)]
    pub(super) created: Option<String>,
}

pub(super) fn active() -> String {
    "active".to_owned()
}

#[derive(Debug, Deserialize)]
pub(super) struct MemberRow {
    pub(super) user: String,
    pub(super) level: u8,
    #[serde(default)]
    pub(super) expires: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GroupRow {
    pub(super) path: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) visibility: Visibility,
    #[serde(default)]
    pub(super) members: Vec<MemberRow>,
    #[serde(default)]
    pub(super) created: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProjectRow {
    pub(super) path: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) topics: Vec<String>,
    #[serde(default)]
    pub(super) visibility: Visibility,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default = "main_branch")]
    pub(super) default_branch: String,
    #[serde(default)]
    pub(super) languages: BTreeMap<String, f64>,
    #[serde(default)]
    pub(super) members: Vec<MemberRow>,
    #[serde(default)]
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) last_activity: Option<String>,
    #[serde(default)]
    pub(super) forked_from: Option<String>,
    #[serde(default)]
    pub(super) commits: Vec<CommitRow>,
    #[serde(default)]
    pub(super) empty: bool,
}

fn main_branch() -> String {
    "main".to_owned()
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitRow {
    #[serde(default)]
    pub(super) author: Option<String>,
    #[serde(default)]
    pub(super) date: Option<String>,
    pub(super) message: String,
}
