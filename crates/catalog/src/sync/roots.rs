//! Walking roots to their end and storing what they state.

use std::collections::BTreeSet;

use model::{ProjectId, Staleness};
use store::{Batch, FileKey, Replacement, Root};

use super::{
    Connection, Sync,
    fetch::{Fetched, FileMetaKey, on_default},
    pass::Began,
    upstream::Failure,
};
use crate::{
    assemble::{Reading, assemble},
    project::ProjectRecord,
    target,
    walk::{self, Walked, walk},
};

/// Rounds of reading what Locations lead to: one more than they may be deep, and one for placeholders.
const ROUNDS: usize = 12;

/// Something to walk: a root and the file it begins with.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) root: Root,
    pub(super) file: FileKey,
}

/// How files that are not known yet are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness<'a> {
    /// All of them from GitLab.
    Read,
    /// From the store where it has them, except those of the projects that changed.
    StoredUnless(&'a [ProjectId]),
}

/// What came of walking some roots.
#[derive(Debug, Default)]
pub(super) struct Walks {
    pub(super) done: Vec<(Start, Walked)>,
    pub(super) failed: Vec<(Start, String)>,
}

/// Where a project begins.
pub(super) fn start_of(connection: &Connection, id: ProjectId) -> Start {
    Start { root: Root::Project(id), file: on_default(id, &connection.file) }
}

impl Sync {
    /// Where a registered location begins; `None` while its project is not known.
    pub(super) fn start_of_location(&self, connection: &Connection, location: &store::Location) -> Option<Start> {
        // A web address does not depend on where it is written.
        let nowhere = on_default(ProjectId(0), "");
        let projects = connection.projects();
        let file = target::resolve(&location.target, &nowhere, &connection.url, &projects).ok()?;
        Some(Start { root: Root::Location(location.id.clone()), file })
    }

    pub(super) fn walk_one(&self, connection: &Connection, start: &Start, fetched: &Fetched) -> Walked {
        let projects = connection.projects();
        let map = walk::Map { instance: &connection.url, projects: &projects, files: &fetched.files };
        walk(&start.file, matches!(start.root, Root::Location(_)), map)
    }

    /// Walks all of them to their end, reading what they need in rounds.
    pub(super) async fn walk_all(
        &self,
        connection: &Connection,
        starts: Vec<Start>,
        fetched: &mut Fetched,
        freshness: Freshness<'_>,
    ) -> Result<Walks, Failure> {
        let mut walks = Walks::default();
        let mut open = starts;
        for _ in 0..ROUNDS {
            let mut needs = BTreeSet::new();
            let mut next = Vec::new();
            for start in open {
                let walked = self.walk_one(connection, &start, fetched);
                if let Some(why) = walked.failed {
                    walks.failed.push((start, why));
                } else if walked.needs.is_empty() {
                    walks.done.push((start, walked));
                } else {
                    needs.extend(walked.needs);
                    next.push(start);
                }
            }
            if next.is_empty() {
                return Ok(walks);
            }
            let (store_first, read_now): (Vec<_>, Vec<_>) = needs.into_iter().partition(|key| match freshness {
                Freshness::Read => false,
                Freshness::StoredUnless(changed) => !changed.contains(&key.project),
            });
            let mut wanted = fetched.stored_as_is(self.store(), connection, store_first).await?;
            wanted.extend(read_now);
            fetched.read(connection, wanted.into_iter().map(FileMetaKey::unknown).collect()).await?;
            open = next;
        }
        walks.failed.extend(open.into_iter().map(|start| (start, "it leads to files without end".to_owned())));
        Ok(walks)
    }

    /// What walked roots state, with what is kept of files that cannot be read any more.
    pub(super) async fn replacements(
        &self,
        connection: &Connection,
        walks: Walks,
        fetched: &mut Fetched,
    ) -> Result<Vec<Replacement>, Failure> {
        let now = self.catalog.clock().now();
        let left = self.left_behind(connection, &walks, fetched).await?;
        let mut replacements = Vec::with_capacity(walks.done.len());
        for (start, walked) in walks.done {
            let broken = !walked.unreadable.is_empty() || !walked.refused.is_empty();
            let left = left.get(&start.root);
            let previous = if broken || left.is_some() {
                self.store().entities_of(&connection.name, &start.root).await?
            } else {
                Vec::new()
            };
            let share = match start.root {
                Root::Project(id) => connection.commits().share(id),
                Root::Location(_) | Root::Group(_) | Root::User(_) => None,
            };
            let projects = connection.projects();
            let reading = Reading {
                connection: &connection.name,
                instance: &connection.url,
                projects: &projects,
                files: &fetched.files,
                share: share.as_ref(),
                now,
            };
            let kept = if broken { previous.clone() } else { Vec::new() };
            let mut replacement = assemble(reading, start.root, &start.file, walked, kept);
            if let Some(left) = left {
                self.keep_orphans(&mut replacement, left, &previous, fetched);
            }
            replacements.push(replacement);
        }
        for (start, why) in walks.failed {
            replacements.extend(self.stale(connection, &start, &why).await?);
        }
        Ok(replacements)
    }

    /// The last good state of a root that was not answered for, marked as such; `None` when there is none.
    async fn stale(&self, connection: &Connection, start: &Start, why: &str) -> Result<Option<Replacement>, Failure> {
        let mut entities = self.store().entities_of(&connection.name, &start.root).await?;
        if entities.is_empty() {
            return Ok(None);
        }
        let since = self.catalog.clock().now();
        for entity in &mut entities {
            entity.stale.get_or_insert_with(|| Staleness { since, reason: why.to_owned() });
        }
        let reach = self.store().reach_of(&connection.name, std::slice::from_ref(&start.root)).await?;
        let reach = reach.into_values().flatten().collect();
        Ok(Some(Replacement { root: start.root.clone(), entities, reach }))
    }

    /// Stores a batch of a pass, without what jobs read since the pass began.
    pub(super) async fn store_pass(&self, connection: &Connection, began: &Began, batch: Batch) -> Result<(), Failure> {
        self.store_job(connection, began.of(batch)).await.map(|_younger| ())
    }

    /// Stores a batch. Answers with the roots that were stored by another since it was read: those are left as they are.
    pub(super) async fn store_job(&self, connection: &Connection, batch: Batch) -> Result<Vec<Root>, Failure> {
        let writing = connection.write().await?;
        let overtaken = self.keep(connection, writing, batch).await?;
        self.note_progress(connection);
        Ok(overtaken)
    }

    fn note_progress(&self, connection: &Connection) {
        let entities = self.catalog.count_of(&connection.name);
        let requests = connection.gitlab.usage().sent;
        self.tell(connection, |status| {
            status.entities = entities;
            status.requests = requests;
        });
    }

    pub(super) fn row(record: &ProjectRecord) -> Result<store::ProjectRow, Failure> {
        Ok(record.row()?)
    }
}
