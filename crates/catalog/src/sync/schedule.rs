//! What is woken by time: passes and looks at activity. A look at activity is also what finds that webhooks are lost.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use gitlab::{Project, Scope, Want};
use model::{Millis, ProjectId};

use super::{
    Connection, Sync,
    fetch::{Fetched, paths},
    upstream::Failure,
};
use crate::{
    discovery::Candidate,
    handle::{pass_job, poll_job, project_job},
    project::ProjectRecord,
    timetable::GRACE,
};

/// Groups whose activity is asked for in one look: each costs a request. More are looked at in turn.
const MOST_GROUPS: usize = 4;
/// The clock was set back when it shows so much less than before. What it is set back by less waits no longer than this.
const TURNED_BACK: Millis = 2_000;
/// The longest sleep of the schedule, so that a clock that was set does not stop it.
const LONGEST_SLEEP: Millis = 60_000;

/// Something happened in a project, and what is held is not what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moved {
    id: ProjectId,
    /// Files of a project that is held differ: there was a push, which a webhook tells.
    pushed: bool,
}

/// Pushes that no webhook told of when they were found; it may have been on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suspicion {
    projects: Vec<ProjectId>,
    /// From when on a webhook for them counts.
    since: Millis,
    /// When it is decided.
    at: Millis,
}

impl Suspicion {
    pub(super) fn is_due(&self, now: Millis) -> bool {
        self.at <= now
    }
}

