//! Projects, read again because something happened to them: those that are asked for together are read together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gitlab::{Existence, Project, Scope, Want};
use model::ProjectId;
use store::{Batch, Job, Reading, Root};

use super::{
    Connection, Sync,
    fetch::{Fetched, paths},
    roots::{Freshness, Start, start_of},
    upstream::Failure,
};
use crate::{discovery::Candidate, handle::project_job, project::ProjectRecord};

/// Why some of the projects were not read; the others were.
pub(super) type Failed = BTreeMap<ProjectId, Failure>;

/// What is read for some jobs.
struct Asked<'a> {
    jobs: &'a [Job],
    /// The head of the feed when the reading began.
    since: i64,
}

impl Asked<'_> {
    fn batch(&self) -> Batch {
        Batch { reading: Reading::Job { since: self.since }, jobs: self.jobs.to_vec(), ..Batch::default() }
    }
}

impl Sync {
    /// Reads projects, and every root that was read from their files.
    pub(super) async fn projects(
        &self,
        connection: &Connection,
        ids: &[ProjectId],
        jobs: &[Job],
    ) -> Result<Failed, Failure> {
        let asked = Asked { jobs, since: self.store().feed_head().await? };
        let paths = paths(&connection.file);
        let want: Vec<&str> = paths.iter().map(String::as_str).collect();
        let listing = connection.rules.listing();
        let found = connection.gitlab.projects_among(&listing, ids, &Want { paths: &want }).await?;
        let mut found: HashMap<ProjectId, Project> = found.into_iter().map(|project| (project.id, project)).collect();
        let mut failed = Failed::new();
        let mut present = Vec::new();
        for id in ids {
            match found.remove(id) {
                Some(project) if connection.rules.admits(&Candidate::of(&project)) => present.push(project),
                // System hooks tell of every project of the instance.
                Some(_) => self.forget(connection, *id, &asked, "discovery leaves it out").await?,
                None => match self.vanished(connection, *id, &asked).await {
                    Err(failure) if !failure.is_of_all() => {
                        failed.insert(*id, failure);
                    }
                    done => done?,
                },
            }
        }
        if !present.is_empty() {
            self.present(connection, &present, &paths, &asked, &mut failed).await?;
        }
        Ok(failed)
    }

    async fn present(
        &self,
        connection: &Connection,
        projects: &[Project],
        paths: &[String],
        asked: &Asked<'_>,
        failed: &mut Failed,
    ) -> Result<(), Failure> {
        let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
        let held = self.store().blobs(&connection.name, &ids).await?;
        let mut rows = BTreeMap::new();
        let mut fetched = Fetched::default();
        let mut wanted = Vec::new();
        for project in projects {
            connection.active(project);
            let record = ProjectRecord::of(project);
            rows.insert(project.id, Self::row(&record)?);
            connection.projects_mut().put(record);
            wanted.extend(fetched.listed(project, paths, &held));
        }
        let wanted = fetched.stored(self.store(), connection, wanted, &held).await?;
        fetched.read(connection, wanted).await?;
        let concerned = self.concerned(connection, &ids).await?;
        let starts = concerned.values().map(|(start, _)| start.clone()).collect();
        let walks = self.walk_all(connection, starts, &mut fetched, Freshness::StoredUnless(&ids)).await?;
        for (start, why) in &walks.failed {
            let of = concerned.get(&start.root).map(|(_, of)| of.as_slice()).unwrap_or_default();
            failed.extend(of.iter().map(|id| (*id, Failure::Unanswered(why.clone()))));
        }
        // Kept only when all of it was answered: a record says "this was read".
        rows.retain(|id, _| !failed.contains_key(id));
        let replacements = self.replacements(connection, walks, &mut fetched).await?;
        let batch = Batch {
            projects: rows.into_values().collect(),
            files: fetched.rows,
            files_gone: fetched.gone,
            replacements,
            ..asked.batch()
        };
        let overtaken = self.store_job(connection, batch).await?;
        // Another job stored these while we read; what they lead to may be newer here than there.
        let again: BTreeSet<ProjectId> =
            overtaken.iter().filter_map(|root| concerned.get(root)).flat_map(|(_, of)| of).copied().collect();
        if !again.is_empty() {
            let jobs: Vec<_> = again.into_iter().map(|id| project_job(&connection.name, id)).collect();
            self.store().wake_urgently(&jobs).await?;
        }
        Ok(())
    }

    /// The projects' own roots and all others that their files are part of, each with the projects that it concerns.
    async fn concerned(
        &self,
        connection: &Connection,
        ids: &[ProjectId],
    ) -> Result<BTreeMap<Root, (Start, Vec<ProjectId>)>, Failure> {
        let mut roots: BTreeMap<Root, Vec<ProjectId>> = self.store().roots_reaching(&connection.name, ids).await?;
        for id in ids {
            let of = roots.entry(Root::Project(*id)).or_default();
            if !of.contains(id) {
                of.push(*id);
            }
        }
        let locations = if roots.keys().any(|root| matches!(root, Root::Location(_))) {
            self.store().locations().await?
        } else {
            Vec::new()
        };
        let start = |root: &Root| match root {
            Root::Project(id) => Some(start_of(connection, *id)),
            Root::Location(wanted) => locations
                .iter()
                .find(|location| location.id == *wanted)
                .and_then(|location| self.start_of_location(connection, location)),
            Root::Group(_) | Root::User(_) => None,
        };
        Ok(roots.into_iter().filter_map(|(root, of)| Some((root.clone(), (start(&root)?, of)))).collect())
    }

    /// Not among the projects that were asked for by id: gone only if GitLab says so when asked for it alone, or if it is
    /// one of those of which the token's user is no member.
    async fn vanished(&self, connection: &Connection, id: ProjectId, asked: &Asked<'_>) -> Result<(), Failure> {
        if connection.rules.listing().scope == Scope::Member {
            let seen = connection.gitlab.projects_by_id(&[id], &Want::default()).await?;
            if seen.iter().any(|project| project.id == id) {
                return self.forget(connection, id, asked, "the token's user is no member of it").await;
            }
        }
        match connection.gitlab.project_exists(id).await? {
            Existence::Gone => {
                self.forget(connection, id, asked, "GitLab answered that there is no such project").await
            }
            Existence::Present(path) => Err(Failure::Unanswered(format!("{path} is there but was not described"))),
        }
    }

    async fn forget(
        &self,
        connection: &Connection,
        id: ProjectId,
        asked: &Asked<'_>,
        because: &str,
    ) -> Result<(), Failure> {
        let reaching = self.store().roots_reaching(&connection.name, &[id]).await?;
        let batch = Batch { projects_gone: vec![id], because: Some(because.to_owned()), ..asked.batch() };
        self.store_job(connection, batch).await?;
        connection.projects_mut().remove(id);
        // What others state with its files they state anew without them.
        let others = reaching.into_keys().filter_map(|root| match root {
            Root::Project(other) if other != id => Some(project_job(&connection.name, other)),
            _ => None,
        });
        Ok(self.store().wake_urgently(&others.collect::<Vec<_>>()).await?)
    }
}
