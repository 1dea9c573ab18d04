//! Files of many projects at once: taken from the store where the blob is the one held, read from GitLab otherwise.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gitlab::{Content, FileWanted, Project, Repository};
use model::{BlobId, ProjectId};
use store::{FileKey, FileRow, Store};

use super::{Connection, upstream::Failure};
use crate::{
    codeowners,
    format::Limits,
    walk::{FileState, Files},
};

/// The paths that every project is asked for: its catalog file and the places of CODEOWNERS.
pub(super) fn paths(catalog_file: &str) -> Vec<String> {
    std::iter::once(catalog_file).chain(codeowners::PATHS).map(str::to_owned).collect()
}

/// A file on a project's default branch.
pub(super) fn on_default(project: ProjectId, path: &str) -> FileKey {
    FileKey { project, git_ref: String::new(), path: path.to_owned() }
}

/// A file and what is known of it before it is read.
#[derive(Debug, Clone)]
pub(super) struct FileMetaKey {
    pub(super) key: FileKey,
    pub(super) blob: Option<BlobId>,
    pub(super) size: Option<u64>,
}

impl FileMetaKey {
    pub(super) fn unknown(key: FileKey) -> Self {
        Self { key, blob: None, size: None }
    }
}

/// Files as they are now, with what the store must take over or forget.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub(super) files: Files,
    pub(super) rows: Vec<FileRow>,
    pub(super) gone: Vec<FileKey>,
}

impl Fetched {
    /// Takes what a listing of projects already says: which of `paths` are there, under which blob. Answers with the
    /// files whose text is still to be read.
    pub(super) fn listed(
        &mut self,
        project: &Project,
        paths: &[String],
        held: &HashMap<FileKey, BlobId>,
    ) -> Vec<FileMetaKey> {
        let mut wanted = Vec::new();
        for path in paths {
            let key = on_default(project.id, path);
            let had = held.get(&key);
            let meta = match &project.repository {
                // A repository that the token may not read says nothing about its files.
                Repository::Unreadable if had.is_some() => {
                    let why = "the token may not read the code of this project any more".to_owned();
                    self.files.insert(key, FileState::Failed(why));
                    continue;
                }
                Repository::Unanswered(why) => {
                    self.files.insert(key, FileState::Failed(why.clone()));
                    continue;
                }
                Repository::Unreadable | Repository::Empty => None,
                Repository::Ready { files, .. } => files.iter().find(|file| file.path == *path),
            };
            match meta {
                None => {
                    if had.is_some() {
                        self.gone.push(key.clone());
                    }
                    self.files.insert(key, FileState::Missing);
                }
                Some(meta) if too_large(meta.size) => {
                    let (blob, size) = (meta.blob.clone(), meta.size);
                    self.rows.push(FileRow { key: key.clone(), blob, size, text: None });
                    self.files.insert(key, FileState::TooLarge { bytes: meta.size });
                }
                Some(meta) => wanted.push(FileMetaKey { key, blob: Some(meta.blob.clone()), size: Some(meta.size) }),
            }
        }
        wanted
    }

    /// After [`Fetched::listed`] of one project: is every file as it is held?
    pub(super) fn same_as(&self, wanted: &[FileMetaKey], held: &HashMap<FileKey, BlobId>) -> bool {
        self.gone.is_empty() && self.rows.is_empty() && wanted.iter().all(|f| held.get(&f.key) == f.blob.as_ref())
    }

