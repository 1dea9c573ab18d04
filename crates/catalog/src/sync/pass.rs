//! A pass: everything a connection can see is looked at, and what differs from what is held is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gitlab::{Kind, Listing, Project, Scope, Want};
use model::{BlobId, Millis, ProjectId};
use store::{Batch, FileKey, Job, ProjectRow, Reading, Root};

use super::{
    Connection, Sync,
    connection::stored,
    fetch::{Fetched, on_default, paths},
    roots::{Freshness, Start, Walks, start_of},
    upstream::Failure,
};
use crate::{
    discovery::Candidate,
    handle::commits_job,
    index::{Filter, Query},
    project::ProjectRecord,
    status::{PartialRead, Phase},
    walk::Walked,
};

/// How things were when the pass began.
pub(super) struct Began {
    at: Millis,
    /// The head of the feed: what jobs store after it is younger than what the pass reads.
    since: i64,
    /// Projects of which something shown is marked stale: they are read, also when nothing of them changed.
    stale: BTreeSet<ProjectId>,
    /// The job it is done for.
    jobs: Vec<Job>,
}

impl Began {
    /// The batch as this pass may store it.
    pub(super) fn of(&self, batch: Batch) -> Batch {
        Batch { reading: Reading::Pass { since: self.since }, jobs: self.jobs.clone(), ..batch }
    }
}

/// What is held of the projects of one page.
struct PageHeld {
    blobs: HashMap<FileKey, BlobId>,
    rows: HashMap<ProjectId, ProjectRow>,
}

/// What is told of partial reads at most; a storm would otherwise fill pages and memory with one line a project.
const MOST_PARTIAL: usize = 100;

/// What a pass has found so far.
#[derive(Default)]
pub(super) struct Progress {
    /// Projects of short last pages, to be read with those of other lists.
    short: Vec<Project>,
    pub(super) seen: BTreeSet<ProjectId>,
    /// How many projects there should be.
    listed: u64,
    /// Roots that lead further than their page, to be walked when all projects are known.
    later: Vec<Start>,
    /// Files already read for those.
    fetched: Fetched,
    /// Rows of projects whose root is walked later: kept when that is done.
    later_rows: BTreeMap<ProjectId, ProjectRow>,
    pub(super) partial: Vec<PartialRead>,
    /// Projects that were listed and not answered for afterwards.
    pub(super) unanswered: BTreeSet<ProjectId>,
}

impl Sync {
    pub(super) async fn pass(&self, connection: &Connection, jobs: &[Job]) -> Result<(), Failure> {
        let started = self.catalog.clock().now();
        self.retime(connection, |known| {
            known.timetable.pass_begins();
            let status = &mut known.status;
            status.phase = Phase::Discovering;
            status.started_at = Some(started);
            status.projects_seen = 0;
            status.projects_expected = None;
            status.next_at = None;
        });
        let done = self.read_everything(connection, jobs).await;
        let now = self.catalog.clock().now();
        let requests = connection.gitlab.usage().sent;
        match done {
            Ok(mut partial) => {
                let more = partial.len().saturating_sub(MOST_PARTIAL);
                if more > 0 {
                    partial.truncate(MOST_PARTIAL);
                    partial.push(self.partial(&format!("{more} more"), "not answered, like those above"));
                }
                let writing = connection.write().await?;
                let (catalog, name, good) = (self.catalog.clone(), connection.name.clone(), partial.is_empty());
                stored(writing, async move {
                    if good {
                        catalog.store().pass_finished(&name, now).await?;
                    }
                    catalog.mark_complete(&name);
                    Ok(())
                })
                .await?;
                self.retime(connection, |known| {
                    known.timetable.pass_ended(now);
                    let status = &mut known.status;
                    status.phase = Phase::Idle;
                    status.finished_at = Some(now);
                    status.error = None;
                    status.failing_since = None;
                    if partial.is_empty() {
                        status.last_good_at = Some(now);
                    }
                    status.partial = partial;
                    status.requests = requests;
                });
                if self.plan_commits(connection) {
                    self.store().wake(&[commits_job(&connection.name)]).await?;
                }
                tracing::info!(connection = %connection.name, ms = now - started, requests, "a pass ended");
                Ok(())
            }
            Err(failure) => {
                let told = failure.told();
                self.tell(connection, |status| {
                    status.phase = Phase::Failed;
                    status.finished_at = Some(now);
                    status.error = Some(told);
                    status.failing_since.get_or_insert(now);
                    status.requests = requests;
                });
                Err(failure)
            }
        }
    }

