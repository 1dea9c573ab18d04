//! Orphans: a file that nothing leads to any more, while it still exists. Somebody took it out of a Location, perhaps by
//! mistake, so what it describes stays and says so; it goes when the file goes.

use std::collections::{BTreeSet, HashMap};

use model::{Code, Entity, Problem, Severity, Staleness};
use serde_json::{Value, json};
use store::{FileKey, Replacement, Root};

use super::{
    Connection, Sync,
    fetch::{Fetched, FileMetaKey},
    roots::{Start, Walks},
    upstream::Failure,
};
use crate::{codeowners, walk::FileState};

impl Sync {
    /// The files that each root was read from before and is not led to now, read again to know whether they exist.
    pub(super) async fn left_behind(
        &self,
        connection: &Connection,
        walks: &Walks,
        fetched: &mut Fetched,
    ) -> Result<HashMap<Root, BTreeSet<FileKey>>, Failure> {
        let roots: Vec<Root> = walks.done.iter().map(|(start, _)| start.root.clone()).collect();
        let mut before = self.store().reach_of(&connection.name, &roots).await?;
        let mut left: HashMap<Root, BTreeSet<FileKey>> = HashMap::new();
        for (start, walked) in &walks.done {
            let now: BTreeSet<&FileKey> = walked.reach.iter().collect();
            let files = before.remove(&start.root).unwrap_or_default();
            // A project that is gone took its files with it.
            let there = |key: &FileKey| connection.projects().get(key.project).is_some();
            let files: BTreeSet<FileKey> = files
                .into_iter()
                .filter(|key| !now.contains(key) && !asked_for_anyway(start, key) && there(key))
                .collect();
            if !files.is_empty() {
                left.insert(start.root.clone(), files);
            }
        }
        let unknown: BTreeSet<&FileKey> = left.values().flatten().filter(|k| !fetched.files.contains_key(k)).collect();
        let unknown: Vec<FileMetaKey> = unknown.into_iter().cloned().map(FileMetaKey::unknown).collect();
        fetched.read(connection, unknown).await?;
        Ok(left)
    }

    /// Adds what those files described to what the root states now.
    pub(super) fn keep_orphans(
        &self,
        replacement: &mut Replacement,
        left: &BTreeSet<FileKey>,
        previous: &[Entity],
        fetched: &Fetched,
    ) {
        for key in left {
            let state = fetched.files.get(key);
            if matches!(state, None | Some(FileState::Missing)) {
                continue;
            }
            let held: Vec<&Entity> = previous.iter().filter(|entity| is_in(key, entity)).collect();
            if held.is_empty() {
                // It only filled a placeholder.
                continue;
            }
            replacement.reach.push(key.clone());
            for entity in held {
                let mut entity = orphaned(entity.clone());
                if let Some(FileState::Failed(reason)) = state {
                    let since = self.catalog.clock().now();
                    entity.stale.get_or_insert_with(|| Staleness { since, reason: reason.clone() });
                }
                replacement.entities.push(entity);
            }
        }
    }
}

/// The catalog file and CODEOWNERS are looked at in every reading: when they are not part of it, they are gone.
fn asked_for_anyway(start: &Start, key: &FileKey) -> bool {
    *key == start.file || codeowners::PATHS.contains(&key.path.as_str())
}

fn is_in(key: &FileKey, entity: &Entity) -> bool {
    let source = &entity.source;
    source.project == Some(key.project)
        && source.file.as_deref() == Some(key.path.as_str())
        && (key.git_ref.is_empty() || source.git_ref.as_deref() == Some(key.git_ref.as_str()))
}

fn orphaned(mut entity: Entity) -> Entity {
    if entity.problems.iter().any(|problem| problem.code == Code::Orphan) {
        return entity;
    }
    if let Ok(mut body) = serde_json::from_str::<Value>(&entity.body)
        && let Some(annotations) = body.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
    {
        annotations.insert("backstage.io/orphan".into(), json!("true"));
        entity.body = body.to_string();
    }
    let message = format!("no Location leads to {} any more", entity.source.file.as_deref().unwrap_or("its file"));
    let remedy = "List the file in a Location again, or delete it.";
    entity.problems.push(Problem::new(Code::Orphan, Severity::Warning, message, remedy));
    entity
}