impl Sync {
    pub(super) async fn schedule(self) {
        let mut leading = self.catalog.leading();
        let mut seen = self.catalog.clock().now();
        loop {
            if leading.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            // Registered before looking, so that no change falls between looking and waiting.
            let changed = self.catalog.timetables_changed();
            tokio::pin!(changed);
            let _already_changed = changed.as_mut().enable();
            let now = self.catalog.clock().now();
            if now < seen - TURNED_BACK {
                tracing::warn!(seconds = (seen - now) / 1_000, "the clock was set back; what waits is done now");
                if let Err(error) = self.store().pull_in_jobs().await {
                    tracing::error!(%error, "what waits for a time of the former clock goes on waiting");
                }
            }
            seen = now;
            if let Err(error) = self.wake_due(now).await {
                tracing::error!(%error, "what is due could not be woken; it is tried again");
            }
            // At least a second, also when what is due could not be woken.
            let wait = self.catalog.next_due().map_or(LONGEST_SLEEP, |at| (at - now).clamp(1_000, LONGEST_SLEEP));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(1_000))) => {}
            }
        }
    }

    async fn wake_due(&self, now: Millis) -> Result<(), store::Error> {
        let mut jobs = Vec::new();
        let mut passes = false;
        // Looked at, woken, and only then taken: what cannot be woken now is due again at the next look.
        for (name, due) in self.catalog.due(now) {
            jobs.extend(due.pass.then(|| pass_job(&name)));
            jobs.extend(due.poll.then(|| poll_job(&name)));
            passes |= due.pass;
        }
        if !jobs.is_empty() {
            self.store().wake(&jobs).await?;
            self.catalog.take_due(now);
        }
        if passes {
            self.store().forget_old_hooks().await?;
            self.store().forget_old_feed().await?;
            self.store().forget_removed().await?;
        }
        Ok(())
    }

    /// GitLab moves a project's activity with every push; what no webhook told is found so.
    pub(super) async fn poll(&self, connection: &Connection) -> Result<(), Failure> {
        if self.decide(connection).await? {
            return Ok(());
        }
        let asked = self.catalog.clock().now();
        let since = self.catalog.known_to(&connection.name).unwrap_or(asked);
        let moved = self.moved(connection, since).await?;
        let jobs: Vec<_> = moved.iter().map(|moved| project_job(&connection.name, moved.id)).collect();
        if !jobs.is_empty() {
            self.store().wake(&jobs).await?;
        }
        self.catalog.polled(&connection.name, asked);
        let requests = connection.gitlab.usage().sent;
        self.tell(connection, |status| status.requests = requests);
        if self.catalog.trusts_webhooks(&connection.name) {
            self.suspect(connection, &moved, since, asked).await?;
        }
        Ok(())
    }

    /// Notes pushes that no webhook told of, to be decided on when one could have come.
    async fn suspect(
        &self,
        connection: &Connection,
        moved: &[Moved],
        since: Millis,
        now: Millis,
    ) -> Result<(), Failure> {
        // Activity is asked for from an hour earlier on, so a push may be as old.
        let since = since - 2 * 60 * 60 * 1000;
        let told = self.store().told_of(&connection.name, since).await?;
        let projects: Vec<ProjectId> =
            moved.iter().filter(|moved| moved.pushed && !told.contains(&moved.id)).map(|moved| moved.id).collect();
        if projects.is_empty() {
            return Ok(());
        }
        let at = now + GRACE;
        connection.suspect(Suspicion { projects, since, at });
        self.retime(connection, |known| known.timetable.look_again(at));
        Ok(())
    }

    /// Decides on a suspicion that is due. Answers whether there was one.
    async fn decide(&self, connection: &Connection) -> Result<bool, Failure> {
        let now = self.catalog.clock().now();
        let Some(suspicion) = connection.suspicion(now) else { return Ok(false) };
        let told = self.store().told_of(&connection.name, suspicion.since).await?;
        let Some(untold) = suspicion.projects.iter().find(|id| !told.contains(id)) else { return Ok(true) };
        let path = connection.projects().get(*untold).map_or_else(|| untold.to_string(), |p| p.path.clone());
        tracing::warn!(connection = %connection.name, project = path, "no webhook told of a push; polling as without any");
        self.catalog.doubt_webhooks(&connection.name, format!("no webhook told of a push to {path}"));
        Ok(true)
    }

    /// The projects whose files differ from what is held, of those that were active. GitLab tells activity to the hour
    /// only, so most of them are as they were; a hundred cost one request.
    async fn moved(&self, connection: &Connection, since: Millis) -> Result<Vec<Moved>, Failure> {
        let active = self.active(connection, since).await?;
        if active.is_empty() {
            return Ok(Vec::new());
        }
        let paths = paths(&connection.file);
        let want: Vec<&str> = paths.iter().map(String::as_str).collect();
        let held: HashMap<_, _> = self
            .store()
            .files(&connection.name, &active)
            .await?
            .into_iter()
            .map(|file| (file.key, file.blob))
            .collect();
        let listing = connection.rules.listing();
        let found = connection.gitlab.projects_among(&listing, &active, &Want { paths: &want }).await?;
        let moved = |project: &Project| {
            let before = connection.projects().get(project.id).cloned();
            if !connection.rules.admits(&Candidate::of(project)) {
                return before.map(|_| Moved { id: project.id, pushed: false });
            }
            let mut listed = Fetched::default();
            let wanted = listed.listed(project, &paths, &held);
            let same_files = listed.same_as(&wanted, &held);
            let same = before.as_ref() == Some(&ProjectRecord::of(project));
            (!same || !same_files).then_some(Moved { id: project.id, pushed: before.is_some() && !same_files })
        };
        Ok(found.iter().filter_map(moved).collect())
    }

    /// The projects that were active and may be part of the catalog, as far as their path says.
    async fn active(&self, connection: &Connection, since: Millis) -> Result<Vec<ProjectId>, Failure> {
        let rules = &connection.rules;
        let mut active = BTreeSet::new();
        let scopes = rules.scopes();
        let scopes = if scopes.len() <= MOST_GROUPS {
            scopes
        } else if rules.by_membership() {
            // One list for all groups, as far as the token's user is a member; the pass finds the rest.
            vec![Scope::Member]
        } else {
            let turn = connection.next_turn(scopes.len().div_ceil(MOST_GROUPS));
            scopes.chunks(MOST_GROUPS).nth(turn).map(<[Scope<'_>]>::to_vec).unwrap_or_default()
        };
        for scope in scopes {
            let found = match connection.gitlab.active_in(scope, since).await {
                // The pass tells of a group that is not there.
                Err(error) if error.kind == gitlab::Kind::NotFound => continue,
                found => found?,
            };
            let held = |id| connection.projects().get(id).is_some();
            active.extend(found.iter().filter(|p| rules.admits_path(&p.path) || held(p.id)).map(|p| p.id));
        }
        Ok(active.into_iter().collect())
    }
}