    async fn read_everything(&self, connection: &Connection, jobs: &[Job]) -> Result<Vec<PartialRead>, Failure> {
        let held = Began {
            at: self.catalog.clock().now(),
            since: self.store().feed_head().await?,
            stale: self.stale_projects(connection),
            jobs: jobs.to_vec(),
        };
        let mut progress = Progress::default();
        let listed = self.list(connection, &held, &mut progress).await?;
        if listed && progress.seen.is_empty() {
            // Right for GitLab and hardly meant: a catalog that is empty without a word would look broken.
            progress.partial.push(self.partial("projects", connection.rules.why_empty()));
        }
        self.tell(connection, |status| status.phase = Phase::Linking);
        self.walk_later(connection, &held, &mut progress).await?;
        self.read_people(connection, &held, &mut progress).await?;
        if listed {
            self.remove_vanished(connection, &held, &mut progress).await?;
        }
        self.remove_deleted(connection, &held, &mut progress).await?;
        Ok(progress.partial)
    }

    /// Lists projects page by page and stores each page as it comes. Answers whether the lists were complete.
    async fn list(&self, connection: &Connection, held: &Began, progress: &mut Progress) -> Result<bool, Failure> {
        let mut complete = true;
        for listing in connection.rules.listings() {
            complete &= self.list_one(connection, held, &listing, progress).await?;
        }
        let short = std::mem::take(&mut progress.short);
        self.read_page(connection, held, &paths(&connection.file), short, progress).await?;
        Ok(complete)
    }

    async fn list_one(
        &self,
        connection: &Connection,
        held: &Began,
        listing: &Listing<'_>,
        progress: &mut Progress,
    ) -> Result<bool, Failure> {
        let paths = paths(&connection.file);
        let want: Vec<&str> = paths.iter().map(String::as_str).collect();
        let want = Want { paths: &want };
        let mut complete = true;
        // How many projects this list gave, and how many it said there are.
        let (mut given, mut total) = (0_u64, None);
        let mut after: Option<String> = None;
        let mut page = match (connection.gitlab.projects_in(listing, &want, None).await, listing.scope) {
            // The other groups are read all the same; nothing is removed, for a right may be missing for an hour only.
            (Err(error), Scope::Group { path, .. }) if error.kind == Kind::NotFound => {
                let reason = format!("{}; {}", error.message, error.remedy);
                progress.partial.push(self.partial(&format!("group {path}"), &reason));
                return Ok(false);
            }
            (page, _) => page?,
        };
        loop {
            complete &= page.partial.is_empty();
            progress.partial.extend(page.partial.iter().map(|p| self.partial(&p.at, &p.message)));
            progress.listed += page.total.unwrap_or(0);
            total = page.total.or(total);
            given += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
            let next = page.next.take();
            if next.is_some() && next == after {
                // A cursor that stands still would list the same page for ever.
                progress.partial.push(self.partial("projects", "GitLab gave the same page twice"));
                return Ok(false);
            }
            after.clone_from(&next);
            let mut items = page.items;
            if next.is_none() {
                if let Some(total) = total.filter(|total| complete && given < *total) {
                    // A list that was cut off must not be taken for the whole of it.
                    let reason = format!("GitLab said that there are {total} and gave {given}");
                    progress.partial.push(self.partial("projects", &reason));
                    complete = false;
                }
                // Short last pages of several lists are read together: their files cost a request a hundred.
                progress.short.append(&mut items);
                if progress.short.len() < FULL {
                    return Ok(complete);
                }
                items = std::mem::take(&mut progress.short);
            }
            // The next page is listed while the files of this one are read.
            let (read, listed) = tokio::join!(self.read_page(connection, held, &paths, items, progress), async {
                match &next {
                    Some(cursor) => connection.gitlab.projects_in(listing, &want, Some(cursor)).await.map(Some),
                    None => Ok(None),
                }
            });
            read?;
            match listed? {
                Some(next) => page = next,
                None => return Ok(complete),
            }
        }
    }