    /// Takes the texts of `wanted` from the store where the blob held is the one wanted. Answers with the others.
    pub(super) async fn stored(
        &mut self,
        store: &Store,
        connection: &Connection,
        wanted: Vec<FileMetaKey>,
        held: &HashMap<FileKey, BlobId>,
    ) -> Result<Vec<FileMetaKey>, store::Error> {
        let (same, mut other): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|file| file.blob.is_some() && held.get(&file.key) == file.blob.as_ref());
        let mut missing: BTreeMap<FileKey, FileMetaKey> = same.into_iter().map(|f| (f.key.clone(), f)).collect();
        let projects: BTreeSet<ProjectId> = missing.keys().map(|key| key.project).collect();
        let projects: Vec<ProjectId> = projects.into_iter().collect();
        for row in store.files(&connection.name, &projects).await? {
            if missing.remove(&row.key).is_some() {
                self.files.insert(row.key, state(row.text, row.blob, row.size));
            }
        }
        other.extend(missing.into_values());
        Ok(other)
    }

    /// Takes whatever the store holds of `wanted`. Answers with the others.
    pub(super) async fn stored_as_is(
        &mut self,
        store: &Store,
        connection: &Connection,
        wanted: Vec<FileKey>,
    ) -> Result<Vec<FileKey>, store::Error> {
        let projects: BTreeSet<ProjectId> = wanted.iter().map(|key| key.project).collect();
        let projects: Vec<ProjectId> = projects.into_iter().collect();
        let mut missing: BTreeSet<FileKey> = wanted.into_iter().collect();
        for row in store.files(&connection.name, &projects).await? {
            if missing.remove(&row.key) {
                self.files.insert(row.key, state(row.text, row.blob, row.size));
            }
        }
        Ok(missing.into_iter().collect())
    }

    /// Reads files from GitLab. An error answer is no answer: those files are marked as failed. Only a token that is refused
    /// ends the reading, for nothing further would be answered.
    pub(super) async fn read(&mut self, connection: &Connection, wanted: Vec<FileMetaKey>) -> Result<(), Failure> {
        // By the branch to read from, and by the one that the file is known under.
        let mut by_ref: BTreeMap<(Option<String>, String), Vec<FileMetaKey>> = BTreeMap::new();
        for file in wanted {
            let git_ref = file.key.git_ref.clone();
            let branch =
                if git_ref.is_empty() { connection.branch_of(file.key.project) } else { Some(git_ref.clone()) };
            by_ref.entry((branch, git_ref)).or_default().push(file);
        }
        for ((branch, git_ref), files) in by_ref {
            let wanted: Vec<FileWanted> = files
                .iter()
                .map(|f| FileWanted { project: f.key.project, path: f.key.path.clone(), size: f.size })
                .collect();
            let keys: Vec<FileKey> = files.into_iter().map(|f| f.key).collect();
            match connection.gitlab.texts(&wanted, branch.as_deref()).await {
                Ok(texts) => {
                    let mut open: BTreeSet<FileKey> = keys.into_iter().collect();
                    for text in texts {
                        let key = FileKey { project: text.project, git_ref: git_ref.clone(), path: text.path.clone() };
                        open.remove(&key);
                        self.take(key, text);
                    }
                    for key in open {
                        let why = "GitLab answered without this file's project".to_owned();
                        self.files.insert(key, FileState::Failed(why));
                    }
                }
                Err(error) if matches!(error.kind, gitlab::Kind::Unauthorized(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(connection = %connection.name, files = keys.len(), %error, "files were not read");
                    for key in keys {
                        self.files.insert(key, FileState::Failed(error.to_string()));
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, key: FileKey, text: gitlab::FileText) {
        let blob = text.blob.unwrap_or_else(|| BlobId(String::new()));
        let size = text.size.unwrap_or(0);
        let content = match text.content {
            Content::Unanswered(why) => {
                self.files.insert(key, FileState::Failed(why));
                return;
            }
            Content::Missing => {
                self.gone.push(key.clone());
                self.files.insert(key, FileState::Missing);
                return;
            }
            Content::Text(content) if !too_large(size) => Some(content),
            Content::Text(_) | Content::Binary | Content::TooLarge => None,
        };
        self.rows.push(FileRow { key: key.clone(), blob: blob.clone(), size, text: content.clone() });
        self.files.insert(key, state(content, blob, size));
    }
}

fn too_large(bytes: u64) -> bool {
    usize::try_from(bytes).map_or(true, |bytes| bytes > Limits::default().bytes)
}

/// A file without a kept text is either larger than what is read or no text.
fn state(text: Option<String>, blob: BlobId, size: u64) -> FileState {
    match text {
        Some(text) => FileState::Text { text, blob },
        None if too_large(size) => FileState::TooLarge { bytes: size },
        None => FileState::Binary,
    }
}
