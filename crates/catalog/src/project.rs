//! What the catalog keeps of a project between readings.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use gitlab::{Project, Repository};
use model::{ConnectionName, ProjectId};
use serde::{Deserialize, Serialize};
use store::ProjectRow;

/// A project as it was last read. There is one in memory for each that a connection sees, so what many of them say is
/// shared (see [`Projects`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProjectRecord {
    pub(crate) id: ProjectId,
    /// Full path.
    pub(crate) path: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) web_url: String,
    pub(crate) visibility: Arc<str>,
    pub(crate) archived: bool,
    /// The group it lives in; absent in a user's own namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<Arc<GroupName>>,
    pub(crate) namespace: Arc<str>,
    pub(crate) topics: Vec<String>,
    /// With their shares of the repository's bytes in percent, largest first.
    pub(crate) languages: Vec<(Arc<str>, f64)>,
    pub(crate) content: Content,
}

/// A group by path and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    Branch(Arc<str>),
}

impl ProjectRecord {
    pub(crate) fn of(project: &Project) -> Self {
        Self {
            id: project.id,
            path: project.path.clone(),
            name: project.name.clone(),
            description: project.description.clone().filter(|text| !text.trim().is_empty()),
            web_url: project.web_url.clone(),
            visibility: project.visibility.as_str().into(),
            archived: project.archived,
            group: project.group.as_ref().map(|group| {
                Arc::new(GroupName {
                    path: group.full_path.clone(),
                    name: group.name.clone(),
                    url: group.web_url.clone(),
                })
            }),
            namespace: project.namespace_path.as_str().into(),
            topics: project.topics.clone(),
            languages: project.languages.iter().map(|(name, share)| (name.as_str().into(), *share)).collect(),
            content: match &project.repository {
                Repository::Unreadable | Repository::Unanswered(_) => Content::Unreadable,
                Repository::Empty => Content::Empty,
                Repository::Ready { root_ref, .. } => Content::Branch(root_ref.as_str().into()),
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
        self.languages.first().map(|(name, share)| (&**name, *share))
    }

    pub(crate) fn row(&self) -> Result<ProjectRow, serde_json::Error> {
        Ok(ProjectRow { id: self.id, path: self.path.clone(), record: serde_json::to_string(self)? })
    }
}

/// The projects of one connection, by id and by path.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    by_id: HashMap<ProjectId, Box<ProjectRecord>>,
    /// By the hash of the path in lower case; whose path it is, is looked at in the record.
    by_path: HashMap<u64, ProjectId>,
    /// What records share: languages, branches, namespaces, groups.
    texts: HashSet<Arc<str>>,
    groups: HashSet<Arc<GroupName>>,
}

fn path_hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// The one of a set that is equal, which this is from now on if there is none.
fn shared<T: ?Sized + Eq + Hash>(set: &mut HashSet<Arc<T>>, value: &mut Arc<T>) {
    if let Some(known) = set.get(value) {
        value.clone_from(known);
    } else {
        set.insert(value.clone());
    }
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

    pub(crate) fn put(&mut self, mut record: ProjectRecord) {
        // Another project may have taken the old path meanwhile.
        self.remove(record.id);
        let Self { texts, groups, .. } = self;
        shared(texts, &mut record.visibility);
        shared(texts, &mut record.namespace);
        record.languages.iter_mut().for_each(|(name, _)| shared(texts, name));
        record.group.iter_mut().for_each(|group| shared(groups, group));
        if let Content::Branch(name) = &mut record.content {
            shared(texts, name);
        }
        self.by_path.insert(path_hash(&record.path), record.id);
        self.by_id.insert(record.id, Box::new(record));
    }

    pub(crate) fn remove(&mut self, id: ProjectId) {
        if let Some(old) = self.by_id.remove(&id)
            && self.by_path.get(&path_hash(&old.path)) == Some(&id)
        {
            self.by_path.remove(&path_hash(&old.path));
        }
    }

    pub(crate) fn get(&self, id: ProjectId) -> Option<&ProjectRecord> {
        self.by_id.get(&id).map(Box::as_ref)
    }

    pub(crate) fn at_path(&self, path: &str) -> Option<&ProjectRecord> {
        let record = self.get(*self.by_path.get(&path_hash(path))?)?;
        (record.path.to_lowercase() == path.to_lowercase()).then_some(record)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ProjectRecord> {
        self.by_id.values().map(Box::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u64, path: &str) -> ProjectRecord {
        let (namespace, name) = path.rsplit_once('/').expect("in a group");
        let url = format!("https://git.example/{namespace}");
        ProjectRecord {
            id: ProjectId(id),
            path: path.to_owned(),
            name: name.to_owned(),
            description: None,
            web_url: format!("https://git.example/{path}"),
            visibility: "private".into(),
            archived: false,
            group: Some(GroupName { path: namespace.to_owned(), name: namespace.to_owned(), url }.into()),
            namespace: namespace.into(),
            topics: Vec::new(),
            languages: vec![("Rust".into(), 82.4)],
            content: Content::Branch("main".into()),
        }
    }

    #[test]
    fn projects_are_found_by_path_also_after_one_took_anothers() {
        let mut projects = Projects::default();
        projects.put(record(1, "Sandrill/One"));
        projects.put(record(2, "sandrill/two"));
        let id_at = |projects: &Projects, path: &str| projects.at_path(path).map(|record| record.id.0);
        assert_eq!(id_at(&projects, "sandrill/ONE"), Some(1));
        projects.put(record(1, "sandrill/moved"));
        projects.put(record(2, "sandrill/one"));
        assert_eq!((id_at(&projects, "sandrill/one"), id_at(&projects, "sandrill/two")), (Some(2), None));
        projects.remove(ProjectId(1));
        assert_eq!((id_at(&projects, "sandrill/moved"), id_at(&projects, "sandrill/one")), (None, Some(2)));
    }

    #[test]
    fn what_many_say_is_kept_once_and_reads_as_it_was_written() {
        let mut projects = Projects::default();
        projects.put(record(1, "sandrill/one"));
        projects.put(record(2, "sandrill/two"));
        let group = |id| projects.get(ProjectId(id)).and_then(|record| record.group.clone()).expect("in a group");
        assert!(Arc::ptr_eq(&group(1), &group(2)));
        let name = ConnectionName::parse("main").expect("legal");
        let rows = projects.iter().map(|record| record.row().expect("JSON")).collect::<Vec<_>>();
        let again = Projects::of_rows(&name, rows);
        assert_eq!(again.get(ProjectId(2)), Some(&record(2, "sandrill/two")));
    }
}