    async fn read_page(
        &self,
        connection: &Connection,
        held: &Began,
        paths: &[String],
        projects: Vec<Project>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let listed = projects.len();
        let projects: Vec<Project> = projects
            .into_iter()
            .filter(|project| connection.rules.admits(&Candidate::of(project)) && !progress.seen.contains(&project.id))
            .collect();
        // The others are counted by GitLab and not shown here.
        progress.listed = progress.listed.saturating_sub(u64::try_from(listed - projects.len()).unwrap_or(0));
        let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
        let page = PageHeld {
            blobs: self.store().blobs(&connection.name, &ids).await?,
            rows: self.store().projects_among(&connection.name, &ids).await?,
        };
        let mut fetched = Fetched::default();
        let mut wanted = Vec::new();
        let mut starts = Vec::new();
        let mut rows = BTreeMap::new();
        for project in &projects {
            progress.seen.insert(project.id);
            connection.active(project);
            let record = ProjectRecord::of(project);
            let row = Self::row(&record)?;
            connection.projects_mut().put(record);
            let mut files = Fetched::default();
            let project_wants = files.listed(project, paths, &page.blobs);
            let same = files.same_as(&project_wants, &page.blobs) && page.rows.get(&project.id) == Some(&row);
            if same && !held.stale.contains(&project.id) {
                continue;
            }
            fetched.files.extend(files.files);
            fetched.rows.extend(files.rows);
            fetched.gone.extend(files.gone);
            wanted.extend(project_wants);
            starts.push(start_of(connection, project.id));
            rows.insert(project.id, row);
        }
        let wanted = fetched.stored(self.store(), connection, wanted, &page.blobs).await?;
        fetched.read(connection, wanted).await?;
        self.store_page(connection, held, fetched, starts, rows, progress).await?;
        let seen = u64::try_from(progress.seen.len()).unwrap_or(u64::MAX);
        let expected = Some(progress.listed).filter(|listed| *listed >= seen);
        self.tell(connection, |status| {
            status.phase = Phase::Reading;
            status.projects_seen = seen;
            status.projects_expected = expected;
        });
        Ok(())
    }

    /// Stores the roots of a page that end within it; the others wait until all projects are known.
    async fn store_page(
        &self,
        connection: &Connection,
        held: &Began,
        mut fetched: Fetched,
        starts: Vec<Start>,
        mut rows: BTreeMap<ProjectId, ProjectRow>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut walks = Walks::default();
        for start in starts {
            let walked = self.walk_one(connection, &start, &fetched);
            if let Some(why) = walked.failed {
                self.unanswered(&start, &why, progress);
                forget_row(&start, &mut rows);
                walks.failed.push((start, why));
            } else if walked.needs.is_empty() && !leads_out(&walked) {
                walks.done.push((start, walked));
            } else {
                for key in walked.reach {
                    if let Some(state) = fetched.files.get(&key) {
                        progress.fetched.files.insert(key, state.clone());
                    }
                }
                if let Root::Project(id) = start.root {
                    progress.later_rows.extend(rows.remove(&id).map(|row| (id, row)));
                    // Its files count as read only when it was walked: a crash in between must not hide that they changed.
                    progress.fetched.rows.extend(fetched.rows.extract_if(.., |file| file.key.project == id));
                    progress.fetched.gone.extend(fetched.gone.extract_if(.., |key| key.project == id));
                }
                progress.later.push(start);
            }
        }
        let replacements = self.replacements(connection, walks, &mut fetched).await?;
        let batch = Batch {
            projects: rows.into_values().collect(),
            files: std::mem::take(&mut fetched.rows),
            files_gone: std::mem::take(&mut fetched.gone),
            replacements,
            claimed_at: Some(held.at),
            ..Batch::default()
        };
        self.store_pass(connection, held, batch).await
    }

    /// Walks what leads further than its page, and what was read from files that changed elsewhere.
    async fn walk_later(&self, connection: &Connection, held: &Began, progress: &mut Progress) -> Result<(), Failure> {
        let mut starts = std::mem::take(&mut progress.later);
        let mut fetched = std::mem::take(&mut progress.fetched);
        self.add_changed_elsewhere(connection, &mut starts).await?;
        for location in self.store().locations().await? {
            if location.connection == connection.name {
                match self.start_of_location(connection, &location) {
                    Some(start) => starts.push(start),
                    None => progress.partial.push(self.partial(&location.target, "its project is not visible")),
                }
            }
        }
        let mut rows = std::mem::take(&mut progress.later_rows);
        for starts in portions(starts) {
            let walks = self.walk_all(connection, starts, &mut fetched, Freshness::Read).await?;
            for (start, why) in &walks.failed {
                self.unanswered(start, why, progress);
                forget_row(start, &mut rows);
            }
            let projects = walks.done.iter().filter_map(|(start, _)| forget_row(start, &mut rows)).collect();
            let replacements = self.replacements(connection, walks, &mut fetched).await?;
            let batch = Batch { projects, replacements, claimed_at: Some(held.at), ..Batch::default() };
            self.store_pass(connection, held, batch).await?;
        }
        // Files come last: one that is held counts as read for every root that leads to it, also after a crash.
        for files in portions(fetched.rows) {
            self.store_pass(connection, held, Batch { files, ..Batch::default() }).await?;
        }
        self.store_pass(connection, held, Batch { files_gone: fetched.gone, ..Batch::default() }).await
    }

