//! Projects that a complete list does not name any more.

use std::collections::BTreeSet;

use gitlab::{Existence, Kind, Want};
use model::ProjectId;
use store::{Batch, ProjectRow, Root};

use super::{
    Connection, Sync,
    pass::{Began, Progress},
    upstream::Failure,
};
use crate::{discovery::Candidate, project::ProjectRecord};

/// So many are asked for one by one, which gives the most certain answer; more are asked for by the hundred.
const ONE_BY_ONE: usize = 20;

impl Sync {
    /// After complete lists: what they do not name goes, unless GitLab does not answer for it.
    pub(super) async fn remove_vanished(
        &self,
        connection: &Connection,
        held: &Began,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let ids = self.store().project_ids(&connection.name).await?;
        let ids: Vec<ProjectId> = ids.into_iter().filter(|id| !progress.seen.contains(id)).collect();
        let rows = self.store().projects_among(&connection.name, &ids).await?;
        // What discovery does not mean any more goes without a question, unless it finds nothing at all.
        let (left_out, doubtful): (Vec<&ProjectRow>, Vec<&ProjectRow>) =
            rows.values().partition(|row| !progress.seen.is_empty() && leaves_out(connection, row));
        let mut gone: Vec<ProjectId> = left_out.into_iter().map(|row| row.id).collect();
        if doubtful.len() <= ONE_BY_ONE {
            for row in doubtful {
                self.ask_for(connection, row, progress, &mut gone).await?;
            }
        } else {
            self.ask_for_many(connection, &doubtful, progress, &mut gone).await?;
        }
        self.gone(connection, held, gone, "it is not among the projects that this connection finds").await
    }

    /// Takes projects out that a pass found to be gone.
    async fn gone(
        &self,
        connection: &Connection,
        held: &Began,
        gone: Vec<ProjectId>,
        because: &str,
    ) -> Result<(), Failure> {
        let batch = Batch { projects_gone: gone.clone(), because: Some(because.to_owned()), ..Batch::default() };
        self.store_pass(connection, held, batch).await?;
        let mut projects = connection.projects_mut();
        gone.into_iter().for_each(|id| projects.remove(id));
        Ok(())
    }

    async fn ask_for(
        &self,
        connection: &Connection,
        row: &ProjectRow,
        progress: &mut Progress,
        gone: &mut Vec<ProjectId>,
    ) -> Result<(), Failure> {
        match connection.gitlab.project_exists(row.id).await {
            // Gone, or there but not in a complete list: archived, moved out, or no longer ours to show. Both are definite
            // answers.
            Ok(Existence::Gone) => gone.push(row.id),
            Ok(Existence::Present(_)) if !progress.seen.is_empty() => gone.push(row.id),
            // Lists that name nothing at all are more likely a fault than the truth: they must not empty the catalog.
            Ok(Existence::Present(path)) => {
                progress.partial.push(self.partial(&path, "it is there, but GitLab lists no project at all"));
            }
            Err(error) if matches!(error.kind, Kind::Unauthorized(_)) => return Err(error.into()),
            Err(error) => progress.partial.push(self.partial(&row.path, &error.to_string())),
        }
        Ok(())
    }

    /// Neither listed nor, asked for by its id, described otherwise: two answers that say the same.
    async fn ask_for_many(
        &self,
        connection: &Connection,
        rows: &[&ProjectRow],
        progress: &mut Progress,
        gone: &mut Vec<ProjectId>,
    ) -> Result<(), Failure> {
        let ids: Vec<ProjectId> = rows.iter().map(|row| row.id).collect();
        match connection.gitlab.projects_by_id(&ids, &Want::default()).await {
            Ok(found) if progress.seen.is_empty() => {
                let there: BTreeSet<ProjectId> = found.iter().map(|project| project.id).collect();
                gone.extend(ids.into_iter().filter(|id| !there.contains(id)));
                let what = format!("{} projects", there.len());
                progress.partial.push(self.partial(&what, "they are there, but GitLab lists no project at all"));
            }
            Ok(_) => gone.extend(ids),
            Err(error) if matches!(error.kind, Kind::Unauthorized(_)) => return Err(error.into()),
            Err(error) => {
                let what = format!("{} projects that are no longer listed", ids.len());
                progress.partial.push(self.partial(&what, &error.to_string()));
            }
        }
        Ok(())
    }

    /// Projects that were listed and then not answered for: deleted in between, if GitLab says so.
    pub(super) async fn remove_deleted(
        &self,
        connection: &Connection,
        held: &Began,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut gone = Vec::new();
        for id in progress.unanswered.iter().copied().take(ONE_BY_ONE) {
            if let Ok(Existence::Gone) = connection.gitlab.project_exists(id).await {
                gone.push(id);
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        let told: BTreeSet<String> = gone.iter().map(|id| Root::Project(*id).to_string()).collect();
        progress.partial.retain(|partial| !told.contains(&partial.what));
        self.gone(connection, held, gone, "GitLab answered that there is no such project").await
    }
}

/// Is a project left out by what is configured, whatever GitLab says? A fork cannot be told from what is held.
fn leaves_out(connection: &Connection, row: &ProjectRow) -> bool {
    let record: Option<ProjectRecord> = serde_json::from_str(&row.record).ok();
    let (archived, topics) = record.map(|record| (record.archived, record.topics)).unwrap_or_default();
    match (row.record.is_empty(), connection.rules.admits_path(&row.path)) {
        (_, false) => true,
        (true, true) => false,
        (false, true) => {
            let candidate = Candidate { path: &row.path, archived, topics: &topics, forked: false };
            !connection.rules.admits(&candidate)
        }
    }
}
