//! Of two readings the later one wins: what a job stored is younger than what a pass read that began before, and a worker
//! that lost its job to another stores nothing any more.

use std::collections::HashSet;

use model::{ConnectionName, ProjectId};
use sqlx::{AnyConnection, Row};

use super::{Batch, Reading, Root};
use crate::{
    Dialect, Error, Job, jobs,
    sql::{VALUES, rows_of, statement},
};

/// Fails when one of the jobs is not this process's any more; otherwise nobody can take one until the transaction ends.
pub(super) async fn still_held(tx: &mut AnyConnection, dialect: Dialect, jobs: &[Job]) -> Result<(), Error> {
    let held = jobs::held(tx, dialect, jobs).await?;
    let ours = |job: &Job| held.get(&job.id).is_some_and(|now| now.claim == job.claim);
    if jobs.iter().all(ours) { Ok(()) } else { Err(Error::LeaseLost) }
}

/// Takes out of the batch what was stored since its reading began. Answers with the roots of which that is so.
pub(super) async fn leave(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    batch: &mut Batch,
) -> Result<Vec<Root>, Error> {
    let since = match batch.reading {
        Reading::Latest => return Ok(Vec::new()),
        Reading::Job { since } | Reading::Pass { since } => since,
    };
    let rows = sqlx::query("SELECT root FROM fresh WHERE connection = $1 AND seq > $2")
        .bind(connection.as_str())
        .bind(since)
        .fetch_all(tx)
        .await?;
    let mut fresh = HashSet::with_capacity(rows.len());
    for row in rows {
        let text: String = row.try_get("root")?;
        fresh.insert(Root::parse(&text).ok_or_else(|| Error::damaged("fresh", &text, "unknown kind of root"))?);
    }
    let overtaken = batch.replacements.iter().map(|r| &r.root).filter(|root| fresh.contains(root)).cloned().collect();
    batch.replacements.retain(|replacement| !fresh.contains(&replacement.root));
    if matches!(batch.reading, Reading::Pass { .. }) {
        // A job reads the files of its own project anew, so these are younger, too.
        let is_fresh = |project: ProjectId| fresh.contains(&Root::Project(project));
        batch.files.retain(|file| !is_fresh(file.key.project));
        batch.files_gone.retain(|key| !is_fresh(key.project));
        batch.projects.retain(|project| !is_fresh(project.id));
        batch.projects_gone.retain(|project| !is_fresh(*project));
        batch.roots_gone.retain(|root| !fresh.contains(root));
    }
    Ok(overtaken)
}

/// Notes that jobs stored these roots.
pub(super) async fn note(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    roots: &[Root],
    seq: i64,
) -> Result<(), Error> {
    for chunk in roots.chunks(VALUES / 3) {
        let mut query = statement(format!(
            "INSERT INTO fresh (connection, root, seq) VALUES {} \
             ON CONFLICT (connection, root) DO UPDATE SET seq = excluded.seq",
            rows_of(3, chunk.len())
        ));
        for root in chunk {
            query = query.bind(connection.as_str().to_owned()).bind(root.to_string()).bind(seq);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}
