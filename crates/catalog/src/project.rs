//! What the catalog keeps of a project between readings.

use std::collections::HashMap;

use gitlab::{Project, Repository};
use model::{ConnectionName, ProjectId};
use serde::{Deserialize, Serialize};
use store::ProjectRow;

/// A project as it was last read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProjectRecord {
    pub(crate) id: ProjectId,
    /// Full path.
    pub(crate) path: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) web_url: String,
    pub(crate) visibility: String,
    pub(crate) archived: bool,
    /// The group it lives in; absent in a user's own namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<GroupName>,
    pub(crate) namespace: String,
    pub(crate) topics: Vec<String>,
    /// With their shares of the repository's bytes in percent, largest first.
    pub(crate) languages: Vec<(String, f64)>,
    pub(crate) content: Content,
}

/// A group by path and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupName {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) url: String,
}

/// What the token sees of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content {
    /// The token may not read code here.
    Unreadable,
    /// Nothing was ever pushed.
    Empty,
    /// Code, on this default branch.
    Branch(String),
}

impl ProjectRecord {
    pub(crate) fn of(project: &Project) -> Self {
        Self {
            id: project.id,
            path: project.path.clone(),
            name: project.name.clone(),
            description: project.description.clone().filter(|text| !text.trim().is_empty()),
            web_url: project.web_url.clone(),
            visibility: project.visibility.as_str().to_owned(),
            archived: project.archived,
            group: project.group.as_ref().map(|group| GroupName {
                path: group.full_path.clone(),
                name: group.name.clone(),
                url: group.web_url.clone(),
            }),
            namespace: project.namespace_path.clone(),
            topics: project.topics.clone(),
            languages: project.languages.clone(),
            content: match &project.repository {
                Repository::Unreadable | Repository::Unanswered(_) => Content::Unreadable,
                Repository::Empty => Content::Empty,
                Repository::Ready { root_ref, .. } => Content::Branch(root_ref.clone()),
            },
        }
    }

    pub(crate) fn branch(&self) -> Option<&str> {
        match &self.content {
            Content::Branch(name) => Some(name),
            Content::Unreadable | Content::Empty => None,
        }
    }

    /// The largest language and its share.
    pub(crate) fn language(&self) -> Option<(&str, f64)> {
        self.languages.first().map(|(name, share)| (name.as_str(), *share))
    }

    pub(crate) fn row(&self) -> Result<ProjectRow, serde_json::Error> {
        Ok(ProjectRow { id: self.id, path: self.path.clone(), record: serde_json::to_string(self)? })
    }
}

/// The projects of one connection, by id and by path.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    by_id: HashMap<ProjectId, ProjectRecord>,
    by_path: HashMap<String, ProjectId>,
}

impl Projects {
    /// Reads what the store kept. A record of an older form is left out: its project is then read as if it were new.
    pub(crate) fn of_rows(connection: &ConnectionName, rows: impl IntoIterator<Item = ProjectRow>) -> Self {
        let mut projects = Self::default();
        projects.put_rows(connection, rows);
        projects
    }

    /// Takes over what the store keeps.
    pub(crate) fn put_rows(&mut self, connection: &ConnectionName, rows: impl IntoIterator<Item = ProjectRow>) {
        // An empty record says that the project is to be read anew.
        for row in rows.into_iter().filter(|row| !row.record.is_empty()) {
            match serde_json::from_str(&row.record) {
                Ok(record) => self.put(record),
                Err(error) => tracing::warn!(%connection, project = row.path, %error, "stored project is read anew"),
            }
        }
    }

    pub(crate) fn put(&mut self, record: ProjectRecord) {
        // Another project may have taken the old path meanwhile.
        self.remove(record.id);
        self.by_path.insert(record.path.to_lowercase(), record.id);
        self.by_id.insert(record.id, record);
    }

    pub(crate) fn remove(&mut self, id: ProjectId) {
        if let Some(old) = self.by_id.remove(&id)
            && self.by_path.get(&old.path.to_lowercase()) == Some(&id)
        {
            self.by_path.remove(&old.path.to_lowercase());
        }
    }

    pub(crate) fn get(&self, id: ProjectId) -> Option<&ProjectRecord> {
        self.by_id.get(&id)
    }

    pub(crate) fn at_path(&self, path: &str) -> Option<&ProjectRecord> {
        self.by_id.get(self.by_path.get(&path.to_lowercase())?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ProjectRecord> {
        self.by_id.values()
    }
}
