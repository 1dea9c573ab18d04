//! One project, read again because something happened to it.

use std::collections::{BTreeSet, HashMap};

use gitlab::{Existence, Scope, Want};
use model::ProjectId;
use store::{Batch, Root};

use super::{
    Connection, Sync,
    fetch::{Fetched, paths},
    roots::{Freshness, Start, start_of},
    upstream::Failure,
};
use crate::{discovery::Candidate, project::ProjectRecord};

impl Sync {
    /// Reads a project, and every root that was read from its files.
    pub(super) async fn project(&self, connection: &Connection, id: ProjectId) -> Result<(), Failure> {
        let paths = paths(&connection.file);
        let want: Vec<&str> = paths.iter().map(String::as_str).collect();
        let listing = connection.rules.listing();
        let found = connection.gitlab.projects_among(&listing, &[id], &Want { paths: &want }).await?;
        let project = match found.into_iter().find(|project| project.id == id) {
            // System hooks tell of every project of the instance.
            Some(project) if !connection.rules.admits(&Candidate::of(&project)) => {
                return self.forget(connection, id).await;
            }
            Some(project) => project,
            None => return self.vanished(connection, id).await,
        };
        connection.active(&project);
        let record = ProjectRecord::of(&project);
        let row = Self::row(&record)?;
        connection.projects_mut().put(record);
        let held = self.held_by(connection, id).await?;
        let mut fetched = Fetched::default();
        let wanted = fetched.listed(&project, &paths, &held);
        let wanted = fetched.stored(self.store(), connection, wanted, &held).await?;
        fetched.read(connection, wanted).await?;
        let starts = self.concerned(connection, id).await?;
        let walks = self.walk_all(connection, starts, &mut fetched, Freshness::StoredUnless(&id)).await?;
        let failed = walks.failed.first().map(|(_, why)| why.clone());
        let replacements = self.replacements(connection, walks, &mut fetched).await?;
        let batch = Batch {
            // Kept only when all of it was answered: a record says "this was read".
            projects: if failed.is_none() { vec![row] } else { Vec::new() },
            files: fetched.rows,
            files_gone: fetched.gone,
            replacements,
            ..Batch::default()
        };
        self.store_job(connection, batch).await?;
        failed.map_or(Ok(()), |why| Err(Failure::Unanswered(why)))
    }

    async fn held_by(
        &self,
        connection: &Connection,
        id: ProjectId,
    ) -> Result<HashMap<store::FileKey, model::BlobId>, Failure> {
        let files = self.store().files(&connection.name, &[id]).await?;
        Ok(files.into_iter().map(|file| (file.key, file.blob)).collect())
    }

    /// The project's own root and all others that its files are part of.
    async fn concerned(&self, connection: &Connection, id: ProjectId) -> Result<Vec<Start>, Failure> {
        let mut roots: BTreeSet<Root> = self.store().roots_reaching(&connection.name, id).await?.into_iter().collect();
        roots.insert(Root::Project(id));
        let locations = self.store().locations().await?;
        let mut starts = Vec::new();
        for root in roots {
            match &root {
                Root::Project(id) => starts.push(start_of(connection, *id)),
                Root::Location(wanted) => starts.extend(
                    locations
                        .iter()
                        .find(|location| location.id == *wanted)
                        .and_then(|location| self.start_of_location(connection, location)),
                ),
                Root::Group(_) | Root::User(_) => {}
            }
        }
        Ok(starts)
    }

    /// Not among the projects that were asked for by id: gone only if GitLab says so when asked for it alone, or if it is
    /// one of those of which the token's user is no member.
    async fn vanished(&self, connection: &Connection, id: ProjectId) -> Result<(), Failure> {
        if connection.rules.listing().scope == Scope::Member {
            let seen = connection.gitlab.projects_by_id(&[id], &Want::default()).await?;
            if seen.iter().any(|project| project.id == id) {
                return self.forget(connection, id).await;
            }
        }
        match connection.gitlab.project_exists(id).await? {
            Existence::Gone => self.forget(connection, id).await,
            Existence::Present(path) => Err(Failure::Unanswered(format!("{path} is there but was not described"))),
        }
    }

    async fn forget(&self, connection: &Connection, id: ProjectId) -> Result<(), Failure> {
        let batch = Batch { projects_gone: vec![id], ..Batch::default() };
        self.store_job(connection, batch).await?;
        connection.projects_mut().remove(id);
        Ok(())
    }
}