    /// Roots whose own files are as before, but that were read from others too: those are asked for by blob.
    async fn add_changed_elsewhere(&self, connection: &Connection, starts: &mut Vec<Start>) -> Result<(), Failure> {
        let own = paths(&connection.file);
        let walked: BTreeSet<Root> = starts.iter().map(|start| start.root.clone()).collect();
        let reach = self.store().reach_elsewhere(&connection.name, &own).await?;
        let mut extra: BTreeMap<ProjectId, BTreeSet<&str>> = BTreeMap::new();
        let mut concerned: BTreeMap<&FileKey, Vec<&Root>> = BTreeMap::new();
        for (root, files) in reach.iter().filter(|(root, _)| !walked.contains(root)) {
            for key in files {
                if key.git_ref.is_empty() {
                    extra.entry(key.project).or_default().insert(&key.path);
                }
                concerned.entry(key).or_default().push(root);
            }
        }
        let paths: BTreeSet<&str> = extra.values().flatten().copied().collect();
        let ids: Vec<ProjectId> = extra.keys().copied().collect();
        let before = self.store().blobs(&connection.name, &ids).await?;
        let mut now: HashMap<FileKey, BlobId> = HashMap::new();
        let paths: Vec<&str> = paths.into_iter().collect();
        let listing = Listing { scope: Scope::Visible, ..connection.rules.listing() };
        for some in paths.chunks(MOST_PATHS) {
            for project in connection.gitlab.projects_among(&listing, &ids, &Want { paths: some }).await? {
                if let gitlab::Repository::Ready { files, .. } = &project.repository {
                    now.extend(files.iter().map(|f| (on_default(project.id, &f.path), f.blob.clone())));
                }
            }
        }
        // A file on a named branch is not in that answer and counts as changed: it is read again.
        let changed: BTreeSet<&Root> = concerned
            .into_iter()
            .filter(|(key, _)| {
                // What was read from a project that is gone is stated anew without it.
                let known = connection.projects().get(key.project).is_some();
                !known || now.get(key) != before.get(key) || !key.git_ref.is_empty()
            })
            .flat_map(|(_, roots)| roots)
            .collect();
        for root in changed {
            if let Root::Project(id) = root
                && connection.projects().get(*id).is_some()
            {
                starts.push(start_of(connection, *id));
            }
        }
        Ok(())
    }

    /// Of which projects something is marked stale.
    fn stale_projects(&self, connection: &Connection) -> BTreeSet<ProjectId> {
        let filter = Filter::any_of("stagedoor.stale", ["true"]);
        let query = Query { filter, limit: usize::MAX, ..Query::default() };
        let index = self.catalog.index();
        let page = index.query(&query).map(|page| page.items).unwrap_or_default();
        let sources =
            page.iter().map(|view| &view.entity().source).filter(|source| source.connection == connection.name);
        sources.filter_map(|source| source.project).collect()
    }

    fn unanswered(&self, start: &Start, why: &str, progress: &mut Progress) {
        progress.partial.push(self.partial(&start.root.to_string(), why));
        if let Root::Project(id) = start.root {
            progress.unanswered.insert(id);
        }
    }

    pub(super) fn partial(&self, what: &str, reason: &str) -> PartialRead {
        PartialRead { what: what.to_owned(), reason: reason.to_owned(), since: self.catalog.clock().now() }
    }
}

/// What is stored in one transaction at most, in roots or files: webhooks wait for its end.
const AT_ONCE: usize = 1_000;

/// Portions that are stored in a transaction each; what was stored need not be in memory any longer.
pub(super) fn portions<T>(all: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rest = all.into_iter();
    std::iter::from_fn(move || Some(rest.by_ref().take(AT_ONCE).collect::<Vec<T>>()).filter(|some| !some.is_empty()))
}

/// Projects whose files are worth a request of their own.
const FULL: usize = 100;

/// Paths asked for at once: each costs GitLab's complexity budget.
const MOST_PATHS: usize = 20;

/// Does it point at a project that was not known when it was walked? It may be on a later page.
fn leads_out(walked: &Walked) -> bool {
    walked.found.iter().flat_map(|f| &f.problems).any(|p| p.code == model::Code::OutOfReach)
}

/// A project's record says that it was read; it is not kept for one that was not answered for.
fn forget_row(start: &Start, rows: &mut BTreeMap<ProjectId, ProjectRow>) -> Option<ProjectRow> {
    if let Root::Project(id) = start.root { rows.remove(&id) } else { None }
}
